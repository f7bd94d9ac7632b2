// SPDX-License-Identifier: Apache-2.0
// tsaudit annotate: the capture again, with what tsaudit says of its packets.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "command.h"
#include "file_roles.h"
#include "input_options.h"
#include "output_file.h"
#include "signals.h"
#include "tsaudit/annotate.h"

namespace tsaudit::cli {
namespace {

constexpr size_t kMaxRanges = 200;

struct AnnotateOptions {
  InputOptions input;
  std::string capture, out;
};

/// Standard input, which must be read twice, as a file that goes away with us.
class SpooledInput {
 public:
  SpooledInput() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/tsaudit-stdin.XXXXXX";
    const int descriptor = mkstemp(path_.data());
    if (descriptor < 0) throw OutputError(fmt::format("{}: {}", path_, std::strerror(errno)));
    removal_ = remove_if_killed(path_.c_str());
    std::FILE* const file = fdopen(descriptor, "w");
    char piece[64 << 10];
    while (const size_t length = std::fread(piece, 1, sizeof piece, stdin))
      std::fwrite(piece, 1, length, file);
    const bool arrived = std::ferror(file) == 0;
    if (std::fclose(file) != 0 || !arrived)
      throw OutputError(fmt::format("{}: {}", path_, std::strerror(errno)));
  }
  ~SpooledInput() {
    unlink(path_.c_str());
    forget_removal(removal_);
  }
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int removal_ = -1;
};

void tell(const AnnotateOptions& options, const FrameComments& comments, const AnnotateResult& result,
          uint64_t left_out) {
  std::FILE* const out = options.out == "-" ? stderr : stdout;
  if (comments.size() == 0) {
    fmt::print(out, "Nothing to comment on.\n");
  } else {
    fmt::print(out, "{} comments on {} frames.\n", comments.size(), result.frames + result.cannot_hold);
    uint64_t unlisted = 0;
    fmt::print(out, "Wireshark: {}\n", display_filter(comments, kMaxRanges, unlisted));
    if (unlisted != 0)
      fmt::print(out, "and {} frames more, for which there is: frame.comment contains \"tsaudit\"\n",
                 unlisted);
  }
  if (result.cannot_hold != 0)
    fmt::print(out,
               "{} frames are simple packet blocks, which cannot hold a comment; they are as they were.\n",
               result.cannot_hold);
  if (left_out != 0)
    fmt::print(out, "{} frames more belong to findings that name their first {} alone.\n", left_out,
               Finding::kMaxFrames);
}

ExitCode annotate_capture(AnnotateOptions& options) {
  std::unique_ptr<SpooledInput> spooled;
  if (options.capture == "-") spooled = std::make_unique<SpooledInput>();
  const std::string path = spooled ? spooled->path() : options.capture;
  options.input.captures = {path};

  ExitCode code = ExitCode::ok;
  const auto source = open(options.input, code);
  if (!source) return code;
  FrameComments comments;
  CommentingSink sink(comments);
  const Summary summary = run(*source, options.input, sink);
  comments.sort();

  AnnotateResult result;
  const auto write = [&](std::FILE* file) {
    auto written = annotate(path, comments, file);
    if (!written) throw std::runtime_error(written.error().message);
    result = std::move(written).value();
  };
  if (options.out == "-") {
    write(stdout);
  } else {
    OutputFile file(options.out);
    write(file.file());
    file.commit();
  }
  tell(options, comments, result, sink.frames_left_out());
  check_stdout();
  return report_input(summary, options.input);
}

}  // namespace

void add_annotate(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("annotate",
                         "Writes the capture as pcapng with a comment on each packet that matters.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit annotate migration.pcap commented.pcapng\n"
                         "  tsaudit annotate --receiver 10.0.0.2=linux-5.10 in.pcapng out.pcapng");
  const auto options = std::make_shared<AnnotateOptions>();
  command->add_option("capture", options->capture, "pcap, pcapng, snoop or ERF; - is stdin")
      ->required()
      ->option_text("IN")
      ->group("Input");
  command->add_option("out", options->out, "the pcapng to write; - is stdout")
      ->required()
      ->option_text("OUT.pcapng")
      ->group("Input");
  options->input.add_to(*command);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    if (options->out == "-" && isatty(STDOUT_FILENO))
      throw UsageError("a capture is not for a terminal: name a file, or pipe it");
    FileRoles roles;
    roles.reads(options->capture);
    roles.writes("OUT", options->out);
    if (!options->input.filter.empty()) throw UsageError("--filter would shift the frame numbers");
    action = [options] { return annotate_capture(*options); };
  });
}

}  // namespace tsaudit::cli

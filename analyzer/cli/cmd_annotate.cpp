// SPDX-License-Identifier: Apache-2.0
// tsaudit annotate: the capture again, with what tsaudit says of its packets.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "command.h"
#include "file_roles.h"
#include "input_options.h"
#include "output_file.h"
#include "signals.h"
#include "tsaudit/annotate.h"
#include "tsaudit/temporary_file.h"

namespace tsaudit::cli {
namespace {

constexpr size_t kMaxRanges = 200;

struct AnnotateOptions {
  InputOptions input;
  std::string capture, out;
};

/// Does it give its bytes only once? What is not there, or a folder, is refused by who opens it.
bool is_stream(const std::string& path) {
  struct stat status {};
  return path == "-" ||
         (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

/// What a stream gave, which must be read twice, as a file without a name.
class Spool {
 public:
  /// All that `from` gives until its end. False if that does not come: `interrupted`, or errno.
  bool take(int from) const {
    char piece[64 << 10];
    while (const ssize_t length = read(from, piece, sizeof piece)) {
      if (length < 0 && (errno != EINTR || interrupted)) return false;
      for (ssize_t done = 0; done < length;) {
        const ssize_t written = write(fileno(file_.get()), piece + done, static_cast<size_t>(length - done));
        if (written < 0 && errno != EINTR)
          throw OutputError(fmt::format("a temporary file: {}", std::strerror(errno)));
        done += std::max<ssize_t>(written, 0);
      }
    }
    return true;
  }
  /// Opens it anew, from its beginning.
  std::string path() const { return fmt::format("/proc/self/fd/{}", fileno(file_.get())); }

 private:
  TemporaryFile file_ = temporary_file();
};

/// Null after an error, said on stderr; `code` says what to exit with.
std::unique_ptr<Spool> spooled(const std::string& stream, ExitCode& code) {
  auto spool = std::make_unique<Spool>();
  const int from = stream == "-" ? STDIN_FILENO : ::open(stream.c_str(), O_RDONLY | O_CLOEXEC);
  const bool taken = from >= 0 && spool->take(from);
  if (!taken && interrupted) {
    complain("interrupted");
    code = ExitCode::interrupted;
  } else if (!taken) {
    code = refuse_input({Errc::read_failed, fmt::format("{}: {}", stream, std::strerror(errno))});
  }
  if (from > STDIN_FILENO) close(from);
  return taken ? std::move(spool) : nullptr;
}

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
  ExitCode code = ExitCode::ok;
  std::unique_ptr<Spool> spool;
  std::string path = options.capture;
  if (is_stream(path)) {
    spool = spooled(path, code);
    if (!spool) return code;
    path = spool->path();
  }
  // Whatever it is read by, it is called as the user called it.
  const auto named = [&](Error error) {
    if (error.message.starts_with(path)) error.message.replace(0, path.size(), options.capture);
    return error;
  };
  const auto opened = open_capture(path, {.filter = options.input.filter});
  if (!opened) return refuse_input(named(opened.error()));
  FrameComments comments;
  CommentingSink sink(comments);
  Summary summary = run(**opened, options.input, sink);
  CaptureInfo& capture = summary.captures.front();
  capture.name = options.capture;
  if (capture.error) capture.error = named(*capture.error);
  comments.sort();

  AnnotateResult result;
  const auto write = [&](std::FILE* file) {
    auto written = annotate(path, comments, file);
    if (!written) throw std::runtime_error(named(written.error()).message);
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
    action = [options] { return annotate_capture(*options); };
  });
}

}  // namespace tsaudit::cli

// SPDX-License-Identifier: Apache-2.0
// tsaudit analyze: did timestamps hurt these connections?
#include <fmt/format.h>

#include <cerrno>
#include <memory>

#include "command.h"
#include "format_option.h"
#include "input_options.h"
#include "output_file.h"

namespace tsaudit::cli {
namespace {

struct Options {
  InputOptions input;
  ReportFormat format = ReportFormat::text;
  ColorChoice color = ColorChoice::automatic;
  std::array<std::string, kFormats.size()> files;  ///< --text-out and so on, in the order of kFormats
  std::optional<Severity> fail_on;
  std::optional<uint64_t> min_flows;
};

/// A report in each of the formats that were asked for, made in one pass.
class Reports : public Sink {
 public:
  explicit Reports(const Options& options) {
    for (size_t i = 0; i < kFormats.size(); ++i) {
      if (options.files[i].empty()) continue;
      files_.push_back(std::make_unique<OutputFile>(options.files[i]));
      // A file is read on another screen, if on any: no colours, no width of this terminal.
      writers_.push_back(
          make_report_writer(kFormats[i].second, files_.back()->file(),
                             {.color = false, .width = 100, .command_hint = options.input.command_hint()}));
    }
    writers_.push_back(
        make_report_writer(options.format, stdout, writer_options(options.input, options.color)));
  }

  void flow(FlowReport&& flow) override {
    for (const auto& writer : writers_) writer->flow(flow);
  }
  /// Files first: they are complete even if the reader of stdout goes away.
  void finish(const Summary& summary) {
    errno = 0;  // so that what fails now is named by its own reason
    for (size_t i = 0; i < files_.size(); ++i) {
      writers_[i]->finish(summary);
      files_[i]->commit();
    }
    writers_.back()->finish(summary);
    check_stdout();
  }

 private:
  std::vector<std::unique_ptr<OutputFile>> files_;
  std::vector<std::unique_ptr<ReportWriter>>
      writers_;  ///< one for each file, then stdout's; go before their files
};

/// --fail-on and --min-flows. Either makes a gate, and no gate is green for having seen nothing.
ExitCode gate(const Options& options, const Summary& summary) {
  if (!options.fail_on && !options.min_flows) return ExitCode::ok;
  ExitCode code = ExitCode::ok;
  const auto fail = [&](const std::string& why) {
    if (!options.input.quiet) complain("gate: " + why);
    code = ExitCode::findings;
  };
  if (options.fail_on && summary.worst >= *options.fail_on) {
    fail(fmt::format("there are findings of severity {} (--fail-on {})", to_string(summary.worst),
                     to_string(*options.fail_on)));
  }
  const uint64_t wanted = options.min_flows.value_or(1);
  if (summary.totals.ts_flows < wanted) {
    fail(fmt::format("{} flows with timestamps, but {} wanted (--min-flows)", summary.totals.ts_flows,
                     wanted));
  }
  return code;
}

ExitCode analyze_captures(const Options& options) {
  ExitCode code = ExitCode::ok;
  const auto source = open(options.input, code);
  if (!source) return code;
  Reports reports(options);
  const Summary summary = run(*source, options.input, reports);
  reports.finish(summary);
  code = report_input(summary, options.input);
  return worse(code, gate(options, summary));
}

void check_files(const Options& options) {
  for (size_t i = 0; i < options.files.size(); ++i) {
    if (options.files[i] == "-") {
      throw UsageError(fmt::format("--{}-out wants a file; for stdout there is --format", kFormats[i].first));
    }
    for (size_t j = 0; j < i; ++j) {
      if (!options.files[i].empty() && options.files[i] == options.files[j]) {
        throw UsageError(fmt::format("{} is to hold two reports", options.files[i]));
      }
    }
  }
}

}  // namespace

void add_analyze(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("analyze",
                         "Says which connections TCP timestamps hurt, where, and what would help.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit analyze migration.pcapng\n"
                         "  tsaudit analyze --fail-on error --json-out result.json *.pcap\n"
                         "  zcat capture.pcap.gz | tsaudit analyze --receiver 10.0.0.2=linux-5.10 -");
  const auto options = std::make_shared<Options>();
  add_captures(*command, options->input);
  options->input.add_to(*command);
  add_format(*command, options->format);
  add_color(*command, options->color);
  for (size_t i = 0; i < kFormats.size(); ++i) {
    command
        ->add_option(fmt::format("--{}-out", kFormats[i].first), options->files[i],
                     fmt::format("also write {} to this file", kFormats[i].first))
        ->option_text("FILE")
        ->group("Output");
  }
  command
      ->add_option_function<std::string>(
          "--fail-on",
          [options](const std::string& text) {
            options->fail_on = parse_severity(text);
            if (!options->fail_on || *options->fail_on == Severity::none) {
              throw CLI::ValidationError("--fail-on",
                                         fmt::format("'{}' is none of note, warning, error", text));
            }
          },
          "exit with 1 if there is a finding of this severity or above: note, warning or error (default: no "
          "gate)")
      ->option_text("SEVERITY")
      ->group("Gate");
  command
      ->add_option("--min-flows", options->min_flows,
                   "exit with 1 if fewer connections used timestamps (default 1 with --fail-on)")
      ->check(whole_number(0))
      ->option_text("N")
      ->group("Gate");
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    check_files(*options);
    action = [options] { return analyze_captures(*options); };
  });
}

}  // namespace tsaudit::cli

// SPDX-License-Identifier: Apache-2.0
// tsaudit segments: the verdict of each segment.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.h"
#include "format_option.h"
#include "input_options.h"
#include "output_file.h"
#include "signals.h"
#include "tsaudit/words.h"

namespace tsaudit::cli {
namespace {

struct SegmentsOptions {
  InputOptions input;
  ReportFormat format = ReportFormat::text;
  ColorChoice color = ColorChoice::automatic;
  std::vector<uint64_t> flows;
};

class Rows : public Sink {
 public:
  explicit Rows(const SegmentsOptions& options)
      : options_(options),
        writer_(make_segment_writer(options.format, stdout, writer_options(options.input, options.color))) {}
  bool wants_segments() const override { return true; }
  void segment(const SegmentRow& row) override {
    const bool wanted =
        options_.flows.empty() || std::ranges::find(options_.flows, row.flow) != options_.flows.end();
    if (wanted) writer_->segment(row);
  }
  void finish() {
    writer_->finish();
    check_stdout();
  }

 private:
  const SegmentsOptions& options_;
  std::unique_ptr<SegmentWriter> writer_;
};

ExitCode list_segments(const SegmentsOptions& options) {
  ExitCode code = ExitCode::ok;
  const auto source = open(options.input, code);
  if (!source) return code;
  Rows rows(options);
  const Summary summary = run(*source, options.input, rows);
  rows.finish();
  for (const uint64_t flow : options.flows)
    if (flow > summary.totals.flows && !options.input.quiet && !interrupted)
      complain(
          fmt::format("--flow {}: there is no such flow ({})", flow, counted(summary.totals.flows, "flow")));
  return report_input(summary, options.input);
}

}  // namespace

void add_segments(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("segments",
                                         "Lists every TCP segment with the verdict of its receiver.\n"
                                         "\n"
                                         "Examples:\n"
                                         "  tsaudit segments --flow 7 migration.pcapng\n"
                                         "  tsaudit segments --format ndjson migration.pcapng | jq .verdict");
  const auto options = std::make_shared<SegmentsOptions>();
  add_captures(*command, options->input);
  options->input.add_to(*command);
  command
      ->add_option("--flow", options->flows,
                   "only this flow, by the number that analyze gives; may be repeated")
      ->check(whole_number(1))
      ->allow_extra_args(false)
      ->option_text("N")
      ->group("Output");
  add_format(*command, options->format, kTableFormats);
  add_color(*command, options->color);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] { action = [options] { return list_segments(*options); }; });
}

}  // namespace tsaudit::cli

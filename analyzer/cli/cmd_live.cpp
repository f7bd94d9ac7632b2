// SPDX-License-Identifier: Apache-2.0
// tsaudit live: what happens to connections, while it happens.
#include <fmt/chrono.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <memory>

#include "command.h"
#include "gate_options.h"
#include "gated_reports.h"
#include "input_options.h"
#include "news.h"
#include "option_use.h"
#include "signals.h"
#include "tsaudit/words.h"

namespace tsaudit::cli {
namespace {

struct LiveOptions {
  InputOptions input;
  std::string interface;
  OpenOptions open;
  double seconds = 0;
  ReportOptions report;
  GateOptions gate;
};

/// Takes the reports of connections that have ended to where they go, and tells on stderr what is new of the
/// others.
class LiveReports final : public GatedReports {
 public:
  LiveReports(const LiveOptions& options, const PacketSource& source, GateRun* gate)
      : GatedReports(options.report, options.input.command_hint(options.open.record), gate),
        options_(options),
        source_(source),
        line_(options.input.quiet),
        color_(use_color(options.report.color, STDERR_FILENO)) {}

  void flow_opened(uint64_t, const Endpoint&, const Endpoint&) override { ++open_; }
  void flow(FlowReport&& flow) override {
    --open_;
    news_.forget(flow.id);
    GatedReports::flow(std::move(flow));
  }
  void flow_so_far(FlowReport&& flow) override { news_.see(std::move(flow)); }
  void look_ended() override {
    const auto lines = news_.end_look(color_);
    if (!lines.empty()) {
      line_.erase();
      const std::string time = fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr)));
      for (const std::string& line : lines) std::fputs(fmt::format("{} {}\n", time, line).c_str(), stderr);
    }
    line_.show(state());
  }
  ExitCode finish(Summary& summary, const InputOptions& input) {
    line_.erase();
    return GatedReports::finish(summary, input);
  }

 private:
  std::string state() const {
    std::string text =
        fmt::format("{}: {}, {}", options_.interface, counted(source_.captures().front().packets, "packet"),
                    counted(open_, "connection"));
    if (news_.standing_still() != 0) text += fmt::format(", {} standing still", news_.standing_still());
    return text + "; ^C ends it";
  }

  const LiveOptions& options_;
  const PacketSource& source_;
  ProgressLine line_;
  const bool color_;
  News news_;
  uint64_t open_ = 0;
};

ExitCode watch(const LiveOptions& options) {
  ExitCode code = ExitCode::ok;
  const auto gate = GateRun::open_if_asked(options.gate, code);
  if (code != ExitCode::ok) return code;
  OpenOptions open = options.open;
  open.filter = options.input.filter;
  auto source = open_live(options.interface, open);
  if (!source) return refuse_input(source.error());
  interrupt_later(options.seconds);
  AnalysisOptions analysis = options.input.analysis;
  if (!options.input.quiet) analysis.look_every = kSecond;
  LiveReports reports(options, **source, gate.get());
  OptionUse use(options.input);
  WatchedSink watched(reports, use);
  Summary summary = analyze(**source, analysis, watched, {}, &interrupted);
  interrupted = false;
  summary.stopped_at_frame = 0;  // somebody has to end it: that is no interruption
  const ExitCode result = reports.finish(summary, options.input);
  use.complain_of_rest();
  return result;
}

/// What is longer, nan and inf are no end at all; CLI11 would say so with the largest double, in full.
std::string check_seconds(const std::string& text) {
  constexpr double kMax = 1e9;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && seconds > 0 && seconds <= kMax) return {};
  return fmt::format("'{}' is no number of seconds above 0, up to {:.0f}", text, kMax);
}

std::string wanted_interface() {
  std::string names;
  for (const std::string& name : live_interfaces()) names += (names.empty() ? "" : ", ") + name;
  return "--interface is required; there are " + names;
}

}  // namespace

void add_live(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("live",
                         "Captures from an interface, and says of each connection what happens to it.\n"
                         "^C ends it with the report of 'analyze'.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit live -i br0\n"
                         "  tsaudit live -i vnet3 -w moved.pcap --filter tcp\n"
                         "  tsaudit live -i br0 --duration 60 --fail-on error --json-out result.json");
  const auto options = std::make_shared<LiveOptions>();
  command->add_option("-i,--interface", options->interface, "where to capture; any is all of them")
      ->option_text("NAME")
      ->group("Input");
  command
      ->add_option("-w,--write", options->open.record,
                   "pcap file for what is captured, so that its frames can be explained")
      ->option_text("FILE")
      ->group("Input");
  command
      ->add_option("-s,--snapshot-length", options->open.snapshot,
                   fmt::format("bytes to take of a packet (default {}: all but of what TSO and GRO make)",
                               options->open.snapshot))
      ->check(whole_number(128, 1 << 18))
      ->option_text("BYTES")
      ->group("Input");
  command->add_option("--duration", options->seconds, "end after so many seconds")
      ->check(CLI::Validator(check_seconds, ""))
      ->option_text("SECONDS")
      ->group("Input");
  options->input.add_live_to(*command);
  options->report.add_to(*command);
  options->gate.add_limits(*command, "no gate", "1 with --fail-on");
  options->gate.add_baseline(*command);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    if (options->interface.empty()) throw UsageError(wanted_interface());
    if (options->open.record == "-") throw UsageError("--write wants a file: stdout is for the report");
    FileRoles roles;
    options->gate.check(roles);
    options->report.check(roles);
    roles.writes("--write", options->open.record);
    action = [options] { return watch(*options); };
  });
}

}  // namespace tsaudit::cli

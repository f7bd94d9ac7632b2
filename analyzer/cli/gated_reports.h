// SPDX-License-Identifier: Apache-2.0
// The reports of an analysis, with what a gate says of it.
#pragma once

#include <string>

#include "gate_options.h"
#include "input_options.h"
#include "report_files.h"
#include "signals.h"
#include "tsaudit/analysis.h"

namespace tsaudit::cli {

/// A report in each of the formats that were asked for, made in one pass.
class GatedReports : public Sink {
 public:
  /// `gate` may be null.
  GatedReports(const ReportOptions& options, const CommandHint& command_hint, GateRun* gate)
      : gate_(gate), writers_(&make_report_writer, options, command_hint, failure_from(gate)) {}

  void flow(FlowReport&& flow) override {
    if (gate_) gate_->gate().apply(flow);
    writers_.flow(flow);
  }
  /// Writes what comes last, says what was wrong with the input and why the gate is red. Returns what to exit
  /// with.
  ExitCode finish(Summary& summary, const InputOptions& input) {
    if (gate_) {
      gate_->gate().finish(summary);
      std::string why = unread(summary, input);
      if (why.empty() && interrupted) why = "interrupted";  // before there was a packet, or after the last
      withhold_verdict(*summary.gate, std::move(why));
    }
    writers_.finish(summary);
    const ExitCode code = report_input(summary, input);
    return gate_ ? worse(code, gate_->finish(summary, input.quiet)) : code;
  }

 private:
  /// What JUnit and its like call a failure, where no gate says it.
  static Severity failure_from(const GateRun* gate) {
    return gate && gate->policy().fail_on != Severity::none ? gate->policy().fail_on : Severity::error;
  }

  GateRun* gate_;
  Writers<ReportWriter> writers_;
};

}  // namespace tsaudit::cli

// SPDX-License-Identifier: Apache-2.0
// The reports of an analysis, with what a gate says of it.
#pragma once

#include <string>

#include "gate_options.h"
#include "report_files.h"
#include "tsaudit/analysis.h"

namespace tsaudit::cli {

/// A report in each of the formats that were asked for, made in one pass.
class GatedReports : public Sink {
 public:
  /// `gate` may be null.
  GatedReports(const ReportOptions& options, const std::string& command_hint, GateRun* gate)
      : gate_(gate), writers_(&make_report_writer, options, command_hint, failure_from(gate)) {}

  void flow(FlowReport&& flow) override {
    if (gate_) gate_->gate().apply(flow);
    writers_.flow(flow);
  }
  void finish(Summary& summary) {
    if (gate_) gate_->gate().finish(summary);
    writers_.finish(summary);
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

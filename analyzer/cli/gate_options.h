// SPDX-License-Identifier: Apache-2.0
// What the command line says of a gate, and the gate itself.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "exit_code.h"
#include "file_roles.h"
#include "tsaudit/policy.h"

namespace tsaudit::cli {

struct GateOptions {
  std::optional<Severity> fail_on;
  std::optional<uint64_t> min_flows;
  std::string baseline;
  bool update_baseline = false;
  std::optional<Date> today;

  /// Adds --fail-on and --min-flows; `usual` says in the help what holds without them.
  void add_limits(CLI::App& command, const std::string& usual_severity, const std::string& usual_flows);
  /// Adds --baseline and --update-baseline.
  void add_baseline(CLI::App& command);
  /// Adds --today.
  void add_today(CLI::App& command);
  /// --today, else SOURCE_DATE_EPOCH (reproducible-builds.org), else the clock; UTC.
  Date date() const;
  /// Throws UsageError for what does not go together.
  void check(FileRoles& roles) const;
};

/// Policy file, or the default; says on stderr why not and sets `code`.
std::optional<Policy> open_policy(const std::string& path, ExitCode& code);

/// The gate of one run.
class GateRun {
 public:
  /// Null after an error, said on stderr; `code` is set then.
  static std::unique_ptr<GateRun> open(const GateOptions& options, Policy policy, ExitCode& code);
  /// Any of --fail-on, --min-flows and --baseline makes a gate. Null as well if there is none, and `code` is
  /// ok then.
  static std::unique_ptr<GateRun> open_if_asked(const GateOptions& options, ExitCode& code);

  Gate& gate() { return *gate_; }
  const Policy& policy() const { return policy_; }
  /// The gate's findings about the captures as a whole on stderr, the new baseline, and the exit code. The
  /// reports must have been written.
  ExitCode finish(const Summary& summary, bool quiet);

 private:
  Policy policy_;
  KnownFindings known_;
  std::optional<Gate> gate_;
  std::string new_baseline_;  ///< file to write; empty: none
};

/// No gate is green for what it has not seen: `why` is empty if it has seen all.
void withhold_verdict(GateReport& gate, std::string why);

/// Why a gate is red, on stderr.
void complain_of(const GateReport& gate, bool quiet);

}  // namespace tsaudit::cli

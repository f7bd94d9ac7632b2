// SPDX-License-Identifier: Apache-2.0
#include "gate_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "command.h"
#include "input_options.h"
#include "output_file.h"

namespace tsaudit::cli {

void GateOptions::add_limits(CLI::App& command, const std::string& usual_severity,
                             const std::string& usual_flows) {
  command
      .add_option_function<std::string>(
          "--fail-on",
          [this](const std::string& text) {
            fail_on = parse_severity(text);
            if (!fail_on || *fail_on == Severity::none) {
              throw CLI::ValidationError("--fail-on",
                                         fmt::format("'{}' is none of note, warning, error", text));
            }
          },
          "exit with 1 if there is a finding of this severity or above: note, warning or error (default: " +
              usual_severity + ")")
      ->option_text("SEVERITY")
      ->group("Gate");
  command
      .add_option("--min-flows", min_flows,
                  "exit with 1 if fewer connections used timestamps (default " + usual_flows + ")")
      ->check(whole_number(0))
      ->option_text("N")
      ->group("Gate");
}

void GateOptions::add_baseline(CLI::App& command) {
  command.add_option("--baseline", baseline, "file of findings that are known and do not count")
      ->option_text("FILE")
      ->group("Gate");
  command.add_flag("--update-baseline", update_baseline, "make that file anew of what is found now")
      ->group("Gate");
}

void GateOptions::add_today(CLI::App& command) {
  command
      .add_option_function<std::string>(
          "--today",
          [this](const std::string& text) {
            today = parse_date(text);
            if (!today)
              throw CLI::ValidationError("--today", fmt::format("'{}' is no day such as 2027-01-31", text));
          },
          "for suppressions that expire (default: SOURCE_DATE_EPOCH, else the clock; UTC)")
      ->option_text("YYYY-MM-DD")
      ->group("Gate");
}

Date GateOptions::date() const {
  if (today) return *today;
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr) {
    int64_t seconds = 0;
    const char* const end = epoch + std::strlen(epoch);
    const auto [stop, error] = std::from_chars(epoch, end, seconds);
    if (error != std::errc() || stop != end || seconds < 0 || seconds > 253402300799) {
      throw UsageError(fmt::format("SOURCE_DATE_EPOCH is '{}', not a number of seconds", epoch));
    }
    return date_of(seconds);
  }
  return date_of(std::time(nullptr));
}

void GateOptions::check(FileRoles& roles) const {
  if (update_baseline && baseline.empty()) throw UsageError("--update-baseline wants --baseline FILE");
  update_baseline ? roles.writes("--update-baseline", baseline) : roles.reads(baseline);
}

std::optional<Policy> open_policy(const std::string& path, ExitCode& code) {
  if (path.empty()) return Policy{};
  auto policy = read_policy(path);
  if (policy) return std::move(policy).value();
  complain(policy.error().message);
  code = ExitCode::usage;
  return std::nullopt;
}

std::unique_ptr<GateRun> GateRun::open(const GateOptions& options, Policy policy, ExitCode& code) {
  auto run = std::make_unique<GateRun>();
  run->policy_ = std::move(policy);
  if (options.fail_on) run->policy_.fail_on = *options.fail_on;
  if (options.min_flows) run->policy_.min_flows = *options.min_flows;
  const bool update = options.update_baseline;
  if (update) run->new_baseline_ = options.baseline;
  std::error_code error;
  if (!options.baseline.empty() && !(update && !std::filesystem::exists(options.baseline, error))) {
    auto known = KnownFindings::read(options.baseline);
    if (!known) {
      complain(known.error().message);
      code = ExitCode::usage;
      return nullptr;
    }
    run->known_ = std::move(known).value();
  }
  run->gate_.emplace(run->policy_, options.date(), options.baseline.empty() ? nullptr : &run->known_, update);
  return run;
}

std::unique_ptr<GateRun> GateRun::open_if_asked(const GateOptions& options, ExitCode& code) {
  if (!options.fail_on && !options.min_flows && options.baseline.empty()) return nullptr;
  Policy policy;
  policy.fail_on = Severity::none;
  policy.min_flows = options.fail_on ? 1 : 0;  // no gate is green for having seen nothing
  policy.min_ts_segments = 0;
  return open(options, std::move(policy), code);
}

ExitCode GateRun::finish(const Summary& summary, bool quiet) {
  if (const std::string& unread = summary.gate->incomplete; !new_baseline_.empty() && !unread.empty()) {
    complain(fmt::format("{}: not updated: {}", new_baseline_, unread));
  } else if (!new_baseline_.empty()) {
    OutputFile file(new_baseline_);
    std::fputs(gate_->found().toml().c_str(), file.file());
    file.commit();
  }
  complain_of(*summary.gate, quiet);
  return summary.gate->passed ? ExitCode::ok : ExitCode::findings;
}

void withhold_verdict(GateReport& gate, std::string why) {
  if (why.empty()) return;
  gate.passed = false;
  gate.incomplete = std::move(why);
}

void complain_of(const GateReport& gate, bool quiet) {
  if (quiet || gate.passed) return;
  const uint64_t whole = static_cast<uint64_t>(
      std::count_if(gate.findings.begin(), gate.findings.end(),
                    [&](const Finding& finding) { return counts(finding, gate.fail_on); }));
  if (gate.counted > whole) {
    const uint64_t rest = gate.counted - whole;
    complain(fmt::format("gate: {} finding{} of severity {} or above", rest, rest == 1 ? "" : "s",
                         to_string(gate.fail_on)));
  }
  for (const Finding& finding : gate.findings) {
    if (counts(finding, gate.fail_on)) complain("gate: " + finding.message);
  }
}

}  // namespace tsaudit::cli

// SPDX-License-Identifier: Apache-2.0
// A policy out of TOML. Whatever is not understood is an error: a gate must not be green because of a typing
// mistake.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "gate/text_file.h"
#include "gate/toml_table.h"
#include "gate/words.h"
#include "tsaudit/policy.h"

namespace tsaudit {
namespace {

using Complaint = TomlTable::Complaint;

Complaint take_severity(const std::string& text, Severity& out) {
  const auto severity = parse_severity(text);
  if (!severity) return fmt::format("'{}' is none of none, note, warning, error", text);
  out = *severity;
  return "";
}

Complaint take_profile(const std::string& text, const ReceiverProfile*& out) {
  if (text == "auto") {
    out = nullptr;
    return "";
  }
  out = find_profile(text);
  if (out) return "";
  std::string known = "auto";
  for (const ReceiverProfile& profile : receiver_profiles()) known += fmt::format(", {}", profile.name);
  return fmt::format("no receiver profile is called '{}'; there are {}", text, known);
}

Complaint take_filter(const std::string& text, EndpointFilter& out) {
  const auto filter = parse_endpoint_filter(text);
  if (!filter) return fmt::format("'{}' is no ADDRESS, ADDRESS/BITS, ADDRESS:PORT or :PORT, nor *", text);
  out = *filter;
  return "";
}

Complaint take_duration(const std::string& text, int64_t& out) {
  const auto ns = parse_duration(text);
  if (!ns) return fmt::format("'{}' is no time such as \"250 ms\" (ns, us, ms, s, min, h)", text);
  out = *ns;
  return "";
}

Complaint take_count(int64_t value, uint64_t& out) {
  if (value < 0) return fmt::format("{} is less than 0", value);
  out = static_cast<uint64_t>(value);
  return "";
}

void severity(TomlTable& table, const char* key, Severity& out) {
  table.text(key, [&](const std::string& text) { return take_severity(text, out); });
}

/// A time, or "none".
void limit(TomlTable& table, const char* key, std::optional<int64_t>& out) {
  table.text(key, [&](const std::string& text) -> Complaint {
    if (text == "none") {
      out.reset();
      return "";
    }
    return take_duration(text, out.emplace());
  });
}

void flow_filter(TomlTable& table, FlowFilter& out) {
  table.text("client", [&](const std::string& text) { return take_filter(text, out.client); });
  table.text("server", [&](const std::string& text) { return take_filter(text, out.server); });
}

void receivers(TomlTable& table, Policy& policy) {
  const auto profile = [&](const char* key, const ReceiverProfile*& out) {
    table.text(key, [&](const std::string& text) { return take_profile(text, out); });
  };
  profile("default", policy.receiver);
  profile("client", policy.side_receivers[0]);
  profile("server", policy.side_receivers[1]);
  table.table("address", [&](TomlTable& addresses) {
    addresses.each([&](const std::string& key, const toml::node& value) {
      IpAddress address;
      if (!parse_ip(key, address)) addresses.fail(value, fmt::format("'{}' is no IP address", key));
      addresses.text(key.c_str(), [&](const std::string& text) -> Complaint {
        const ReceiverProfile* found = nullptr;
        const Complaint what = take_profile(text, found);
        if (what.empty() && found) policy.address_receivers.emplace_back(address, found);
        return what;
      });
    });
  });
}

void severities(TomlTable& table, Policy& policy) {
  table.each([&](const std::string& key, const toml::node& value) {
    const RuleInfo* rule = find_rule(key);
    if (rule == nullptr)
      table.fail(value, fmt::format("no rule is called '{}' (tsaudit explain --all)", key));
    severity(table, key.c_str(), policy.severity[static_cast<size_t>(rule->id)]);
  });
}

void migrations(TomlTable& table, Policy& policy) {
  const auto any = [](const std::string& text, auto& out, const char* wanted) -> Complaint {
    if (text != "any") return fmt::format("'{}' is neither {} nor \"any\"", text, wanted);
    out.reset();
    return "";
  };
  table.integer_or_text(
      "count", [&](int64_t value) { return take_count(value, policy.migration_count.emplace()); },
      [&](const std::string& text) -> Complaint {
        if (text == "none") {
          policy.migration_count = 0;
          return "";
        }
        return any(text, policy.migration_count, "a number nor \"none\"");
      });
  table.text("endpoint", [&](const std::string& text) -> Complaint {
    if (text == "client" || text == "server") {
      policy.migration_endpoint = text == "client" ? Side::client : Side::server;
      return "";
    }
    return any(text, policy.migration_endpoint, "\"client\" nor \"server\"");
  });
  table.integer_or_text(
      "expected_offset",
      [&](int64_t value) -> Complaint {
        if (value < INT32_MIN || value > UINT32_MAX) return fmt::format("{} does not fit 32 bits", value);
        policy.expected_offset = static_cast<int32_t>(static_cast<uint32_t>(value));
        return "";
      },
      [&](const std::string& text) { return any(text, policy.expected_offset, "a number of ticks"); });
  table.integer("offset_tolerance", [&](int64_t value) -> Complaint {
    if (value < 0) return fmt::format("{} is less than 0", value);
    policy.offset_tolerance = value;
    return "";
  });
}

/// Text that must be there.
template <class Take>
void required(TomlTable& table, const char* key, Take&& take) {
  if (!table.has(key)) table.fail(fmt::format("{} is missing", key));
  table.text(key, take);
}

void survivor(TomlTable& table, Policy& policy) {
  Policy::Survivor& out = policy.survive.emplace_back();
  required(table, "name", [&](const std::string& text) -> Complaint {
    out.name = text;
    return text.empty() ? "is empty" : "";
  });
  flow_filter(table, out.filter);
  table.integer("min_flows", [&](int64_t value) { return take_count(value, out.min_flows); });
}

void suppression(TomlTable& table, Policy& policy) {
  Policy::Suppression& out = policy.suppress.emplace_back();
  required(table, "rule", [&](const std::string& text) -> Complaint {
    const RuleInfo* rule = find_rule(text);
    if (rule == nullptr) return fmt::format("no rule is called '{}' (tsaudit explain --all)", text);
    out.rule = rule->id;
    return "";
  });
  table.text("direction", [&](const std::string& text) -> Complaint {
    if (text != "client" && text != "server") return fmt::format("'{}' is neither client nor server", text);
    out.from = text == "client" ? Side::client : Side::server;
    return "";
  });
  flow_filter(table, out.filter);
  required(table, "reason", [&](const std::string& text) -> Complaint {
    out.reason = text;
    return text.empty() ? "is empty" : "";
  });
  if (!table.has("expires")) table.fail("expires is missing");
  table.date("expires", [&](const toml::date& date) -> Complaint {
    out.expires = {date.year, date.month, date.day};
    return "";
  });
}

void threshold(TomlTable& table, Metric metric, Threshold& out) {
  const std::string key(to_string(metric));
  table.table(key.c_str(), [&](TomlTable& inner) {
    severity(inner, "severity", out.severity);
    if (unit_of(metric) == Unit::ns) {
      inner.text("slack", [&](const std::string& text) {
        int64_t ns = 0;
        const Complaint what = take_duration(text, ns);
        out.slack = static_cast<double>(ns);
        return what;
      });
    } else {
      inner.number("slack", [&](double value) -> Complaint {
        out.slack = value;
        return value >= 0 ? "" : "is less than 0";
      });
    }
    inner.number("percent", [&](double value) -> Complaint {
      out.percent = value;
      return value >= 0 ? "" : "is less than 0";
    });
  });
}

Policy read(const toml::table& root, const std::string& name) {
  Policy policy;
  TomlTable file(root, "", name);
  severity(file, "fail_on", policy.fail_on);
  file.table("receivers", [&](TomlTable& table) { receivers(table, policy); });
  file.table("severity", [&](TomlTable& table) { severities(table, policy); });
  file.table("limits", [&](TomlTable& table) {
    limit(table, "max_stall", policy.max_stall_ns);
    limit(table, "max_gap", policy.max_gap_ns);
    limit(table, "max_recovery", policy.max_recovery_ns);
  });
  file.table("migrations", [&](TomlTable& table) { migrations(table, policy); });
  file.table("minimum", [&](TomlTable& table) {
    table.integer("flows", [&](int64_t value) { return take_count(value, policy.min_flows); });
    table.integer("ts_segments", [&](int64_t value) { return take_count(value, policy.min_ts_segments); });
  });
  file.tables("survive", [&](TomlTable& table) { survivor(table, policy); });
  file.tables("suppress", [&](TomlTable& table) { suppression(table, policy); });
  file.table("compare", [&](TomlTable& table) {
    severity(table, "missing_flow", policy.missing_flow);
    for (size_t i = 0; i < kMetricCount; ++i) threshold(table, static_cast<Metric>(i), policy.metrics[i]);
  });
  file.done();
  return policy;
}

}  // namespace

Result<Policy> parse_policy(std::string_view toml, const std::string& name) {
  try {
    return read(parse_toml(toml, name), name);
  } catch (const TomlError& error) {
    return Error{Errc::bad_policy, error.what()};
  }
}

Result<Policy> read_policy(const std::string& path) {
  auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_policy(*text, path);
}

}  // namespace tsaudit

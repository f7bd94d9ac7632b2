// SPDX-License-Identifier: Apache-2.0
// The file of --baseline. It says how many flows of a server have a finding, and not which, because nothing
// tells flows of one server apart that would not change from run to run.
#include <fmt/format.h>

#include "gate/text_file.h"
#include "gate/toml_table.h"
#include "gate/toml_text.h"
#include "tsaudit/policy.h"

namespace tsaudit {
namespace {

constexpr std::string_view kSchema = "tsaudit.baseline/1";

}  // namespace

Result<KnownFindings> KnownFindings::parse(std::string_view toml, const std::string& name) {
  try {
    KnownFindings out;
    const toml::table root = parse_toml(toml, name);
    TomlTable file(root, "", name);
    if (!file.has("schema")) file.fail(fmt::format("no baseline: schema = \"{}\" is missing", kSchema));
    file.text("schema", [](const std::string& text) {
      return text == kSchema ? std::string() : fmt::format("'{}' is not {}", text, kSchema);
    });
    file.tables("known", [&](TomlTable& table) {
      std::string server, finding;
      int64_t flows = 1;
      for (const char* key : {"server", "finding"}) {
        if (!table.has(key)) table.fail(fmt::format("{} is missing", key));
      }
      table.text("server", [&](const std::string& text) {
        server = text;
        return std::string();
      });
      table.text("finding", [&](const std::string& text) {
        finding = text;
        return std::string();
      });
      table.text("name", [](const std::string&) { return std::string(); });  // for people
      table.integer("flows", [&](int64_t value) {
        flows = value;
        return value < 1 ? "is less than 1" : "";
      });
      out.known_[{server, finding}].flows += static_cast<uint64_t>(flows);
    });
    file.done();
    return out;
  } catch (const TomlError& error) {
    return Error{Errc::bad_policy, error.what()};
  }
}

Result<KnownFindings> KnownFindings::read(const std::string& path) {
  auto text = read_text_file(path);
  if (!text) return text.error();
  return parse(*text, path);
}

std::string KnownFindings::toml() const {
  std::string out = fmt::format(
      "# Findings that are known and do not count (tsaudit check --baseline). Made by --update-baseline.\n"
      "schema = \"{}\"\n",
      kSchema);
  for (const auto& [key, count] : known_) {
    const RuleInfo* rule = find_rule(std::string_view(key.second).substr(0, key.second.find('/')));
    out += fmt::format("\n[[known]]\nserver = {}\nfinding = {}\nname = {}\nflows = {}\n",
                       toml_string(key.first), toml_string(key.second),
                       toml_string(rule ? rule->name : std::string_view()), count.flows);
  }
  return out;
}

bool KnownFindings::take(const Endpoint& server, const Finding& finding) {
  const auto found = known_.find({to_string(server), finding.fingerprint});
  if (found == known_.end() || found->second.seen == found->second.flows) return false;
  ++found->second.seen;
  return true;
}

std::vector<std::string> KnownFindings::stale() const {
  std::vector<std::string> out;
  for (const auto& [key, count] : known_) {
    if (count.seen == count.flows) continue;
    out.push_back(count.seen == 0 ? fmt::format("stale in the baseline: {} of {}", key.second, key.first)
                                  : fmt::format("stale in the baseline: {} of {} in {} flows, now in {}",
                                                key.second, key.first, count.flows, count.seen));
  }
  return out;
}

}  // namespace tsaudit

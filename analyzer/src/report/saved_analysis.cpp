// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <concepts>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "report/json_objects.h"
#include "tsaudit/saved.h"

namespace tsaudit {
namespace {

using json = nlohmann::json;

/// A value that its member cannot have.
[[noreturn]] void refuse(std::string_view member, const std::string& value) {
  throw std::invalid_argument(fmt::format("{} cannot be '{}'", member, value));
}

/// A whole number of whatever type it goes to, and refused if that cannot hold it.
struct Whole {
  const json& value;
  const char* member;
  template <std::integral T>
  operator T() const {
    const bool fits = value.is_number_unsigned()  ? std::in_range<T>(value.get<uint64_t>())
                      : value.is_number_integer() ? std::in_range<T>(value.get<int64_t>())
                                                  : false;
    if (!fits) refuse(member, value.dump());
    return value.get<T>();
  }
};
Whole whole(const json& object, const char* member) { return {object.at(member), member}; }

template <std::integral T>
T whole_or(const json& object, const char* member, T otherwise) {
  return object.contains(member) ? T(whole(object, member)) : otherwise;
}

template <std::integral T>
std::optional<T> maybe_whole(const json& object, const char* member) {
  const auto at = object.find(member);
  if (at == object.end() || at->is_null()) return std::nullopt;
  return T(Whole{*at, member});
}

/// The enumerator of that name: `count` of them, from 0 on.
template <class Enum>
Enum named(const json& object, const char* member, size_t count) {
  const std::string text = object.at(member);
  for (size_t i = 0; i < count; ++i) {
    if (to_string(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  }
  refuse(member, text);
}

Side side_named(const json& object, const char* member) { return named<Side>(object, member, 2); }

/// "10.0.0.2:443" or "[2001:db8::1]:443"
Endpoint endpoint_of(const json& object, const char* member) {
  const std::string text = object.at(member);
  const size_t colon = text.rfind(':');
  Endpoint out;
  if (colon == std::string::npos) refuse(member, text);
  std::string_view address = std::string_view(text).substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (error != std::errc() || stop != end || !parse_ip(address, out.address)) refuse(member, text);
  return out;
}

DirectionReport direction_of(const json& object) {
  DirectionReport out;
  out.from = side_named(object, "from");
  out.segments = whole(object, "segments");
  out.ts_segments = whole(object, "ts_segments");
  out.payload_bytes = whole(object, "payload_bytes");
  out.retransmissions = whole(object, "retransmissions");
  out.delivered_bytes = whole_or<uint64_t>(object, "delivered_bytes", 0);
  out.first_payload_bits = whole_or<uint8_t>(object, "first_payload_bits", 0);
  const json& evidence = object.at("evidence");
  out.confirmed = whole(evidence, "confirmed");
  out.predicted = whole(evidence, "predicted");
  out.contradicted = whole(evidence, "contradicted");
  return out;
}

Migration migration_of(const json& object) {
  Migration out;
  out.frame = whole(object, "frame");
  out.time_ns = whole(object, "time_ns");
  out.endpoint = side_named(object, "endpoint");
  out.confidence = object.at("confidence");
  out.gap_ns = whole(object, "gap_ns");
  out.tsval_step = maybe_whole<int64_t>(object, "tsval_step");
  out.recovery_ns = maybe_whole<int64_t>(object, "recovery_ns");
  if (const auto at = object.find("delivered_bytes"); at != object.end()) {
    out.delivered_bytes = {whole(*at, "client"), whole(*at, "server")};
  }
  return out;
}

FlowReport flow_of(const json& object) {
  FlowReport out;
  out.id = whole(object, "id");
  out.client = endpoint_of(object, "client");
  out.server = endpoint_of(object, "server");
  out.timestamps = named<Negotiated>(object, "timestamps", 3);
  out.first_frame = whole(object, "first_frame");
  out.last_frame = whole(object, "last_frame");
  out.first_ns = whole(object, "first_ns");
  out.last_ns = whole(object, "last_ns");
  out.summary = object.at("summary");
  out.worst = named<Severity>(object, "worst", 4);
  for (const json& direction : object.at("directions")) {
    const DirectionReport report = direction_of(direction);
    out.directions[static_cast<size_t>(report.from)] = report;
  }
  for (const json& migration : object.at("migrations")) out.migrations.push_back(migration_of(migration));
  return out;
}

Finding finding_of(const json& object) {
  Finding out;
  const std::string code = object.at("rule");
  const RuleInfo* rule = find_rule(code);
  if (rule == nullptr) refuse("rule", code);
  out.rule = rule->id;
  out.severity = named<Severity>(object, "severity", 4);
  out.flow = whole(object, "flow");
  if (!object.at("direction").is_null()) out.from = side_named(object, "direction");
  for (const json& frame : object.at("frames")) out.frames.push_back(Whole{frame, "frames"});
  out.frame_count = whole(object, "frame_count");
  out.time_ns = whole(object, "time_ns");
  out.duration_ns = whole(object, "duration_ns");
  out.evidence = named<Evidence>(object, "evidence", 4);
  out.message = object.at("message");
  out.fingerprint = object.at("fingerprint");
  out.advice = object.at("advice");
  out.offset = maybe_whole<int64_t>(object, "offset");
  return out;
}

Summary summary_of(const json& root) {
  Summary out;
  for (const json& capture : root.at("captures")) {
    CaptureInfo& info = out.captures.emplace_back();
    info.name = capture.at("name");
    info.format = capture.at("format");
    info.packets = whole(capture, "packets");
    info.truncated = capture.at("truncated");
    if (!capture.at("error").is_null()) {
      info.error = Error{info.truncated ? Errc::truncated : Errc::corrupt, capture.at("error")};
    }
  }
  const json& totals = root.at("totals");
  out.totals.packets = whole(totals, "packets");
  out.totals.flows = whole(totals, "flows");
  out.totals.ts_flows = whole(totals, "ts_flows");
  out.totals.segments = whole(totals, "segments");
  out.totals.ts_segments = whole(totals, "ts_segments");
  out.totals.dropped = whole(totals, "dropped");
  out.totals.confirmed = whole(totals, "confirmed");
  out.totals.predicted = whole(totals, "predicted");
  out.totals.contradicted = whole(totals, "contradicted");
  out.totals.unknown = whole(totals, "unknown");
  out.worst = named<Severity>(root, "worst", 4);
  out.stopped_at_frame = whole_or<uint64_t>(root, "stopped_at_frame", 0);
  return out;
}

}  // namespace

bool is_saved_analysis(const std::string& path) {
  // A pipe can be read only once: what is looked at here the reader of captures would miss.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  char first = 0;
  return file >> first && first == '{';
}

Result<Summary> read_saved_analysis(const std::string& path, Sink& flows,
                                    const std::function<void(Finding&&)>& findings) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::cannot_open, fmt::format("{}: {}", path, std::strerror(errno))};
  std::string member;  // of the document, that is being read
  // Flows and findings are taken as soon as they are complete, and not kept.
  const auto take = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1) member = parsed.get<std::string>();
    if (event != json::parse_event_t::object_end || depth != 2) return true;
    if (member == "flows") {
      flows.flow(flow_of(parsed));
    } else if (member == "findings") {
      findings(finding_of(parsed));
    } else {
      return true;
    }
    return false;
  };
  try {
    const json root = json::parse(file, take);
    const std::string schema = root.is_object() ? root.value("schema", "") : "";
    if (schema != kAnalysisSchema) {
      return Error{Errc::not_a_capture,
                   fmt::format("{}: neither a capture nor a saved analysis ({}) of tsaudit{}", path,
                               kAnalysisSchema, schema.empty() ? "" : ", but " + schema)};
    }
    return summary_of(root);
  } catch (const json::parse_error& error) {
    return Error{Errc::corrupt,
                 fmt::format("{}: no JSON document at byte {}; --format json makes one", path, error.byte)};
  } catch (const json::exception& error) {
    const std::string_view what = error.what();
    const size_t end = what.find("] ");
    return Error{Errc::corrupt, fmt::format("{}: no saved analysis: {}", path,
                                            end == std::string_view::npos ? what : what.substr(end + 2))};
  } catch (const std::invalid_argument& error) {
    return Error{Errc::corrupt, fmt::format("{}: no saved analysis: {}", path, error.what())};
  }
}

}  // namespace tsaudit

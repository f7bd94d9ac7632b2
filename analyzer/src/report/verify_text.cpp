// SPDX-License-Identifier: Apache-2.0
// tsaudit verify-offset as text: the answer, each connection that matters, what was compared.
#include <algorithm>

#include "report/output.h"
#include "report/text_style.h"
#include "tsaudit/writers.h"

namespace tsaudit {
namespace {

constexpr size_t kMaxConnections = 100, kMaxFramesShown = 8;

std::string signed_ticks(int64_t ticks) { return (ticks > 0 ? "+" : "") + grouped(ticks); }

std::string frames_text(const VerifyFinding& finding) {
  std::string text;
  for (size_t i = 0; i < std::min(finding.frames.size(), kMaxFramesShown); ++i) {
    const auto& [inside, outside] = finding.frames[i];
    if (!text.empty()) text += ", ";
    text += inside == 0    ? fmt::format("outside {}", outside)
            : outside == 0 ? fmt::format("inside {}", inside)
                           : fmt::format("{}/{}", inside, outside);
  }
  const uint64_t more = finding.count - std::min(finding.frames.size(), kMaxFramesShown);
  if (more != 0) text += fmt::format(" and {} more", grouped(more));
  return text;
}

class Text {
 public:
  Text(const VerifyReport& report, std::FILE* out, const WriterOptions& options)
      : report_(report), out_(out), style_(options.color), width_(options.width) {}

  void write() {
    paragraph(answer());
    size_t shown = 0, left_out = 0;
    for (const VerifyConnection& connection : report_.connections) {
      const bool rewritten = connection.from_client.tsval_offset.value_or(0) != 0 ||
                             connection.from_server.tsval_offset.value_or(0) != 0;
      if (connection.findings.empty() && !rewritten) continue;
      ++shown <= kMaxConnections ? show(connection) : static_cast<void>(++left_out);
    }
    if (left_out != 0) out_.print("\n{} more; --format json has all\n", counted(left_out, "connection"));
    compared();
    out_.flush();
  }

 private:
  void paragraph(const std::string& text) { out_.print("{}\n", wrapped(text, width_, 0, 0)); }
  void line(std::string_view name, const std::string& text) {
    out_.print("  {:<10}{}\n", name, wrapped(text, width_, 12, 12));
  }

  std::string answer() const {
    if (report_.pairs == 0) return "Inconclusive: the two captures have no segment in common.";
    if (report_.ts_connections == 0) return "Inconclusive: no segment in common has timestamps.";
    const auto bad = static_cast<uint64_t>(std::ranges::count_if(
        report_.connections, [](const VerifyConnection& c) { return c.worst >= Severity::error; }));
    const auto rewritten =
        static_cast<uint64_t>(std::ranges::count_if(report_.connections, [](const auto& c) {
          return c.from_client.tsval_offset.value_or(0) != 0 || c.from_server.tsval_offset.value_or(0) != 0;
        }));
    if (bad != 0)
      return fmt::format("The offset does not hold in {} of {}.", grouped(bad),
                         counted(report_.connections.size(), "connection"));
    const char* const far = is_read_to_the_end() ? "" : "As far as was read: ";
    if (rewritten == 0)
      return fmt::format("{}Nothing is rewritten: {} are the same inside and outside.", far,
                         counted(report_.pairs, "segment"));
    return fmt::format(
        "{}The offset holds: {} of {} rewritten, constant and inverse, and nothing else changed in {}.", far,
        grouped(rewritten), counted(report_.connections.size(), "connection"),
        counted(report_.pairs, "segment"));
  }

  bool is_read_to_the_end() const {
    const auto whole = [](const CaptureInfo& capture) { return !capture.error; };
    return !report_.interrupted && std::ranges::all_of(report_.inside, whole) &&
           std::ranges::all_of(report_.outside, whole);
  }

  void show(const VerifyConnection& c) {
    out_.print("\n{}\n", style_.bold(fmt::format("{} -> {}", to_string(c.client), to_string(c.server))));
    for (const auto& [d, back, name] : {std::tuple{&c.from_client, &c.from_server, "client"},
                                        std::tuple{&c.from_server, &c.from_client, "server"}}) {
      if (d->tsval_offset.value_or(0) == 0) continue;
      std::string text = fmt::format("{} on the {}'s TSval", signed_ticks(*d->tsval_offset), name);
      if (d->since.inside != 0)
        text +=
            fmt::format(" from frame {} inside, {} outside on; 0 before", d->since.inside, d->since.outside);
      if (back->tsecr_offset) text += fmt::format("; {} on its echo", signed_ticks(-*back->tsecr_offset));
      line("offset", text);
    }
    if (c.table_offset) line("table", signed_ticks(static_cast<int32_t>(*c.table_offset)));
    for (const VerifyFinding& f : c.findings) {
      const RuleInfo& rule = rule_info(f.rule);
      out_.print("  {} {} {}, {} -> {}\n",
                 style_.by_severity(f.severity, fmt::format("{:<9}", to_string(f.severity))), rule.code,
                 rule.name, to_string(f.from), to_string(f.to));
      line("", f.message + ".");
      line("", fmt::format("{}: frames (inside/outside) {}", counted(f.count, "segment"), frames_text(f)));
    }
    for (const auto& [d, name] : {std::pair{&c.from_client, "client"}, std::pair{&c.from_server, "server"}}) {
      std::string text = fmt::format("{} from the {}, {} inside, {} outside", counted(d->pairs, "pair"), name,
                                     grouped(d->inside), grouped(d->outside));
      const auto add = [&](uint64_t count, std::string_view what) {
        if (count != 0) text += fmt::format("; {} {}", grouped(count), what);
      };
      add(d->regrouped, "regrouped (TSO, GRO)");
      add(d->missing, "in one capture alone");
      add(d->at_edges, "before or after the other capture");
      add(d->payload_unknown, "whose data the snapshot cut");
      add(d->checksum_offloaded, "with a checksum left to the NIC");
      add(d->checksum_bad_on_both, "with a wrong checksum on both sides");
      if (d->ttl_less != 0) text += fmt::format("; TTL {:+} outside", -d->ttl_less);
      line("compared", text);
    }
  }

  std::string latency(const VerifyLatency& l) const {
    return fmt::format("min {}, median {}, p99 {}, max {}", duration_text(l.min_ns),
                       duration_text(l.median_ns), duration_text(l.p99_ns), duration_text(l.max_ns));
  }

  void compared() {
    out_.write("\n");
    if (report_.outward.count != 0) out_.print("latency out: {}\n", latency(report_.outward));
    if (report_.inward.count != 0) out_.print("latency in:  {}\n", latency(report_.inward));
    if (report_.clock_difference_ns != 0)
      paragraph(
          fmt::format("clocks: the outside capture's is {} {}; taken off, as if both ways took equally long",
                      duration_text(std::abs(report_.clock_difference_ns)),
                      report_.clock_difference_ns > 0 ? "ahead" : "behind"));
    for (const auto* captures : {&report_.inside, &report_.outside}) {
      for (const CaptureInfo& capture : *captures) {
        const auto lost = capture.skipped.find(kLostInCapture);
        if (lost != capture.skipped.end())
          paragraph(
              fmt::format("capture: {} lacks {} by its own count, which may be what is missing: "
                          "record again with a larger buffer (-B)",
                          capture.name, counted(lost->second, "packet")));
      }
    }
    for (const OffsetEntry& entry : report_.unused_entries)
      paragraph(
          fmt::format("table: no segment of {} -> {}", to_string(entry.local), to_string(entry.remote)));
    if (report_.gave_up != 0)
      paragraph(fmt::format("memory: {} waited for a twin longer than there was room",
                            counted(report_.gave_up, "segment")));
    if (report_.not_compared != 0)
      out_.print("not compared: {} without a TCP header of its own\n",
                 counted(report_.not_compared, "packet"));
    out_.print("compared: {} in {}, {} with timestamps\n", counted(report_.pairs, "pair"),
               counted(report_.connections.size(), "connection"), grouped(report_.ts_connections));
  }

  const VerifyReport& report_;
  Output out_;
  Style style_;
  size_t width_;
};

}  // namespace

void write_verify_text(const VerifyReport& report, std::FILE* out, const WriterOptions& options) {
  Text(report, out, options).write();
}

}  // namespace tsaudit

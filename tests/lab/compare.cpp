// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "line_order.h"
#include "tsaudit/analysis.h"

namespace lab {
namespace {

using Json = nlohmann::json;

const std::string kNeverArrived = "never arrived";

class Rows : public tsaudit::Sink {
 public:
  bool wants_segments() const override { return true; }
  void segment(const tsaudit::SegmentRow& row) override { rows_.emplace(row.frame, row); }
  const tsaudit::SegmentRow* find(uint64_t frame) const {
    const auto found = rows_.find(frame);
    return found == rows_.end() ? nullptr : &found->second;
  }
  const std::map<uint64_t, tsaudit::SegmentRow>& all() const { return rows_; }

 private:
  std::map<uint64_t, tsaudit::SegmentRow> rows_;
};

constexpr const char* kEverywhere = "all";

/// What was captured at a vantage, or everywhere: then each segment is where it was seen first.
class Vantage {
 public:
  Vantage(std::filesystem::path folder, const std::string& name) : folder_(std::move(folder)) {
    if (name == kEverywhere)
      for (const char* point : {"peer", "middle", "old-host", "new-host"}) add(point);
    else
      add(name);
    const auto set = open();
    std::vector<Point*> by_file;  // files are numbered in reading order, which is that of their first packets
    for (const tsaudit::CaptureInfo& file : set->captures())
      by_file.push_back(&*std::ranges::find(points_, file.name, &Point::file));
    for (auto batch = set->next_batch(); !batch.empty(); batch = set->next_batch())
      for (const tsaudit::RawPacket& packet : batch) {
        times_.push_back(packet.time_ns);
        by_file[by_file.size() == 1 ? 0 : (packet.point >> 16) - 1]->frames.push_back(packet.frame);
      }
  }

  std::unique_ptr<tsaudit::PacketSource> open() const {
    std::vector<std::string> paths;
    for (const Point& point : points_) paths.push_back(folder_ / point.file);
    auto source = tsaudit::open_captures(paths);
    if (!source) throw std::runtime_error(source.error().message);
    return *std::move(source);
  }

  /// 0: it has none.
  uint64_t frame_of(const Json& truth) const {
    uint64_t first = 0;
    for (const Point& point : points_) {
      const uint64_t own = truth["frames"].value(point.name, uint64_t{0});
      if (own == 0) continue;
      const uint64_t frame = point.frames.at(own - 1);
      if (first == 0 || frame < first) first = frame;
    }
    return first;
  }
  LineOrder::Place place_of(const Json& truth) const {
    const uint64_t frame = frame_of(truth);
    return frame == 0 ? LineOrder::Place() : LineOrder::Place{frame, times_.at(frame - 1)};
  }

 private:
  struct Point {
    std::string name, file;
    std::vector<uint64_t> frames;  ///< of the whole vantage, for its own frame 1 on
  };
  void add(const std::string& name) { points_.push_back({name, name + ".pcap", {}}); }

  const std::filesystem::path folder_;
  std::vector<Point> points_;
  std::vector<int64_t> times_;  ///< of frame 1 on; all captures of a session are by one clock
};

Rows analyse(const CompareInput& input, const Vantage& vantage, const tsaudit::ReceiverProfile* profile) {
  Rows rows;
  tsaudit::AnalysisOptions options;
  options.profile = profile;
  options.captured_on_the_way = input.told && input.vantage != input.at;
  tsaudit::analyze(*vantage.open(), options, rows);
  return rows;
}

/// "6.1.0-56-cloud-amd64" -> "linux-6.1"
std::string profile_of_kernel(const std::string& release) {
  const size_t minor = release.find('.') + 1;
  return "linux-" + release.substr(0, release.find_first_not_of("0123456789", minor));
}

int32_t ticks_back(const Json& truth) {
  return static_cast<int32_t>(truth["state"]["ts_recent"].get<uint32_t>() - truth["tsval"].get<uint32_t>());
}

/// Reasons of tests that tsaudit models. Anything else comes later in the kernel (and TCP_AUTH_HDR before).
bool is_modelled(const std::string& reason) {
  static const std::set<std::string> kModelled = {"TCP_RFC7323_PAWS",
                                                  "TCP_RFC7323_PAWS_ACK",
                                                  "TCP_RFC7323_TW_PAWS",
                                                  "TCP_RFC7323_TSECR",
                                                  "TCP_FLAGS",
                                                  "TCP_CSUM",
                                                  "TCP_OLD_SEQUENCE",
                                                  "TCP_INVALID_SEQUENCE",
                                                  "TCP_TOO_OLD_ACK",
                                                  "TCP_ACK_UNSENT_DATA",
                                                  "TCP_INVALID_ACK_SEQUENCE",
                                                  "TCP_INVALID_END_SEQUENCE",
                                                  "TCP_INVALID_SYN",
                                                  "TCP_RESET"};
  return kModelled.contains(reason);
}

bool is_paws(const std::string& reason) { return reason.starts_with("TCP_RFC7323"); }

bool discarded_by_paws(const tsaudit::SegmentRow& row) {
  return row.verdict == tsaudit::Verdict::drop && is_paws(std::string(to_string(row.reason)));
}

/// Says that the receiver has discarded it. (A contradicted drop says that the receiver evidently took it.)
bool claims_discard(const tsaudit::SegmentRow& row) {
  return row.verdict == tsaudit::Verdict::drop && row.evidence != tsaudit::Evidence::contradicted;
}

/// The words that the kernel has. Older ones have fewer: then a broader one stands for several.
class Vocabulary {
 public:
  explicit Vocabulary(const Json& run = {}) {
    if (run.contains("reasons")) reasons_ = run["reasons"].get<std::set<std::string>>();
  }
  /// Before 5.17 only counters speak, and only of timestamps, SYNs and checksums.
  bool counters_only() const { return reasons_.empty(); }
  std::string broaden(const std::string& reason) const {
    if (reason == "SYN_CHALLENGE") return "TCP_INVALID_SYN";  // tsaudit's own word
    if (counters_only())
      return is_paws(reason)                                       ? "TCP_RFC7323_PAWS"
             : reason == "TCP_INVALID_SYN" || reason == "TCP_CSUM" ? reason
                                                                   : "taken";
    if (reason == "TCP_OLD_SEQUENCE" && !reasons_.contains(reason)) return "TCP_INVALID_SEQUENCE";
    if (reason == "TCP_RFC7323_TW_PAWS" && !reasons_.contains(reason)) return "TCP_RFC7323_PAWS";
    return reason;
  }

 private:
  std::set<std::string> reasons_;
};

/// The row of the decision table that the kernel took, by its own state and its own outcome.
std::string row_of(const Json& truth) {
  const std::string verdict = truth["verdict"], flags = truth["flags"];
  if (verdict == kNeverArrived) return "lost";
  const auto has = [&](char flag) { return flags.find(flag) != std::string::npos; };
  // What never comes as far as PAWS.
  if (verdict == "TCP_CSUM" || !(has('A') || has('R') || has('S'))) return "0";
  if (!truth.contains("state")) {
    const std::string rule = truth.value("rule", "");
    if (rule.starts_with("T")) return "TW";
    return rule.starts_with("S") || has('S') ? "HS" : "other";
  }
  const Json& state = truth["state"];
  const bool by_sequence = is_modelled(verdict) && !is_paws(verdict) && verdict != "TCP_INVALID_SYN";
  if (!truth.contains("tsval")) return by_sequence ? "10" : "1";
  const int32_t back = ticks_back(truth);
  const uint32_t into_window = truth["seq"].get<uint32_t>() - state["rcv_nxt"].get<uint32_t>();
  if (has('R') && into_window != 0 && into_window < state["rcv_wnd"].get<uint32_t>()) return "11";
  if (back <= 1 || state["ts_recent"] == 0) {
    if (by_sequence || verdict == "TCP_INVALID_SYN") return "10";
    return back <= 0 ? "2" : back == 1 ? "3" : "5";
  }
  if (has('R')) return "7";
  if (has('S')) return "8";
  if (truth["len"] == 0 && !has('F')) {
    if (static_cast<int32_t>(truth["seq"].get<uint32_t>() - state["rcv_nxt"].get<uint32_t>()) < 0)
      return "9a";
    return verdict == "taken" ? "6" : "9b";
  }
  return verdict == "taken" ? "4" : "9c";
}

/// Does tsaudit's answer say what the kernel did?
bool agrees(const std::string& kernel, const tsaudit::SegmentRow& row, const Vocabulary& words) {
  using tsaudit::Verdict;
  // Refused for its options before TCP looked at it (tcp_inbound_hash()): no kernel says what it had done.
  if (kernel == "TCP_AUTH_HDR") return true;
  if (row.verdict == Verdict::not_tested) return !is_paws(kernel);
  if (row.verdict != Verdict::drop) return !is_modelled(kernel);
  // Of a request socket, which may look like a connection in the capture; or far behind the tests that
  // tsaudit models.
  using tsaudit::Reason;
  if (kernel == "TCP_OVERWINDOW")
    return row.reason == Reason::over_window || row.reason == Reason::old_sequence ||
           row.reason == Reason::invalid_sequence || row.reason == Reason::invalid_syn;
  return words.broaden(kernel) == words.broaden(std::string(to_string(row.reason)));
}

std::string kernel_words(const Json& truth) {
  std::string words = truth["verdict"];
  if (truth.contains("state")) {
    words += " with";
    for (const auto& [name, value] : truth["state"].items())
      words += fmt::format(" {}={}", name, value.dump());
  }
  return words;
}

std::string tsaudit_words(const tsaudit::SegmentRow& row) {
  std::string words = fmt::format("{} {}", to_string(row.verdict), to_string(row.reason));
  if (row.verdict == tsaudit::Verdict::drop) words += fmt::format(" ({})", to_string(row.evidence));
  if (row.ts_recent_known) words += fmt::format(" with ts_recent={}", row.ts_recent.raw);
  return words;
}

/// The connection's last packets, the segment last.
std::string history(const Rows& rows, const std::map<uint64_t, Json>& truth_by_frame,
                    const tsaudit::SegmentRow& last) {
  constexpr size_t kLines = 12;
  std::vector<std::string> lines;
  for (const auto& [frame, row] : rows.all()) {
    if (frame > last.frame) break;
    if (row.flow != last.flow) continue;
    std::string line = fmt::format("    #{:<6} {:<6} flags {:#04x} seq {} ack {} len {}", frame,
                                   to_string(row.from), row.flags, row.seq.raw, row.ack.raw, row.length);
    if (row.has_ts) line += fmt::format(" TSval {} TSecr {}", row.tsval.raw, row.tsecr.raw);
    if (const auto truth = truth_by_frame.find(frame); truth != truth_by_frame.end())
      line += fmt::format("\n            kernel: {}\n            tsaudit: {}", kernel_words(truth->second),
                          tsaudit_words(row));
    lines.push_back(std::move(line));
  }
  const size_t first = lines.size() > kLines ? lines.size() - kLines : 0;
  return fmt::format("{}", fmt::join(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end(), "\n"));
}

/// Of a receiver without memory, which takes back the window that it had offered: the segments of the same
/// batch are behind it, and the capture shows nothing of that before its next ACK (tcp_data_queue(),
/// tcp_select_window() with ICSK_ACK_NOMEM).
class WindowTakenBack {
 public:
  explicit WindowTakenBack(const Rows& rows) : next_(rows.all().begin()), end_(rows.all().end()) {}
  /// The receiver's window was gone, and it has not spoken since. To be asked of one frame after the other.
  bool unseen(const Json& truth, const tsaudit::SegmentRow& row) {
    for (; next_ != end_ && next_->first <= row.frame; ++next_)
      std::erase_if(without_memory_, [spoke = next_->second](const auto& of) {
        return of.first == spoke.flow && of.second != spoke.from;
      });
    const std::pair sender{row.flow, row.from};
    if (truth["verdict"] == "PROTO_MEM") without_memory_.insert(sender);
    return truth["verdict"] == "TCP_INVALID_SEQUENCE" && without_memory_.contains(sender) &&
           (!truth.contains("state") || truth["state"]["rcv_wnd"] == 0);
  }

 private:
  std::map<uint64_t, tsaudit::SegmentRow>::const_iterator next_, end_;
  std::set<std::pair<uint64_t, tsaudit::Side>> without_memory_;  ///< by who sends to it
};

void check_headers(const Json& truth, const tsaudit::SegmentRow& row) {
  if (truth["seq"] != row.seq.raw || truth["ack"] != row.ack.raw || truth["len"] != row.length ||
      (truth.contains("tsval") && row.has_ts && truth["tsval"] != row.tsval.raw))
    throw std::runtime_error(fmt::format("frame {} is not the segment that the truth says", row.frame));
}

}  // namespace

Comparison compare(const CompareInput& input) {
  std::ifstream file(input.truth);
  if (!file) throw std::runtime_error("cannot read " + input.truth);
  std::map<uint64_t, Json> truth_by_frame;
  const std::filesystem::path folder = std::filesystem::path(input.truth).parent_path();
  const Vantage vantage(folder, input.vantage), receiver(folder, input.at);
  LineOrder order;
  Vocabulary words;
  Comparison result;
  result.vantage = input.vantage;
  result.at = input.at;
  result.changed = input.changed;
  std::string host = input.at;  // as the truth names it
  std::ranges::replace(host, '-', ' ');
  for (std::string line; std::getline(file, line);) {
    Json truth = Json::parse(line);
    if (truth["type"] == "run") {
      words = Vocabulary(truth);
      result.kernel = truth["kernel"];
    }
    if (truth["type"] != "segment") continue;
    order.add(truth["src"], truth["dst"], vantage.place_of(truth), receiver.place_of(truth));
    if (truth["at"] != host) continue;
    // Nobody lives there: no receiver.
    static const std::set<std::string> kNobody = {"IP_INADDRERRORS", "IP_INNOROUTES", "NO_SOCKET",
                                                  "OTHERHOST"};
    if (kNobody.contains(truth["verdict"])) continue;
    // Or there is a listener again, and no connection any more.
    const bool reset = truth["flags"].get<std::string>().find('R') != std::string::npos;
    if (reset && truth["verdict"] == "TCP_RESET" && !truth.contains("state")) continue;
    if (const uint64_t frame = vantage.frame_of(truth))
      truth_by_frame.emplace(frame, std::move(truth));
    else
      result.without_frame += truth["verdict"] != kNeverArrived;
  }
  const std::set<uint64_t> in_order = order.kept();
  const tsaudit::ReceiverProfile* profile = nullptr;
  if (input.profile != "auto") {
    result.profile = input.profile.empty() ? profile_of_kernel(result.kernel) : input.profile;
    profile = tsaudit::find_profile(result.profile);
    if (!profile) throw std::runtime_error("no profile " + result.profile);
  }
  const Rows rows = analyse(input, vantage, profile);
  WindowTakenBack window(rows);
  for (const auto& [frame, truth] : truth_by_frame) {
    const tsaudit::SegmentRow* row = rows.find(frame);
    if (!row) {
      ++result.without_frame;
      continue;
    }
    check_headers(truth, *row);
    const std::string verdict = truth["verdict"];
    if (verdict == "NOT_SPECIFIED") {
      ++result.without_verdict;
      continue;
    }
    if (window.unseen(truth, *row)) {
      ++result.window_unseen;
      continue;
    }
    if (verdict != "taken" && verdict != kNeverArrived && !is_modelled(verdict))
      ++result.later_drops[verdict];
    RowTally& tally = result.rows[row_of(truth)];
    ++tally.tried;
    if (verdict == kNeverArrived) continue;  // no receiver judged it
    const bool kept = in_order.contains(frame);
    result.in_order += kept;
    if (row->verdict == tsaudit::Verdict::unknown) {
      ++tally.unknown;
    } else if (agrees(verdict, *row, words) ||
               (input.vantage != input.at && is_paws(verdict) && discarded_by_paws(*row))) {
      ++tally.agreed;  // which of the kernel's words for it depends on RCV.NXT, which is known at the
                       // receiver alone
    } else {
      const bool wrong = claims_discard(*row) && verdict == "taken";
      tally.wrong_drops += wrong;
      result.wrong_confirmed += wrong && row->evidence == tsaudit::Evidence::confirmed;
      result.wrong_in_order += wrong && kept;
      result.mismatches.push_back({truth.value("rule", ""), kept, kernel_words(truth), tsaudit_words(*row),
                                   history(rows, truth_by_frame, *row)});
    }
    if (truth.contains("state") && truth.contains("tsval")) {
      RowTally& state = result.rows["12"];
      ++state.tried;
      if (!row->ts_recent_known)
        ++state.unknown;
      else
        state.agreed += truth["state"]["ts_recent"] == row->ts_recent.raw;
    }
  }
  return result;
}

void Comparison::add(const Comparison& other) {
  kernel = other.kernel;
  vantage = other.vantage;
  at = other.at;
  changed = other.changed;
  profile = other.profile;
  for (const auto& [name, tally] : other.rows) {
    RowTally& own = rows[name];
    own.tried += tally.tried;
    own.agreed += tally.agreed;
    own.unknown += tally.unknown;
    own.wrong_drops += tally.wrong_drops;
  }
  for (const auto& [reason, count] : other.later_drops) later_drops[reason] += count;
  without_verdict += other.without_verdict;
  without_frame += other.without_frame;
  window_unseen += other.window_unseen;
  in_order += other.in_order;
  wrong_confirmed += other.wrong_confirmed;
  wrong_in_order += other.wrong_in_order;
  mismatches.insert(mismatches.end(), other.mismatches.begin(), other.mismatches.end());
}

RowTally Comparison::total() const {
  RowTally sum;
  for (const auto& [name, tally] : rows) {
    if (name == "12" || name == "lost") continue;
    sum.tried += tally.tried;
    sum.agreed += tally.agreed;
    sum.unknown += tally.unknown;
    sum.wrong_drops += tally.wrong_drops;
  }
  return sum;
}

bool Comparison::passes() const {
  const RowTally all = total();
  if (changed)  // of few, some more by chance
    return all.tried > 0 && all.wrong_drops * 1000 < all.tried + 3000 && all.unknown * 20 < all.tried;
  if (vantage == at) return mismatches.empty() && all.tried > 0;
  return all.tried > 0 && wrong_in_order == 0 && all.wrong_drops * 1000 < all.tried &&
         all.unknown * 50 < all.tried;
}

std::string table(const std::vector<Comparison>& comparisons) {
  static constexpr int kColumn = 24;
  std::set<std::string> names;
  std::string text = fmt::format("{:<8}", "row");
  for (const Comparison& comparison : comparisons) {
    text += fmt::format("{:>{}}", comparison.kernel.substr(0, kColumn - 2), kColumn);
    for (const auto& [name, tally] : comparison.rows) names.insert(name);
  }
  const auto cell = [](const RowTally& tally) {
    return fmt::format("{:>{}}",
                       fmt::format("{}/{}{}", tally.agreed, tally.tried,
                                   tally.unknown ? fmt::format(" ({}?)", tally.unknown) : std::string()),
                       kColumn);
  };
  for (const std::string& name : names) {
    text += fmt::format("\n{:<8}", name);
    for (const Comparison& comparison : comparisons) {
      const auto found = comparison.rows.find(name);
      text += found == comparison.rows.end() ? fmt::format("{:>{}}", "-", kColumn) : cell(found->second);
    }
  }
  text += fmt::format("\n{:<8}", "all");
  for (const Comparison& comparison : comparisons) text += cell(comparison.total());
  return text + "\n";
}

std::string empty_rows(const Comparison& comparison) {
  std::string text;
  for (const char* row :
       {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9a", "9b", "9c", "10", "11", "12", "HS", "TW"}) {
    if (comparison.rows.contains(row)) continue;
    // TS.Recent must grow old: 2147 s from 6.7 on, 24 days before. Only a machine whose clock jumps waits for
    // that.
    const bool idle = row == std::string_view("4");
    text += fmt::format("{}: row {}{}\n", comparison.kernel, row,
                        idle ? ": not tried, it needs --patience" : " is EMPTY");
  }
  return text;
}

std::string verdict_line(const Comparison& comparison) {
  const RowTally all = comparison.total();
  const auto percent = [&](uint64_t part) {
    return all.tried ? 100.0 * static_cast<double>(part) / static_cast<double>(all.tried) : 0.0;
  };
  return fmt::format(
      "{:<24} {:<8} {:>6} segments, {:>3} disagree, {:>2} discards wrong "
      "({} confirmed, {} of the {:.0f} % in order), {:>3} unknown ({:.2f} %): {}\n",
      comparison.kernel,
      comparison.changed                    ? "changed"
      : comparison.vantage == comparison.at ? "receiver"
      : comparison.vantage == "middle"      ? "middle"
                                            : "sender",
      all.tried, comparison.mismatches.size(), all.wrong_drops, comparison.wrong_confirmed,
      comparison.wrong_in_order, percent(comparison.in_order), all.unknown, percent(all.unknown),
      comparison.passes() ? "ok" : "FAILS");
}

std::string details(const Comparison& comparison, size_t mismatches) {
  std::string text =
      fmt::format("{} judged as {}: {} mismatches, {} without a verdict of the kernel, {} without a frame\n",
                  comparison.kernel, comparison.profile.empty() ? "auto" : comparison.profile,
                  comparison.mismatches.size(), comparison.without_verdict, comparison.without_frame);
  for (const auto& [reason, count] : comparison.later_drops)
    text += fmt::format("  refused later, which tsaudit does not model: {} {}\n", count, reason);
  if (comparison.window_unseen)
    text +=
        fmt::format("  behind a window taken back that no ACK had told of: {}\n", comparison.window_unseen);
  for (const Mismatch& mismatch : comparison.mismatches) {
    if (mismatches-- == 0) break;
    text += fmt::format("\nMISMATCH {}{}\n  kernel:  {}\n  tsaudit: {}\n{}\n", mismatch.rule,
                        mismatch.in_order ? "" : " (not in the capture's order)", mismatch.kernel,
                        mismatch.tsaudit, mismatch.history);
  }
  return text;
}

}  // namespace lab

// SPDX-License-Identifier: Apache-2.0
#include "truth_json.h"

#include <sys/utsname.h>

#include <nlohmann/json.hpp>

namespace lab {

using Json = nlohmann::ordered_json;

std::string header_json(const KernelEvents& events) {
  utsname name{};
  must(uname(&name), "uname");
  return Json{{"type", "run"}, {"kernel", name.release}, {"reasons", events.reason_names()}}.dump();
}

std::string to_json(const TruthRecord& record, const std::string& host, const FrameNumbers& frames) {
  const Segment& s = record.segment;
  Json line = {{"type", "segment"},
               {"at", host},
               {"frames", frames},
               {"src", to_string(s.src)},
               {"dst", to_string(s.dst)},
               {"seq", s.seq},
               {"ack", s.ack},
               {"len", s.payload},
               {"flags", flags_text(s.flags)},
               {"window", s.window}};
  if (s.ts) {
    line["tsval"] = s.ts->val;
    line["tsecr"] = s.ts->ecr;
  }
  line["verdict"] = verdict(record);
  line["freed"] = record.freed;
  if (!record.reason.empty()) line["reason"] = record.reason;
  if (!record.rule.empty()) line["rule"] = record.rule;
  if (!record.counters.empty()) line["counters"] = record.counters;
  if (const auto& state = record.state)
    line["state"] = {
        {"ts_recent", state->ts_recent}, {"rcv_nxt", state->rcv_nxt}, {"rcv_wup", state->rcv_wup},
        {"rcv_wnd", state->rcv_wnd},     {"snd_una", state->snd_una}, {"snd_nxt", state->snd_nxt},
        {"snd_wl1", state->snd_wl1},     {"snd_wnd", state->snd_wnd}, {"rto_jiffies", state->rto_jiffies}};
  return line.dump();
}

std::string to_json(const Counters& growth, const std::string& host) {
  return Json{{"type", "counters"}, {"at", host}, {"growth", growth}}.dump();
}

}  // namespace lab

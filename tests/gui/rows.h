// SPDX-License-Identifier: GPL-3.0-or-later
// Rows and captures for the viewer's tests.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "capture_store.h"
#include "tsaudit/segment.h"

namespace tsaudit::gui::test {

inline SegmentRow row(uint64_t frame, TimeNs time_ns, Side from, uint32_t tsval, uint32_t tsecr,
                      uint64_t flow = 1) {
  SegmentRow out;
  out.frame = frame;
  out.time_ns = time_ns;
  out.flow = flow;
  out.from = from;
  out.flags = kAck;
  out.has_ts = true;
  out.tsval = {tsval};
  out.tsecr = {tsecr};
  out.verdict = Verdict::accept;
  out.reason = Reason::newer;
  return out;
}

inline SegmentRow dropped(SegmentRow row, uint32_t ts_recent, uint32_t length = 100) {
  row.length = length;
  row.verdict = Verdict::drop;
  row.reason = Reason::paws;
  row.evidence = Evidence::confirmed;
  row.ts_recent_known = true;
  row.ts_recent = {ts_recent};
  row.delta = distance(row.ts_recent, row.tsval);
  return row;
}

inline void open_flow(CaptureStore& store, uint64_t id) {
  Endpoint client{{.hi = 0, .lo = 0x0a000001, .v6 = false}, static_cast<uint16_t>(40000 + id)};
  Endpoint server{{.hi = 0, .lo = 0x0a000002, .v6 = false}, 443};
  store.flow_opened(id, client, server);
}

inline FlowReport report(uint64_t id, Severity worst, const std::string& summary) {
  FlowReport out;
  out.id = id;
  out.client = {{.hi = 0, .lo = 0x0a000001, .v6 = false}, static_cast<uint16_t>(40000 + id)};
  out.server = {{.hi = 0, .lo = 0x0a000002, .v6 = false}, 443};
  out.worst = worst;
  out.summary = summary;
  return out;
}

/// A shipped capture, analyzed.
inline std::shared_ptr<CaptureStore> analyzed(const std::string& name) {
  auto source = open_capture(std::string(TSAUDIT_CAPTURES) + "/" + name);
  if (!source) throw std::runtime_error(source.error().message);
  auto store = std::make_shared<CaptureStore>();
  analyze(**source, {}, *store);
  return store;
}

}  // namespace tsaudit::gui::test

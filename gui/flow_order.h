// SPDX-License-Identifier: GPL-3.0-or-later
// Which flows a list shows, and in which order: a question that takes its time when there are a million of
// them.
#pragma once

#include <QString>
#include <QStringList>
#include <atomic>
#include <vector>

#include "capture_store.h"

namespace tsaudit::gui {

struct FlowQuery {
  enum class Key : uint8_t { verdict, addresses, clock, dropped, segments, start, duration };
  QStringList words;   ///< all of these in the addresses, the ports or the sentence
  uint16_t rules = 0;  ///< all of these findings, as FlowEntry::rules
  Severity least = Severity::none;
  Key key = Key::verdict;
  bool descending = true;  ///< worst first
};

QString addresses_text(const FlowEntry& flow);
/// Ids in order; among equals the earlier flow comes first, whichever way the rest goes. For any thread.
/// Nothing when `stop` was set meanwhile.
std::vector<uint32_t> order_flows(const CaptureStore& store, const FlowQuery& query,
                                  const std::atomic<bool>& stop);

}  // namespace tsaudit::gui

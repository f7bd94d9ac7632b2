// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_order.h"

#include <algorithm>

namespace tsaudit::gui {
namespace {

bool accepts(const FlowQuery& query, const FlowEntry& flow) {
  if (flow.judged() ? flow.worst < query.least : query.least > Severity::none && flow.dropped() == 0)
    return false;
  if ((flow.rules & query.rules) != query.rules) return false;
  if (query.words.isEmpty()) return true;
  const QString all =
      addresses_text(flow) + ' ' + (flow.summary ? QString::fromStdString(*flow.summary) : QString());
  return std::all_of(query.words.begin(), query.words.end(),
                     [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
}

/// The keys are taken while the flows hold still, and sorted when they no longer do.
template <class KeyOf>
std::vector<uint32_t> order_by(const CaptureStore& store, const FlowQuery& query,
                               const std::atomic<bool>& stop, KeyOf key_of) {
  using Key = decltype(key_of(std::declval<const FlowEntry&>()));
  std::vector<std::pair<Key, uint32_t>> keys;
  keys.reserve(store.flows());
  store.each_flow([&](const FlowEntry& flow) {
    if (!stop.load(std::memory_order_relaxed) && accepts(query, flow))
      keys.emplace_back(key_of(flow), static_cast<uint32_t>(flow.id));
  });
  if (stop) return {};
  const auto before = [&](const auto& a, const auto& b) {
    return query.descending ? b.first < a.first : a.first < b.first;
  };
  // Most captures have nothing but healthy flows, which are in order as they are.
  if (!std::is_sorted(keys.begin(), keys.end(), before)) std::stable_sort(keys.begin(), keys.end(), before);
  std::vector<uint32_t> order;
  order.reserve(keys.size());
  for (const auto& [key, id] : keys) order.push_back(id);
  return order;
}

}  // namespace

QString addresses_text(const FlowEntry& flow) {
  return QString::fromStdString(to_string(flow.client) + " \u2192 " + to_string(flow.server));
}

std::vector<uint32_t> order_flows(const CaptureStore& store, const FlowQuery& query,
                                  const std::atomic<bool>& stop) {
  const auto by = [&](auto key_of) { return order_by(store, query, stop, key_of); };
  switch (query.key) {
    case FlowQuery::Key::verdict:
      return by([](const FlowEntry& f) { return static_cast<uint64_t>(f.worst) << 32 | f.dropped(); });
    case FlowQuery::Key::addresses:
      return by([](const FlowEntry& f) { return std::pair(f.client, f.server); });
    case FlowQuery::Key::clock:
      return by([&](const FlowEntry& f) {
        const auto line = store.clock_line(f, f.clock_of);
        return line.empty() ? 0.0 : line.back().ticks;
      });
    case FlowQuery::Key::dropped:
      return by([](const FlowEntry& f) { return f.dropped(); });
    case FlowQuery::Key::segments:
      return by([](const FlowEntry& f) { return f.segments(); });
    case FlowQuery::Key::start:
      return by([&](const FlowEntry& f) { return store.time_ns(f.first_row); });
    case FlowQuery::Key::duration:
      return by([&](const FlowEntry& f) { return store.time_ns(f.last_row()) - store.time_ns(f.first_row); });
  }
  return {};
}

}  // namespace tsaudit::gui

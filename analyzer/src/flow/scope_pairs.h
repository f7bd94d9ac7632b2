// SPDX-License-Identifier: Apache-2.0
// Connections whose two directions carry different scopes: a router between the VLANs, a tap with a VLAN for
// each port, a tunnel with a network id for each way. One packet cannot show that, the pair of them can.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "flow/flow_key.h"

namespace tsaudit {

/// Remembers the newest flow of a 4-tuple that has a scope, and which keys were found to belong together.
/// Bounded: 1 MB for the candidates, and two entries a joined flow.
class ScopePairs {
 public:
  /// A new flow. Flows without a scope need not be remembered: their key is known.
  void remember(const FlowKey& key) {
    if (key.scope() == 0) return;
    if (newest_.empty()) newest_.resize(kCandidates);
    newest_[slot(key)] = key;
  }

  /// The key of a flow with the same 4-tuple in another scope, which may be the other direction of `key`.
  std::optional<FlowKey> candidate(const FlowKey& key) const {
    if (!newest_.empty()) {
      const FlowKey& newest = newest_[slot(key)];
      if (newest != key && newest.without_scope() == key.without_scope()) return newest;
    }
    if (key.scope() != 0) return key.without_scope();
    return std::nullopt;
  }

  /// Segments with the key `other` belong to the flow `key` from now on.
  void join(const FlowKey& other, const FlowKey& key) {
    flow_of_[other] = key;
    other_of_[key] = other;
  }
  /// The flow that `key` was joined to.
  std::optional<FlowKey> flow_of(const FlowKey& key) const {
    const auto found = flow_of_.find(key);
    return found == flow_of_.end() ? std::nullopt : std::optional(found->second);
  }
  void forget(const FlowKey& key) {
    if (other_of_.empty()) return;
    const auto found = other_of_.find(key);
    if (found == other_of_.end()) return;
    flow_of_.erase(found->second);
    other_of_.erase(found);
  }

 private:
  static constexpr size_t kCandidates = 16384;
  static constexpr uint64_t kSeed = 0x243f6a8885a308d3u;  // a collision only loses a candidate
  static size_t slot(const FlowKey& key) { return key.without_scope().hash(kSeed) % kCandidates; }
  struct Hash {
    size_t operator()(const FlowKey& key) const { return key.hash(kSeed); }
  };

  std::vector<FlowKey> newest_;
  std::unordered_map<FlowKey, FlowKey, Hash> flow_of_, other_of_;
};

}  // namespace tsaudit

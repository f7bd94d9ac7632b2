// SPDX-License-Identifier: Apache-2.0
// Which scope may hold the other direction of a connection: a router, a firewall or a trunk can give each way
// a VLAN or a VNI of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace tsaudit {

/// Asked only when a flow begins, and of fixed size: the scopes that flows began in lately, and for each
/// scope the partner that it had last.
class ScopePairs {
 public:
  /// A flow begins in `scope`.
  void seen(uint32_t scope) {
    if (scope == recent_[0]) return;
    auto at = std::find(recent_.begin() + 1, recent_.begin() + count_, scope);
    if (at == recent_.begin() + count_) {
      if (count_ < recent_.size()) ++count_;
      at = recent_.begin() + count_ - 1;
    }
    std::move_backward(recent_.begin(), at, at + 1);
    recent_[0] = scope;
  }
  void paired(uint32_t one, uint32_t other) {
    partner_[place(one)] = {one, other};
    partner_[place(other)] = {other, one};
  }

  /// Calls try_scope(uint32_t) with one scope after the other, the likeliest first, until it returns true.
  template <class Try>
  bool other_than(uint32_t scope, Try try_scope) const {
    const Pair& known = partner_[place(scope)];
    const bool has_partner = known.scope == scope && known.partner != scope;
    if (has_partner && try_scope(known.partner)) return true;
    for (size_t i = 0; i < count_; ++i) {
      if (recent_[i] == scope || (has_partner && recent_[i] == known.partner)) continue;
      if (try_scope(recent_[i])) return true;
    }
    return false;
  }

 private:
  struct Pair {
    uint32_t scope = 0, partner = 0;
  };
  static constexpr size_t kRecent = 16, kPairs = 256;
  static size_t place(uint32_t scope) { return (scope * 0x9e3779b1u) >> 24; }

  std::array<uint32_t, kRecent> recent_{};  ///< the latest first; a capture begins without any tag
  size_t count_ = 1;
  std::array<Pair, kPairs> partner_{};
};

}  // namespace tsaudit

// SPDX-License-Identifier: GPL-3.0-or-later
// Back and forward through views, as a browser does it through pages.
#pragma once

#include <cstddef>
#include <vector>

#include "view_transform.h"

namespace tsaudit::gui {

class ViewHistory {
 public:
  static constexpr size_t kMost = 200;

  void reset(const ViewState& first) {
    states_.assign(1, first);
    at_ = 0;
  }
  bool empty() const { return states_.empty(); }
  const ViewState& current() const { return states_[at_]; }
  /// A new view: what was forward of the current one is gone.
  void push(const ViewState& state) {
    if (!states_.empty() && state == current()) return;
    if (!states_.empty()) states_.resize(at_ + 1);
    states_.push_back(state);
    if (states_.size() > kMost) states_.erase(states_.begin());
    at_ = states_.size() - 1;
  }
  /// The current view goes on changing (one notch of the wheel after the other): no new entry.
  void amend(const ViewState& state) {
    if (states_.empty()) return reset(state);
    states_.resize(at_ + 1);
    states_[at_] = state;
  }
  bool can_back() const { return at_ > 0; }
  bool can_forward() const { return at_ + 1 < states_.size(); }
  const ViewState& back() { return states_[can_back() ? --at_ : at_]; }
  const ViewState& forward() { return states_[can_forward() ? ++at_ : at_]; }

 private:
  std::vector<ViewState> states_;
  size_t at_ = 0;
};

}  // namespace tsaudit::gui

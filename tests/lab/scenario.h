// SPDX-License-Identifier: Apache-2.0
// What the lab can play, by name.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "lab.h"

namespace lab {

/// What must live until the session's books are closed: a socket that goes away with unread data resets its
/// connection, and that would be in the capture.
using Stage = std::shared_ptr<void>;

struct Scenario {
  const char* name;
  const char* shows;
  Stage (*run)(Lab&);
  Lab::Options lab = {};  ///< network and captures that it needs
};
std::span<const Scenario> scenarios();
const Scenario* find_scenario(std::string_view name);

}  // namespace lab

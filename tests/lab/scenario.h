// SPDX-License-Identifier: Apache-2.0
// What the lab can play, by name.
#pragma once

#include <span>
#include <string_view>

#include "lab.h"

namespace lab {

struct Scenario {
  const char* name;
  const char* shows;
  void (*run)(Lab&);
};
std::span<const Scenario> scenarios();
const Scenario* find_scenario(std::string_view name);

}  // namespace lab

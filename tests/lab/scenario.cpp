// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

#include <algorithm>

#include "migration.h"

namespace lab {
namespace {

constexpr uint16_t kPort = 40000;

void healthy(Lab& lab) {
  Flow flow(lab, Role::client_moves, false, kPort);
  flow.exchange(4, 300, 1000);
  flow.move({Move::Clock::kept});
  flow.exchange(8, 300, 1000);
}

void naive_restore(Lab& lab) {
  Flow flow(lab, Role::client_moves, false, kPort);
  flow.exchange(4, 300, 1000);
  flow.move({Move::Clock::lowered, 1'000'000});
  flow.exchange(1, 300, 3000);
}

constexpr Scenario kScenarios[] = {
    {"healthy", "the client moves and keeps its clock", healthy},
    {"naive-restore", "the client moves and its clock goes back by 1,000,000 ms", naive_restore},
};

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::find_if(std::begin(kScenarios), std::end(kScenarios),
                                  [&](const Scenario& scenario) { return name == scenario.name; });
  return found == std::end(kScenarios) ? nullptr : &*found;
}

}  // namespace lab

// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/synth.h"

#include <fmt/format.h>

#include <algorithm>

#include "synth/capture_writer.h"
#include "synth/craft.h"
#include "synth/world.h"

namespace tsaudit {

const SynthScenario* find_synth_scenario(std::string_view name) {
  const auto all = synth_scenarios();
  const auto found = std::ranges::find(all, name, &SynthScenario::name);
  return found == all.end() ? nullptr : &*found;
}

uint64_t synthesize(const SynthScenario& scenario, const SynthOptions& options, std::FILE* out) {
  const SynthPoint at = options.at.value_or(scenario.at);
  synth::World world(options.seed, at);
  scenario.play(world);
  world.run();
  synth::CaptureWriter writer(
      out, options.format,
      fmt::format("tsaudit synth {} --seed {} --at {}: {}", scenario.name, options.seed,
                  at == SynthPoint::client ? "client" : "server", scenario.description));
  for (const auto& [time_ns, packet] : world.capture()) writer.packet(time_ns, craft(world, packet));
  return world.capture().size();
}

}  // namespace tsaudit

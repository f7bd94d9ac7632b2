// SPDX-License-Identifier: Apache-2.0
// tsaudit_lab: runs scenarios against the running kernel and writes captures and truth.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "scenario.h"

namespace {

/// What ctest takes for "skipped" (SKIP_RETURN_CODE).
constexpr int kSkipped = 77;

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs tsaudit's lab on the running kernel");
  std::string scenario, folder;
  bool offloads = false;
  app.add_option("scenario", scenario)->required();
  app.add_option("folder", folder, "for captures and truth; made if absent")->required();
  app.add_flag("--offloads", offloads, "TSO, GSO and GRO on");
  CLI11_PARSE(app, argc, argv);
  const lab::Scenario* chosen = lab::find_scenario(scenario);
  if (!chosen) {
    std::fprintf(stderr, "no scenario '%s'; there are:\n", scenario.c_str());
    for (const auto& known : lab::scenarios()) std::fprintf(stderr, "  %-20s %s\n", known.name, known.shows);
    return 2;
  }
  if (geteuid() != 0) {
    std::puts("SKIPPED: the lab needs root");
    return kSkipped;
  }
  try {
    std::filesystem::create_directories(folder);
    lab::Lab lab({folder, offloads, true});
    chosen->run(lab);
    lab.finish();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lab: %s\n", error.what());
    return 1;
  }
}

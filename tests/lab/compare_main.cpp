// SPDX-License-Identifier: Apache-2.0
// tsaudit_lab_compare: judges captures of the lab. Exit code 1: tsaudit and a kernel disagree.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "compare.h"

int main(int argc, char** argv) {
  CLI::App app("Compares tsaudit's verdicts with the kernel's, for folders that tsaudit_lab wrote");
  std::vector<std::string> folders;
  std::string profile, vantage = "peer";
  size_t mismatches = 5;
  app.add_option("folder", folders)->required();
  app.add_option("--profile", profile, "linux-6.12, ..., or auto; default: that of the truth's kernel");
  app.add_option("--vantage", vantage, "which of the captures")
      ->check(CLI::IsMember({"peer", "middle", "old-host", "new-host"}));
  app.add_option("--mismatches", mismatches, "how many to show for each kernel");
  CLI11_PARSE(app, argc, argv);
  try {
    std::map<std::string, lab::Comparison> by_kernel;
    for (const std::string& folder : folders) {
      const lab::Comparison comparison =
          lab::compare({folder + "/truth.ndjson", folder + "/" + vantage + ".pcap", vantage, profile});
      by_kernel[comparison.kernel].add(comparison);
    }
    std::vector<lab::Comparison> comparisons;
    for (auto& [kernel, comparison] : by_kernel) comparisons.push_back(std::move(comparison));
    fmt::print("{}", table(comparisons));
    bool agree = true;
    for (const lab::Comparison& comparison : comparisons) {
      fmt::print("\n{}", details(comparison, mismatches));
      agree = agree && comparison.mismatches.empty();
    }
    return agree ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lab: {}\n", error.what());
    return 3;
  }
}

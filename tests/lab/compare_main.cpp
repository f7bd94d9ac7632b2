// SPDX-License-Identifier: Apache-2.0
// tsaudit_lab_compare: judges captures of the lab. Exit code 1: tsaudit and a kernel disagree, or a row of
// the decision table is empty.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "compare.h"

namespace {

std::vector<lab::Comparison> judge(const std::vector<std::string>& folders, const std::string& vantage,
                                   const std::string& at, const std::string& profile, bool told,
                                   bool changed) {
  std::map<std::string, lab::Comparison> by_kernel;
  for (const std::string& folder : folders) {
    const lab::Comparison comparison = lab::compare({.truth = folder + "/truth.ndjson",
                                                     .vantage = vantage,
                                                     .profile = profile,
                                                     .at = at,
                                                     .changed = changed,
                                                     .told = told});
    by_kernel[comparison.kernel].add(comparison);
  }
  std::vector<lab::Comparison> comparisons;
  for (auto& [kernel, comparison] : by_kernel) comparisons.push_back(std::move(comparison));
  return comparisons;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares tsaudit's verdicts with the kernel's, for folders that tsaudit_lab wrote");
  std::vector<std::string> folders, vantages = {"peer", "middle", "old-host", "all"};
  std::string at = "peer", profile;
  size_t mismatches = 5;
  bool every_row = false, told = false, changed = false;
  app.add_option("folder", folders)->required();
  app.add_option("--profile", profile, "linux-6.12, ..., or auto; default: that of the truth's kernel");
  app.add_option("--vantage", vantages,
                 "which of the captures: peer (the receiver), middle, old-host (the sender); all of them, "
                 "read as one")
      ->check(CLI::IsMember({"peer", "middle", "old-host", "new-host", "all"}));
  app.add_option("--at", at, "whose verdicts are looked at, of those who receive")
      ->check(CLI::IsMember({"peer", "old-host", "new-host"}))
      ->capture_default_str();
  const CLI::Option* all = app.add_option(
      "--mismatches", mismatches, "how many to show for each kernel and vantage; default: 5 of what fails");
  app.add_flag("--told", told,
               "tsaudit is told that the middle and the sender are not the receiver; on the lab's short line "
               "it mostly takes them for it");
  app.add_flag("--changed", changed,
               "the captures were changed since: fewer than one discard in 1000 is to be wrong, and fewer "
               "than 5 % unknown");
  app.add_flag("--every-row", every_row, "a row of the table that nothing was tried of is a failure");
  CLI11_PARSE(app, argc, argv);
  try {
    bool pass = true;
    std::string summary;
    for (const std::string& vantage : vantages) {
      const std::vector<lab::Comparison> comparisons = judge(folders, vantage, at, profile, told, changed);
      if (&vantage == &vantages.front()) {
        fmt::print("{}", table(comparisons));
        if (every_row)
          for (const lab::Comparison& comparison : comparisons) {
            const std::string empty = lab::empty_rows(comparison);
            fmt::print("{}", empty);
            pass = pass && empty.find("EMPTY") == std::string::npos;
          }
      }
      for (const lab::Comparison& comparison : comparisons) {
        summary += lab::verdict_line(comparison);
        if (!comparison.passes() || *all) fmt::print("\n{}", details(comparison, mismatches));
        pass = pass && comparison.passes();
      }
    }
    fmt::print("\n{}", summary);
    return pass ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lab: {}\n", error.what());
    return 3;
  }
}

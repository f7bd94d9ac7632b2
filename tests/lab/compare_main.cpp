// SPDX-License-Identifier: Apache-2.0
// tsaudit_lab_compare: judges captures of the lab. Exit code 1: tsaudit and a kernel disagree.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "compare.h"

int main(int argc, char** argv) {
  CLI::App app("Compares tsaudit's verdicts with the kernel's, for folders that tsaudit_lab wrote");
  std::vector<std::string> folders;
  std::string profile_name, vantage = "peer";
  app.add_option("folder", folders)->required();
  app.add_option("--profile", profile_name, "for example linux-6.12; default: auto");
  app.add_option("--vantage", vantage)->check(CLI::IsMember({"peer", "middle", "old-host", "new-host"}));
  CLI11_PARSE(app, argc, argv);
  const tsaudit::ReceiverProfile* profile = nullptr;
  if (!profile_name.empty() && !(profile = tsaudit::find_profile(profile_name))) {
    fmt::print(stderr, "no profile {}\n", profile_name);
    return 2;
  }
  try {
    lab::Comparison all;
    for (const std::string& folder : folders)
      all.add(lab::compare(
          {folder + "/truth.ndjson", folder + "/" + vantage + ".pcap", vantage, profile, "peer"}));
    fmt::print("{}", to_text(all));
    return all.mismatches.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lab: {}\n", error.what());
    return 3;
  }
}

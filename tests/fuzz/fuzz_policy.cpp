// SPDX-License-Identifier: Apache-2.0
// Any text as a policy, and as a list of known findings: an error names the file, and what is read comes out
// of its own text again.
#include <string_view>

#include "tsaudit/policy.h"
#include "whole_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tsaudit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr const char* kName = "policy.toml";
  if (const auto policy = parse_policy(text, kName)) {
    const std::string written = policy_toml(*policy);
    const auto again = parse_policy(written, kName);
    if (!again) broken("a policy that was written can be read", again.error().message);
    if (policy_toml(*again) != written) broken("a policy means the same when it is read again", written);
  } else if (policy.error().message.find(kName) == std::string::npos) {
    broken("an error names the file", policy.error().message);
  }
  if (const auto known = KnownFindings::parse(text, kName)) {
    const std::string written = known->toml();
    const auto again = KnownFindings::parse(written, kName);
    if (!again) broken("known findings that were written can be read", again.error().message);
    if (again->toml() != written) broken("known findings are the same when they are read again", written);
  } else if (known.error().message.find(kName) == std::string::npos) {
    broken("an error names the file", known.error().message);
  }
  return 0;
}

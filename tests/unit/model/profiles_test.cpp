// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "tsaudit/profile.h"

namespace tsaudit {
namespace {

TEST(Profiles, AreFoundByTheirNames) {
  std::set<std::string_view> names;
  for (const ReceiverProfile& profile : receiver_profiles()) {
    EXPECT_TRUE(names.insert(profile.name).second) << profile.name;
    EXPECT_EQ(find_profile(profile.name), &profile);
    EXPECT_FALSE(profile.description.empty());
  }
  for (const char* name : {"rfc7323", "linux-3.6", "linux-5.10", "linux-6.1", "linux-6.12", "linux-6.18",
                           "linux-7.2", "freebsd"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Profiles, EveryLinuxIsTheNearestByItsRules) {
  const std::pair<const char*, const char*> releases[] = {
      {"linux-2.6", "linux-3.6"},   {"linux-3.8", "linux-3.6"},   {"linux-3.10", "linux-5.10"},
      {"linux-4.19", "linux-5.10"}, {"linux-5.15", "linux-5.10"}, {"linux-6.0", "linux-5.10"},
      {"linux-6.3", "linux-6.1"},   {"linux-6.4", "linux-6.6"},   {"linux-6.6", "linux-6.6"},
      {"linux-6.7", "linux-6.12"},  {"linux-6.13", "linux-6.12"}, {"linux-6.14", "linux-6.18"},
      {"linux-7.1", "linux-6.18"},  {"linux-7.2", "linux-7.2"},   {"linux-10.0", "linux-7.2"}};
  for (const auto& [name, nearest] : releases) {
    const ReceiverProfile* profile = find_profile(name);
    ASSERT_NE(profile, nullptr) << name;
    EXPECT_EQ(profile->name, nearest) << name;
  }
}

TEST(Profiles, WhatIsNoneIsNotFound) {
  for (const char* name :
       {"", "linux", "linux-", "linux-6", "linux-6.", "linux-6.x", "linux-6.12.3x", "linux-.1", "windows",
        "Linux-6.12", "linux--6.12", "linux-6.-1", "linux-99999999999.1"})
    EXPECT_EQ(find_profile(name), nullptr) << name;
}

TEST(Profiles, TheDefaultIsALinux) {
  EXPECT_TRUE(default_profile().linux_states);
  EXPECT_EQ(find_profile(default_profile().name), &default_profile());
}

}  // namespace
}  // namespace tsaudit

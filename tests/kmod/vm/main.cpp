// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>

namespace {

// Memory that nothing points to any more; where the kernel can tell.
bool leaks() {
  const char* path = "/sys/kernel/debug/kmemleak";
  if (!std::ifstream(path)) return false;
  std::string report;
  for (int i = 0; i < 2; i++) {  // it wants to see a thing twice, and not young
    std::this_thread::sleep_for(std::chrono::seconds(6));
    std::ofstream(path) << "scan" << std::flush;
    std::ifstream file(path);
    report.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::cout << (report.empty() ? "kmemleak: nothing\n" : report);
  return report.find("tsoff") != report.npos;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const int failed = RUN_ALL_TESTS();
  return failed || leaks() ? 1 : 0;
}

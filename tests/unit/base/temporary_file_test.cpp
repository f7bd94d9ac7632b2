// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/temporary_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace tsaudit {
namespace {

class TemporaryFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "folder-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    if (const char* before = getenv("TMPDIR")) before_ = before;
    setenv("TMPDIR", folder_.c_str(), 1);
  }
  void TearDown() override {
    before_.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", before_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }
  std::string folder_, before_;
};

TEST_F(TemporaryFiles, AreWhereTmpdirSaysAndHaveNoName) {
  const TemporaryFile file = temporary_file();
  const auto shown = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fileno(file.get())));
  EXPECT_TRUE(shown.string().starts_with(folder_ + "/")) << shown;
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(TemporaryFiles, GiveBackWhatWasWritten) {
  const TemporaryFile file = temporary_file();
  EXPECT_GE(std::fputs("what was written", file.get()), 0);
  std::rewind(file.get());
  char bytes[32] = "";
  EXPECT_STREQ(std::fgets(bytes, sizeof bytes, file.get()), "what was written");
}

TEST_F(TemporaryFiles, SayWhereThereCanBeNone) {
  setenv("TMPDIR", "/nothing/there", 1);
  try {
    temporary_file();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no temporary file in /nothing/there (TMPDIR): No such file or directory");
  }
}

}  // namespace
}  // namespace tsaudit

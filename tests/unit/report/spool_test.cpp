// SPDX-License-Identifier: Apache-2.0
#include "report/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace tsaudit {
namespace {

TEST(Spool, GivesBackWhatWasWritten) {
  Spool spool;
  const std::string text(100'000, 'x');
  Output(spool.file()).write(text);
  std::fflush(spool.file());
  const TemporaryFile copy = temporary_file();
  {
    Output out(copy.get());
    spool.copy_to(out);
  }
  EXPECT_EQ(std::ftell(copy.get()), 100'000);
}

TEST(Spool, SaysWhenNotAllComesBack) {
  Spool spool;
  std::fputs("what was written", spool.file());
  std::fflush(spool.file());
  const int unreadable = open("/dev/null", O_WRONLY);
  ASSERT_GE(dup2(unreadable, fileno(spool.file())), 0);
  close(unreadable);
  const TemporaryFile copy = temporary_file();
  Output out(copy.get());
  EXPECT_THROW(spool.copy_to(out), std::runtime_error);
}

}  // namespace
}  // namespace tsaudit

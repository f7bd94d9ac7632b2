// SPDX-License-Identifier: Apache-2.0
// On a pseudo-terminal and on none.
#include "terminal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

namespace tsaudit::cli {
namespace {

/// stdout or stderr is `descriptor` for as long as it lives.
class Redirected {
 public:
  Redirected(int standard, int descriptor) : standard_(standard), saved_(dup(standard)) {
    dup2(descriptor, standard);
  }
  ~Redirected() {
    dup2(saved_, standard_);
    close(saved_);
  }

 private:
  int standard_, saved_;
};

class Terminal : public testing::Test {
 protected:
  void SetUp() override {
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(openpty(&master_, &slave_, nullptr, nullptr, &size), 0);
    ASSERT_EQ(pipe(pipe_), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
  }
  void TearDown() override {
    for (const int descriptor : {master_, slave_, pipe_[0], pipe_[1]}) close(descriptor);
  }
  std::string shown() {
    // The kernel hands over what was written to the slave a moment later.
    std::string all;
    char text[4096];
    for (pollfd ready{.fd = master_, .events = POLLIN, .revents = 0}; poll(&ready, 1, 100) > 0;) {
      const ssize_t size = read(master_, text, sizeof text);
      if (size <= 0) break;
      all.append(text, static_cast<size_t>(size));
    }
    return all;
  }
  int master_ = -1, slave_ = -1, pipe_[2] = {-1, -1};
};

TEST_F(Terminal, ColoursByChoiceAndByWhereTheyGo) {
  {
    const Redirected out(STDOUT_FILENO, slave_);
    EXPECT_TRUE(use_color(ColorChoice::automatic));
    EXPECT_FALSE(use_color(ColorChoice::never));
    setenv("NO_COLOR", "1", 1);
    EXPECT_FALSE(use_color(ColorChoice::automatic));
    EXPECT_TRUE(use_color(ColorChoice::always)) << "who asks for it gets it";
    setenv("NO_COLOR", "", 1);
    EXPECT_TRUE(use_color(ColorChoice::automatic)) << "no-color.org: an empty value does not count";
    setenv("TERM", "dumb", 1);
    EXPECT_FALSE(use_color(ColorChoice::automatic));
  }
  const Redirected out(STDOUT_FILENO, pipe_[1]);
  setenv("TERM", "xterm", 1);
  EXPECT_FALSE(use_color(ColorChoice::automatic));
}

TEST_F(Terminal, WidthIsThatOfTheTerminalWithinReason) {
  const auto at = [&](unsigned short columns) {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(slave_, TIOCSWINSZ, &size);
    const Redirected out(STDOUT_FILENO, slave_);
    return output_width();
  };
  EXPECT_EQ(at(80), 80u);
  EXPECT_EQ(at(20), 60u);
  EXPECT_EQ(at(500), 160u);
  EXPECT_EQ(at(0), 100u);
  const Redirected out(STDOUT_FILENO, pipe_[1]);
  EXPECT_EQ(output_width(), 100u);
}

TEST_F(Terminal, ProgressIsShownAndErasedOnATerminalOnly) {
  const Progress half{.bytes = 50, .total_bytes = 100, .packets = 1234};
  std::string text;
  {
    const Redirected err(STDERR_FILENO, slave_);
    ProgressLine quiet(true), line(false);
    line.show(half);  // too early: nothing flickers on short runs
    EXPECT_EQ(shown(), "");
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    quiet.show(half);
    EXPECT_EQ(shown(), "");
    line.show(half);
    text = shown();
    line.erase();
    EXPECT_EQ(shown(), "\r\x1b[K");
    line.erase();
    EXPECT_EQ(shown(), "");
  }
  EXPECT_NE(text.find("50 %, 1234 packets"), std::string::npos) << text;
  {
    const winsize narrow{.ws_row = 24, .ws_col = 10, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(slave_, TIOCSWINSZ, &narrow);
    const Redirected err(STDERR_FILENO, slave_);
    ProgressLine line(false);
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    line.show("longer than that");
    EXPECT_EQ(shown(), "\r\x1b[Klonger th");
  }
  const Redirected err(STDERR_FILENO, pipe_[1]);
  ProgressLine line(false);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  line.show(half);
  int bytes = 0;
  ioctl(pipe_[0], FIONREAD, &bytes);
  EXPECT_EQ(bytes, 0);
}

}  // namespace
}  // namespace tsaudit::cli

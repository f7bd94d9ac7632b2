// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace tsaudit::cli {
namespace {

constexpr unsigned kFileWidth = 100;
constexpr unsigned kMinWidth = 60;
constexpr unsigned kMaxWidth = 160;
constexpr auto kInterval = std::chrono::milliseconds(100);

bool can_move_cursor(int descriptor) {
  const char* term = std::getenv("TERM");
  return isatty(descriptor) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace

bool use_color(ColorChoice choice, int descriptor) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return can_move_cursor(descriptor);
}

unsigned terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
  return std::clamp<unsigned>(size.ws_col, kMinWidth, kMaxWidth);
}

unsigned output_width() {
  const unsigned width = terminal_width();
  return width != 0 ? width : kFileWidth;
}

std::string hanging(const std::string& text, size_t indent, size_t width) {
  std::string out;
  size_t column = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (width != 0 && column > indent && column + 1 + word.size() > width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

ProgressLine::ProgressLine(bool quiet)
    : enabled_(!quiet && can_move_cursor(STDERR_FILENO)),
      next_(std::chrono::steady_clock::now() + kInterval) {}

bool ProgressLine::is_due() {
  if (!enabled_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  next_ = now + kInterval;
  return true;
}

void ProgressLine::show(const Progress& progress) {
  if (!is_due()) return;
  std::string text = fmt::format("{} packets", progress.packets);
  if (progress.total_bytes > 0) {
    const double share = static_cast<double>(progress.bytes) / static_cast<double>(progress.total_bytes);
    text = fmt::format("{:3.0f} %, {}", 100 * std::min(share, 1.0), text);
  }
  write(text);
}

void ProgressLine::show(const std::string& text) {
  if (is_due()) write(text);
}

void ProgressLine::write(const std::string& text) {
  // What went on in a second row could not be erased.
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  std::fputs(("\r\x1b[K" + text.substr(0, known ? size.ws_col - 1u : kMinWidth)).c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::erase() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace tsaudit::cli

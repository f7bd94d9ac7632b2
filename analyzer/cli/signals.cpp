// SPDX-License-Identifier: Apache-2.0
#include "signals.h"

#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <csignal>

namespace tsaudit::cli {

std::atomic<bool> interrupted = false;

namespace {

std::array<std::atomic<const char*>, 8> doomed{};

// Both run in signal context: nothing here but lock-free atomics, unlink() and raise().
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free);

extern "C" void on_interrupt(int) { interrupted = true; }

extern "C" void on_death(int signal) {
  for (auto& path : doomed) {
    if (const char* name = path.load()) unlink(name);
  }
  raise(signal);  // SA_RESETHAND: now it kills, and the shell sees by what
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  // Without SA_RESTART: a read that waits for a pipe comes back. With RESETHAND: the second time kills.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(signal, &action, nullptr);
}

void handle_unless_ignored(int signal, void (*handler)(int)) {
  struct sigaction old {};
  sigaction(signal, nullptr, &old);
  if (old.sa_handler != SIG_IGN) handle(signal, handler);  // nohup, or a caller that wants EPIPE
}

}  // namespace

void install_signal_handlers() {
  handle_unless_ignored(SIGINT, on_interrupt);
  for (const int signal : {SIGPIPE, SIGTERM, SIGHUP}) handle_unless_ignored(signal, on_death);
}

void interrupt_later(double seconds) {
  // A script that starts it in the background has made it ignore SIGINT, and sends SIGINT to end it.
  for (const int signal : {SIGINT, SIGTERM, SIGALRM}) handle(signal, on_interrupt);
  const auto whole = static_cast<time_t>(seconds);
  // Rounded up: zero would be never.
  const auto micros = static_cast<suseconds_t>(std::ceil((seconds - static_cast<double>(whole)) * 1e6));
  const itimerval timer{.it_interval = {}, .it_value = {.tv_sec = whole, .tv_usec = micros}};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

int remove_if_killed(const char* path) {
  for (size_t slot = 0; slot < doomed.size(); ++slot) {
    const char* free = nullptr;
    if (doomed[slot].compare_exchange_strong(free, path)) return static_cast<int>(slot);
  }
  return -1;
}

void forget_removal(int slot) {
  if (slot >= 0) doomed.at(static_cast<size_t>(slot)) = nullptr;
}

}  // namespace tsaudit::cli

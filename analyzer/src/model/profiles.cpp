// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>

#include "tsaudit/profile.h"

namespace tsaudit {
namespace {

constexpr int64_t kPaws24Days = 24 * 24 * 3600;  // TCP_PAWS_24DAYS; RFC 7323 section 5.5
constexpr int64_t kPawsWrap = 2147;              // TCP_PAWS_WRAP: INT_MAX / USEC_PER_SEC

constexpr ReceiverProfile kRfc7323{
    .name = "rfc7323",
    .description = "RFC 7323 to the letter: no grace, TSopt required",
    .window_ticks = 0,
    .idle_seconds = kPaws24Days,
    .zero_is_unset = false,
    .replay_ticks_per_second = 0,
    .zero_window_is_update = false,
    .silent_old_ack = false,
    .challenge_old_syn = false,
    .requires_tsopt = true,
    .half_space_is_old = false,
    .dup_ack_rate_limited = false,
    .answers_only_data = false,
    .update_before_ack_check = true,
    .update_on_old_ack = false,
    .update_needs_overlap = false,
    .update_needs_newer = true,
    .checks_syn_recv_tsecr = false,
    .takes_crossed_syn_ack = false,
    .request_rst_by_sequence = false,
    .keeps_offered_window = false,
    .checks_end_sequence = false,
    .linux_states = false,
};

constexpr ReceiverProfile kFreebsd = [] {
  ReceiverProfile p = kRfc7323;
  p.name = "freebsd";
  p.description = "FreeBSD 13 (tcp_do_segment); macOS and OpenBSD are near";
  p.zero_is_unset = true;
  p.half_space_is_old = true;
  p.answers_only_data = true;
  p.update_needs_overlap = true;
  p.update_needs_newer = false;
  return p;
}();

constexpr ReceiverProfile kLinux36 = [] {
  ReceiverProfile p = kRfc7323;
  p.name = "linux-3.6";
  p.description = "Linux up to 3.8: TS.Recent moves before the ACK test, no rate limit";
  p.window_ticks = 1;
  p.zero_is_unset = true;
  p.replay_ticks_per_second = 1024;
  p.requires_tsopt = false;
  p.linux_states = true;
  return p;
}();

constexpr ReceiverProfile kLinux510 = [] {
  ReceiverProfile p = kLinux36;
  p.name = "linux-5.10";
  p.description = "Linux 3.9 to 6.0";
  p.dup_ack_rate_limited = true;
  p.update_before_ack_check = false;
  return p;
}();

constexpr ReceiverProfile kLinux61 = [] {
  ReceiverProfile p = kLinux510;
  p.name = "linux-6.1";
  p.description = "Linux 6.1 to 6.3 (6.1.192: an old ACK may move TS.Recent)";
  p.update_on_old_ack = true;
  p.takes_crossed_syn_ack = true;
  p.request_rst_by_sequence = true;
  return p;
}();

constexpr ReceiverProfile kLinux66 = [] {
  ReceiverProfile p = kLinux61;
  p.name = "linux-6.6";
  p.description = "Linux 6.4 to 6.6: challenge ACK for a SYN with an old TSval";
  p.challenge_old_syn = true;
  p.zero_window_is_update = true;  // from 6.6 on
  return p;
}();

constexpr ReceiverProfile kLinux612 = [] {
  ReceiverProfile p = kLinux66;
  p.name = "linux-6.12";
  p.description = "Linux 6.7 to 6.13: TS.Recent counts for 2147 s only, microsecond timestamps";
  p.idle_seconds = kPawsWrap;
  p.replay_ticks_per_second = 1200;
  return p;
}();

constexpr ReceiverProfile kLinux618 = [] {
  ReceiverProfile p = kLinux612;
  p.name = "linux-6.18";
  p.description = "Linux 6.14 to 7.1: stale pure ACKs are dropped in silence";
  p.silent_old_ack = true;
  p.checks_syn_recv_tsecr = true;
  p.checks_end_sequence = true;
  p.update_on_old_ack = false;  // 6.18.44; the backport that 6.1.192 and 6.12.117 have is not there
  return p;
}();

constexpr ReceiverProfile kLinux72 = [] {
  ReceiverProfile p = kLinux618;
  p.name = "linux-7.2";
  p.description = "Linux 7.2 and later: an old ACK may move TS.Recent";
  p.update_on_old_ack = true;
  p.keeps_offered_window = true;
  return p;
}();

constexpr std::array kProfiles{kRfc7323,  kLinux36,  kLinux510, kLinux61, kLinux66,
                               kLinux612, kLinux618, kLinux72,  kFreebsd};

/// The first release with a profile's rules, as major * 1000 + minor.
struct LinuxRelease {
  unsigned since;
  const ReceiverProfile* profile;
};
constexpr std::array kReleases{
    LinuxRelease{0, &kProfiles[1]},    LinuxRelease{3009, &kProfiles[2]}, LinuxRelease{6001, &kProfiles[3]},
    LinuxRelease{6004, &kProfiles[4]}, LinuxRelease{6007, &kProfiles[5]}, LinuxRelease{6014, &kProfiles[6]},
    LinuxRelease{7002, &kProfiles[7]},
};

}  // namespace

std::span<const ReceiverProfile> receiver_profiles() { return kProfiles; }

const ReceiverProfile& default_profile() { return kProfiles[6]; }

const ReceiverProfile* find_profile(std::string_view name) {
  for (const ReceiverProfile& profile : kProfiles)
    if (profile.name == name) return &profile;
  constexpr std::string_view kPrefix = "linux-";
  if (!name.starts_with(kPrefix)) return nullptr;
  const char* const end = name.data() + name.size();
  unsigned major = 0, minor = 0;
  auto [dot, error] = std::from_chars(name.data() + kPrefix.size(), end, major);
  if (error != std::errc{} || dot == end || *dot != '.') return nullptr;
  auto [rest, error2] = std::from_chars(dot + 1, end, minor);
  if (error2 != std::errc{} || rest != end || major > 99 || minor > 999) return nullptr;
  const ReceiverProfile* found = nullptr;
  for (const LinuxRelease& release : kReleases)
    if (major * 1000 + minor >= release.since) found = release.profile;
  return found;
}

}  // namespace tsaudit

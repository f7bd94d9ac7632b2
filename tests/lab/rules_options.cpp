// SPDX-License-Identifier: Apache-2.0
// A TSopt that is not there, not whole, or there twice: tcp_parse_options().
#include <netinet/in.h>
#include <sys/socket.h>

#include "rule_tests.h"

namespace lab {
namespace {

const char* const kTaken = "taken";
const char* const kPaws = "TCP_RFC7323_PAWS";
constexpr int64_t kFar = 500'000;

Bytes ts_option(uint32_t val, uint32_t ecr, uint8_t length = 10) {
  Bytes option = {8, length};
  for (const uint32_t word : {val, ecr})
    for (int shift = 24; shift >= 0; shift -= 8) option.push_back(static_cast<uint8_t>(word >> shift));
  return option;
}

/// CONFIG_TCP_AO: does the kernel know the socket option?
bool has_tcp_ao() {
  constexpr int kTcpAoInfo = 40;  // newer than our headers
  const UniqueFd fd(must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "TCP socket"));
  char info[64] = {};
  socklen_t size = sizeof info;
  return getsockopt(fd.get(), IPPROTO_TCP, kTcpAoInfo, info, &size) == 0 || errno != ENOPROTOOPT;
}

Segment with_options(Ghost& g, std::initializer_list<Bytes> options) {
  Segment s = g.next(kAck | kPsh, 50);
  s.ts.reset();
  for (const Bytes& option : options) s.raw_options.insert(s.raw_options.end(), option.begin(), option.end());
  return s;
}

void missing(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  Segment s = g.next(kAck | kPsh, 50);
  s.ts.reset();
  t.advance(g, s, "1/V14 data without TSopt", kTaken);
  s = g.next();
  s.ts.reset();
  t.send(g, s, "1 pure ACK without TSopt", kTaken);
  t.expect_ts_recent(g, "1 TS.Recent stays", g.ts_recent);
  s = g.next(kAck | kFin);
  s.ts.reset();
  t.advance(g, s, "1 FIN without TSopt", kTaken);
}

void malformed(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  const Bytes nop = {1, 1}, end = {0, 0};
  const Bytes old = ts_option(g.ts_recent - kFar, g.peer_tsval), fresh = ts_option(g.ts_recent, g.peer_tsval);
  auto take = [&](const Segment& s, const char* rule) { t.advance(g, s, rule, kTaken); };
  take(with_options(g, {nop, ts_option(g.ts_recent - kFar, 0, 9)}), "1 TSopt of length 9, far back");
  take(with_options(g, {nop, ts_option(g.ts_recent - kFar, 0, 11), {1}}), "1 TSopt of length 11, far back");
  take(with_options(g, {end, old}), "1 TSopt behind the end of options, far back");
  take(with_options(g, {old, fresh}), "2 two TSopts, the last counts: fresh");
  t.send(g, with_options(g, {fresh, old}), "9c two TSopts, the last counts: far back", kPaws);
  t.send(g, with_options(g, {old, nop}), "9c TSopt before NOPs, far back", kPaws);
  t.send(g, with_options(g, {{1}, old, {1}}), "9c TSopt at an odd place, far back", kPaws);
}

/// An option list that cannot be walked to its end. tcp_parse_options() stops there and goes on without
/// TSopt; a kernel with TCP-AO looks for a signature first and refuses the segment.
void broken_list(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  const bool signatures = has_tcp_ao();
  const uint32_t old = g.ts_recent - kFar;
  auto test = [&](std::initializer_list<Bytes> options, const char* rule) {
    const Segment s = with_options(g, options);
    if (signatures)
      t.send(g, s, rule, "TCP_AUTH_HDR");
    else
      t.advance(g, s, rule, kTaken);
  };
  test({{1, 1}, ts_option(old, 0, 30)}, "1 TSopt longer than the header, far back");
  test({{1, 1}, ts_option(old, 0, 1)}, "1 TSopt of length 1, far back");
  test({{254, 0, 1, 1}, ts_option(old, 0), {1, 1}}, "1 TSopt behind an option of length 0, far back");
}

void not_negotiated(RuleTests& t) {
  auto options = t.options();
  options.timestamps = false;
  Ghost g(t.lab(), options);
  g.connect();
  Segment s = g.next(kAck | kPsh, 50);
  s.ts = Timestamps{5, 0};
  t.advance(g, s, "1 TSopt never negotiated", kTaken);
  s = g.next(kAck | kPsh, 50);
  s.ts = Timestamps{0x80000001, 0};
  t.advance(g, s, "1 TSopt never negotiated, a wild value", kTaken);
}

constexpr RuleTest kTests[] = {{"missing", missing},
                               {"malformed", malformed},
                               {"broken-list", broken_list},
                               {"not-negotiated", not_negotiated}};

}  // namespace

std::span<const RuleTest> option_tests() { return kTests; }

}  // namespace lab

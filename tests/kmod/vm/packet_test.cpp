// SPDX-License-Identifier: Apache-2.0
//
// Single packets through a machine that forwards: what comes out, byte by byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "rig.h"
#include "segment.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

constexpr uint32_t kOffset = 0x89abcdef;
const Bytes kNop{1};
const Bytes kSack{5, 10, 0, 0, 0, 1, 0, 0, 0, 2};

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes bytes;
  for (const Bytes& part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

Bytes padded(Bytes options) {
  while (options.size() % 4) options.push_back(0);
  return options;
}

// The left host's end has the offset, in the middle.
class Packet : public testing::TestWithParam<int> {
 protected:
  // One chain for all of them: making it takes longer than most of them do.
  static void SetUpTestSuite() {
    chain_ = std::make_unique<Chain>();
    for (const Namespace* end : {&chain_->left, &chain_->right}) {
      // So that the neighbours are known, and no real socket answers.
      end->exec(
          "nft add table inet quiet; nft add chain inet quiet in \"{ type filter hook input priority 0; }\"; "
          "nft add rule inet quiet in tcp flags != 0 drop");
    }
    chain_->left.exec("ping -c1 -W5 10.0.2.2 >/dev/null && ping -6 -c1 -W5 fd02::2 >/dev/null");
  }
  static void TearDownTestSuite() { chain_.reset(); }

  void SetUp() override {
    const bool v6 = GetParam() == 6;
    local_ = tsoffset::parse_address(v6 ? "[fd01::2]:4000" : "10.0.1.2:4000");
    remote_ = tsoffset::parse_address(v6 ? "[fd02::2]:443" : "10.0.2.2:443");
    // The same connections again and again: what is new to the last entry is new to this one too.
    chain_->middle.kernel().flush(true);
    before_ = chain_->middle.stats();
    Entry entry = entry_of(local_, remote_);
    entry.offset = kOffset;
    chain_->middle.kernel().store({entry}, false);
    left_.emplace(chain_->left, "middle");
    right_.emplace(chain_->right, "middle");
  }

  Segment outgoing(const Bytes& options) const {
    Segment segment;
    segment.source = local_;
    segment.destination = remote_;
    segment.options = options;
    segment.payload = {'d', 'a', 't', 'a', '!'};
    return segment;
  }
  Segment incoming(const Bytes& options) const {
    Segment segment = outgoing(options);
    std::swap(segment.source, segment.destination);
    return segment;
  }

  // Sends it from the one end, and gives what the other one sees.
  std::optional<Segment> through(Segment segment) {
    segment.seq = ++number_;
    const bool out = segment.source == local_;
    (out ? *left_ : *right_).send(segment);
    auto seen = (out ? *right_ : *left_).receive([&](const Segment& s) { return s.seq == number_; });
    EXPECT_TRUE(seen.has_value()) << "it did not arrive";
    return seen;
  }

  void expect(const Segment& segment, const Bytes& options, const std::string& what) {
    const auto seen = through(segment);
    if (!seen) return;
    EXPECT_EQ(seen->options, padded(options)) << what;
    EXPECT_EQ(seen->payload, segment.payload) << what;
    EXPECT_EQ(seen->flags, segment.flags) << what;
    EXPECT_TRUE(seen->checksum_valid) << what;
  }
  void expect_untouched(const Segment& segment, const std::string& what) {
    expect(segment, segment.options, what);
  }

  uint64_t counted(const char* name) { return chain_->middle.stats().at(name) - before_.at(name); }

  static inline std::unique_ptr<Chain> chain_;
  std::map<std::string, uint64_t> before_;
  tsoffset::Address local_, remote_;
  std::optional<Wire> left_, right_;
  static inline uint32_t number_ = 100;
};

TEST_P(Packet, ShiftsTsvalOutAndTsecrIn) {
  expect(outgoing(join({kNop, kNop, timestamps(1000, 7)})), join({kNop, kNop, timestamps(1000 + kOffset, 7)}),
         "out");
  expect(incoming(join({kNop, kNop, timestamps(9, 1000 + kOffset)})), join({kNop, kNop, timestamps(9, 1000)}),
         "in");
  expect_untouched(incoming(timestamps(9, 0)), "an echo of nothing");
  Segment no_ack = incoming(timestamps(9, 5));
  no_ack.flags = kPsh;
  expect_untouched(no_ack, "no ACK, so no echo");
  EXPECT_EQ(counted("out"), 1u);
  EXPECT_EQ(counted("in"), 1u);
}

TEST_P(Packet, WrapsAroundZero) {
  expect(outgoing(timestamps(0xffffffff, 0xffffffff)), timestamps(kOffset - 1, 0xffffffff), "out");
  expect(incoming(timestamps(1, kOffset - 1)), timestamps(1, 0xffffffff), "in");
}

TEST_P(Packet, AnyAlignmentAndTheVeryEnd) {
  for (size_t nops = 0; nops <= 30; nops++) {
    const Bytes before(nops, 1);
    expect(outgoing(join({before, timestamps(0x01fe02fd, 3)})),
           join({before, timestamps(0x01fe02fd + kOffset, 3)}), std::to_string(nops) + " NOPs, out");
    expect(incoming(join({before, timestamps(3, 0x01fe02fd)})),
           join({before, timestamps(3, 0x01fe02fd - kOffset)}), std::to_string(nops) + " NOPs, in");
  }
}

TEST_P(Packet, AmongOtherOptions) {
  const auto around = [](const Bytes& ts) { return join({kNop, kNop, kSack, kNop, kNop, ts}); };
  expect(outgoing(around(timestamps(5, 6))), around(timestamps(5 + kOffset, 6)), "behind SACK");
  expect(outgoing(join({timestamps(5, 6), kNop, kNop, kSack})),
         join({timestamps(5 + kOffset, 6), kNop, kNop, kSack}), "before SACK");
  expect(outgoing(join({timestamps(5, 6), timestamps(7, 8)})),
         join({timestamps(5 + kOffset, 6), timestamps(7, 8)}), "the first of two");
}

TEST_P(Packet, EveryKindOfSegment) {
  for (const int flags : {int{kSyn}, kSyn | kAck, int{kAck}, kFin | kAck, kRst | kAck}) {
    // A SYN after other segments is another connection's: so a new entry for each.
    Entry entry = entry_of(local_, remote_);
    entry.offset = kOffset;
    chain_->middle.kernel().flush(true);
    chain_->middle.kernel().store({entry}, false);
    Segment segment = outgoing(timestamps(5, 6));
    segment.flags = static_cast<uint8_t>(flags);
    expect(segment, timestamps(5 + kOffset, 6), "flags " + std::to_string(flags));
    segment.payload.clear();
    expect(segment, timestamps(5 + kOffset, 6), "no data, flags " + std::to_string(flags));
  }
}

TEST_P(Packet, OddOnesPassUntouchedAndAreCounted) {
  expect_untouched(outgoing({}), "no options");
  expect_untouched(outgoing(kSack), "other options");
  EXPECT_EQ(counted("no_option"), 2u);
  expect_untouched(outgoing(join({{3, 0}, timestamps(1, 2)})), "length 0");
  expect_untouched(outgoing(join({{3, 1}, timestamps(1, 2)})), "length 1");
  expect_untouched(outgoing(join({{3, 39}, timestamps(1, 2)})), "beyond the end");
  expect_untouched(outgoing({1, 1, 1, 8}), "no room for the length");
  EXPECT_EQ(counted("malformed"), 4u);
  // The header claims more than the packet has: nobody forwards the bytes behind it for us to look at.
  Segment beyond = outgoing(timestamps(1, 2));
  beyond.payload.clear();
  beyond.data_offset = 15;
  expect_untouched(beyond, "data offset beyond the packet");
  EXPECT_EQ(counted("malformed"), 5u);
  Segment small = outgoing(timestamps(1, 2));
  small.data_offset = 4;
  const auto seen = through(small);
  ASSERT_TRUE(seen.has_value());
  EXPECT_TRUE(seen->checksum_valid);
  EXPECT_EQ(counted("malformed"), 6u);
  EXPECT_EQ(counted("out"), 0u);
}

TEST_P(Packet, OthersConnectionsPassUntouched) {
  Segment other_port = outgoing(timestamps(5, 6));
  other_port.source.port++;
  left_->send(other_port);
  const auto seen =
      right_->receive([&](const Segment& s) { return s.source.port == other_port.source.port; });
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->options, padded(timestamps(5, 6)));
  EXPECT_EQ(counted("out") + counted("no_option"), 0u);
}

TEST_P(Packet, AFragmentPassesUntouchedAndIsCounted) {
  Segment first = outgoing(timestamps(5, 6));
  first.payload.resize(48);
  first.fragment = GetParam() == 6 ? 0x0001 : 0x2000;  // more fragments follow
  first.seq = 99;
  // As a fragment it may be held back for reassembly, or go on: the count says that it was looked at.
  left_->send(first);
  EXPECT_TRUE(wait_for([&] { return counted("fragment") >= 1; }, 3));
  EXPECT_EQ(counted("out"), 0u);
}

TEST_P(Packet, ATapKeepsWhatItHadSeen) {
  // A packet socket on the device of arrival holds the same buffer: it must not change under its eyes.
  Wire tap(chain_->middle, "right");
  expect(incoming(timestamps(9, 1000 + kOffset)), timestamps(9, 1000), "in");
  const auto seen = tap.receive([&](const Segment& s) { return s.seq == number_; });
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->options, padded(timestamps(9, 1000 + kOffset)));
  EXPECT_TRUE(seen->checksum_valid);
}

TEST_P(Packet, BothEndsInTheTable) {
  Entry reverse = entry_of(remote_, local_);
  reverse.offset = 0x1111;
  chain_->middle.kernel().store({reverse}, false);
  expect(outgoing(timestamps(100, 0x5000)), timestamps(100 + kOffset, 0x5000 - 0x1111), "out");
  expect(incoming(timestamps(100, 0x5000)), timestamps(100 + 0x1111, 0x5000 - kOffset), "in");
}

TEST_P(Packet, ExtensionHeaders) {
  if (GetParam() != 6) GTEST_SKIP() << "IPv6 has these";
  Segment segment = outgoing(timestamps(5, 6));
  // Hop-by-hop with padding, then destination options with padding.
  segment.extension_type = 0;
  segment.extension = {60, 0, 1, 4, 0, 0, 0, 0, 6, 1, 1, 4, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 1, 0};
  expect(segment, timestamps(5 + kOffset, 6), "out");
  Segment back = incoming(timestamps(5, 6));
  back.extension_type = 60;
  back.extension = {6, 0, 1, 4, 0, 0, 0, 0};
  expect(back, timestamps(5, 6 - kOffset), "in");
}

INSTANTIATE_TEST_SUITE_P(Ip, Packet, testing::Values(4, 6),
                         [](const auto& param) { return "V" + std::to_string(param.param); });

}  // namespace

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <optional>
#include <random>

#include "unit/decode/craft.h"
#include "unit/decode/properties.h"

namespace tsaudit {
namespace {

using namespace craft;
using testing::ElementsAre;

Decoded with_options(const Bytes& options, uint8_t flags = kAck) {
  return decode_bytes(ipv4(6, tcp(options, flags)), 101);
}
Segment decoded(const Bytes& options, uint8_t flags = kAck) {
  const Decoded d = with_options(options, flags);
  EXPECT_EQ(d.status, DecodeStatus::segment);
  return d.segment;
}
std::vector<std::pair<uint32_t, uint32_t>> blocks_of(const Decoded& d) {
  std::array<SackBlock, 4> blocks;
  std::vector<std::pair<uint32_t, uint32_t>> out;
  const int count = sack_blocks(d.segment, blocks);
  for (int i = 0; i < count; ++i) out.emplace_back(blocks[i].left.raw, blocks[i].right.raw);
  return out;
}

TEST(TcpOptions, None) {
  const Segment s = decoded({});
  EXPECT_EQ(s.ts, TsOption::absent);
  EXPECT_FALSE(s.options_malformed);
  EXPECT_EQ(s.window_scale, Segment::kNoWindowScale);
}

TEST(TcpOptions, SynOfLinux) {
  const Segment s = decoded(hex("020405b4 0402 080a 00000064 00000000 01 030307"), kSyn);
  EXPECT_EQ(s.ts, TsOption::present);
  EXPECT_EQ(s.tsval.raw, 100u);
  EXPECT_EQ(s.tsecr.raw, 0u);
  EXPECT_TRUE(s.sack_permitted);
  EXPECT_EQ(s.window_scale, 7);
  EXPECT_EQ(s.end_seq(), s.seq + 6);  // SYN and five bytes
}

TEST(TcpOptions, NegotiationCountsOnSynOnly) {
  const Segment s = decoded(hex("0402 030307 01 01 01"), kAck);
  EXPECT_FALSE(s.sack_permitted);
  EXPECT_EQ(s.window_scale, Segment::kNoWindowScale);
}

TEST(TcpOptions, MptcpCountsOnSynOnly) {
  EXPECT_TRUE(decoded(hex("1e040000"), kSyn).mptcp);
  EXPECT_TRUE(decoded(hex("0101 1e0c0000 0011223344556677 0101"), kSyn | kAck).mptcp);
  EXPECT_FALSE(decoded(hex("1e080000 11223344"), kAck).mptcp);
  EXPECT_FALSE(decoded(hex("0402 0101"), kSyn).mptcp);
}

TEST(TcpOptions, WindowScaleIsClamped) {
  EXPECT_EQ(decoded(hex("03030e 01"), kSyn).window_scale, 14);
  EXPECT_EQ(decoded(hex("03030f 01"), kSyn).window_scale, 14);
  EXPECT_EQ(decoded(hex("0303ff 01"), kSyn).window_scale, 14);
}

TEST(TcpOptions, WrongLengthsAreSteppedOver) {
  const Segment s =
      decoded(hex("03020000") + hex("040300 01") + hex("0101080a 00000005 00000006"), kSyn | kAck);
  // 03 02: no shift; then an end of list.
  EXPECT_EQ(s.window_scale, Segment::kNoWindowScale);
  EXPECT_EQ(s.ts, TsOption::absent);
  const Segment t = decoded(hex("0302 040300 01 01 01") + hex("0101080a 00000005 00000006"), kSyn | kAck);
  EXPECT_FALSE(t.sack_permitted);
  EXPECT_EQ(t.tsval.raw, 5u);
  EXPECT_FALSE(t.options_malformed);
}

TEST(TcpOptions, TimestampAtOddOffset) {
  const Segment s = decoded(hex("080a 01020304 05060708 01 01"));
  EXPECT_EQ(s.ts, TsOption::present);
  EXPECT_EQ(s.tsval.raw, 0x01020304u);
  EXPECT_EQ(s.tsecr.raw, 0x05060708u);
}

TEST(TcpOptions, TimestampOfAnotherLengthIsMalformed) {
  const Segment s = decoded(hex("0101 0809 01020304 050607 00 0000"));
  EXPECT_EQ(s.ts, TsOption::malformed);
  EXPECT_FALSE(s.has_ts());
  EXPECT_FALSE(s.options_malformed);
}

TEST(TcpOptions, AGoodTimestampOutweighsABadOne) {
  const Segment s = decoded(hex("0803 01 01 080a 01020304 05060708 01 01"));
  EXPECT_EQ(s.ts, TsOption::present);
  EXPECT_EQ(s.tsval.raw, 0x01020304u);
}

TEST(TcpOptions, TheLastOfTwoTimestampsCounts) {
  const Segment s = decoded(hex("0101080a 00000001 00000002 0101080a 00000003 00000004"));
  EXPECT_EQ(s.ts, TsOption::duplicated);
  EXPECT_TRUE(s.has_ts());
  EXPECT_EQ(s.tsval.raw, 3u);
  EXPECT_EQ(s.tsecr.raw, 4u);
}

TEST(TcpOptions, LengthBelowTwoEndsTheWalk) {
  for (const char* length : {"00", "01"}) {
    const Segment s = decoded(hex("05") + hex(length) + hex("0101 080a 00000001 00000002 0101"));
    EXPECT_TRUE(s.options_malformed);
    EXPECT_EQ(s.ts, TsOption::absent);
  }
}

TEST(TcpOptions, LengthBeyondTheHeaderEndsTheWalk) {
  const Segment s = decoded(hex("080a 00000001 00000002 fe03"));  // one byte too long
  EXPECT_TRUE(s.options_malformed);
  EXPECT_EQ(s.tsval.raw, 1u);
  const Segment t = decoded(hex("01 01 080a 00000001"));  // half a TSopt at the end of the header
  EXPECT_TRUE(t.options_malformed);
  EXPECT_EQ(t.ts, TsOption::malformed);
}

TEST(TcpOptions, KindWithoutLengthEndsTheWalk) {
  EXPECT_TRUE(decoded(hex("010101fe")).options_malformed);
  EXPECT_EQ(decoded(hex("01010108")).ts, TsOption::malformed);
}

TEST(TcpOptions, NothingCountsBehindTheEndOfTheList) {
  const Segment s = decoded(hex("00 01 080a 00000001 00000002"));
  EXPECT_EQ(s.ts, TsOption::absent);
  EXPECT_FALSE(s.options_malformed);
}

TEST(TcpOptions, CutBeforeATimestampIsCut) {
  const Bytes packet = ipv4(6, tcp(hex("0101050a 11111111 22222222 0101080a 00000001 00000002")));
  const auto at = [&](size_t options) { return decode_bytes(packet, 101, 40 + options).segment; };
  EXPECT_EQ(at(0).ts, TsOption::cut);
  EXPECT_EQ(at(11).ts, TsOption::cut);  // in the SACK option
  EXPECT_FALSE(at(11).has_sack);
  EXPECT_EQ(at(12).ts, TsOption::cut);
  EXPECT_TRUE(at(12).has_sack);
  EXPECT_EQ(at(23).ts, TsOption::cut);  // in TSecr
  EXPECT_EQ(at(24).ts, TsOption::present);
  EXPECT_FALSE(at(0).options_malformed);
}

TEST(TcpOptions, CutBehindATimestampOrTheEndOfTheListIsNot) {
  const Bytes ts_first = ipv4(6, tcp(hex("080a 00000001 00000002 050a 11111111 22222222")));
  EXPECT_EQ(decode_bytes(ts_first, 101, 40 + 11).segment.ts, TsOption::present);
  const Bytes ended = ipv4(6, tcp(hex("01 00 0000 00000000")));
  EXPECT_EQ(decode_bytes(ended, 101, 40 + 2).segment.ts, TsOption::absent);
}

TEST(SackBlocks, InOptionOrder) {
  const Decoded d = with_options(hex("0101 0512 00000010 00000020 00000030 00000040"));
  EXPECT_TRUE(d.segment.has_sack);
  EXPECT_THAT(blocks_of(d), ElementsAre(std::pair(0x10, 0x20), std::pair(0x30, 0x40)));
}

TEST(SackBlocks, FourFillTheHeader) {
  Bytes options = hex("0101 0522");
  for (uint32_t i = 0; i < 8; ++i) options = options + u32(i);
  EXPECT_THAT(blocks_of(with_options(options)),
              ElementsAre(std::pair(0, 1), std::pair(2, 3), std::pair(4, 5), std::pair(6, 7)));
}

TEST(SackBlocks, OfOddLengthAreNone) {
  for (const char* options : {"0509 00000010 000000 010101", "0502 0101", "050b 00000010 00000020 00 01"}) {
    const Decoded d = with_options(hex(options));
    EXPECT_FALSE(d.segment.has_sack) << options;
    EXPECT_THAT(blocks_of(d), ElementsAre());
  }
}

TEST(SackBlocks, TheLastOfTwoOptionsCounts) {
  EXPECT_THAT(blocks_of(with_options(hex("050a 00000010 00000020 050a 00000030 00000040"))),
              ElementsAre(std::pair(0x30, 0x40)));
}

/// Another reading of the rules, slow and with nothing in common but them.
struct Naive {
  int timestamps = 0;
  bool bad_timestamp = false, malformed = false, cut = false, sack_permitted = false;
  uint32_t tsval = 0, tsecr = 0;
  std::optional<int> shift;
  std::vector<std::pair<uint32_t, uint32_t>> sack;

  Naive(const Bytes& options, size_t captured, bool syn) {
    const auto word = [&](size_t i) {
      return static_cast<uint32_t>(options[i] << 24 | options[i + 1] << 16 | options[i + 2] << 8 |
                                   options[i + 3]);
    };
    for (size_t i = 0; i < options.size();) {
      if (i >= captured) {
        cut = true;
        return;
      }
      if (options[i] == 0) return;
      if (options[i] == 1) {
        i += 1;
        continue;
      }
      if (i + 1 >= options.size()) {
        malformed = true;
        bad_timestamp |= options[i] == 8;
        return;
      }
      if (i + 1 >= captured) {
        cut = true;
        return;
      }
      const size_t size = options[i + 1];
      if (size < 2 || i + size > options.size()) {
        malformed = true;
        bad_timestamp |= options[i] == 8;
        return;
      }
      if (i + size > captured) {
        cut = true;
        return;
      }
      if (options[i] == 8 && size == 10) {
        ++timestamps;
        tsval = word(i + 2);
        tsecr = word(i + 6);
      }
      if (options[i] == 8 && size != 10) bad_timestamp = true;
      if (options[i] == 3 && size == 3 && syn) shift = std::min<int>(options[i + 2], 14);
      if (options[i] == 4 && size == 2 && syn) sack_permitted = true;
      if (options[i] == 5 && (size == 10 || size == 18 || size == 26 || size == 34)) {
        sack.clear();
        for (size_t edge = i + 2; edge < i + size; edge += 8) sack.emplace_back(word(edge), word(edge + 4));
      }
      i += size;
    }
  }
  TsOption ts() const {
    if (timestamps != 0) return timestamps == 1 ? TsOption::present : TsOption::duplicated;
    return cut ? TsOption::cut : bad_timestamp ? TsOption::malformed : TsOption::absent;
  }
};

Bytes random_options(std::mt19937& random) {
  const auto below = [&random](uint32_t limit) { return random() % limit; };
  const size_t size = below(11) * 4;
  Bytes options;
  while (options.size() < size) {
    const uint8_t kinds[] = {0, 1, 1, 2, 3, 4, 5, 8, 8, 8, 30, 254};
    const uint8_t lengths[] = {2, 2, 3, 4, 10, 10, 10, 18, 34, 0, 1, 9, 11, 40};
    const uint8_t kind = kinds[below(12)];
    options.push_back(kind);
    if (kind <= 1) continue;
    // The right length three times in four.
    const uint8_t right = kind == 2 ? 4 : kind == 3 ? 3 : kind == 4 ? 2 : 10;
    const uint8_t length = below(4) != 0 ? right : lengths[below(14)];
    options.push_back(length);
    for (int i = 2; i < length; ++i) options.push_back(static_cast<uint8_t>(random()));
  }
  options.resize(size);
  return options;
}

TEST(TcpOptions, RandomListsAsANaiveReaderReadsThem) {
  std::mt19937 random(7323);
  int seen[5] = {};
  for (int round = 0; round < 200'000; ++round) {
    const Bytes options = random_options(random);
    const bool syn = random() % 2;
    const size_t captured = random() % 3 == 0 ? random() % (options.size() + 1) : options.size();
    const Naive naive(options, captured, syn);
    const Decoded d = decode_bytes(ipv4(6, tcp(options, syn ? kSyn : kAck)), 101, 40 + captured);
    ASSERT_EQ(broken_property(d.packet), nullptr);
    const Segment& s = d.segment;
    ASSERT_EQ(s.ts, naive.ts()) << testing::PrintToString(options) << " captured " << captured;
    ++seen[static_cast<int>(s.ts)];
    ASSERT_EQ(s.tsval.raw, naive.tsval);
    ASSERT_EQ(s.tsecr.raw, naive.tsecr);
    ASSERT_EQ(s.options_malformed, naive.malformed);
    ASSERT_EQ(s.sack_permitted, naive.sack_permitted);
    ASSERT_EQ(s.window_scale, naive.shift.value_or(Segment::kNoWindowScale));
    ASSERT_EQ(blocks_of(d), naive.sack);
  }
  for (const int count : seen) EXPECT_GT(count, 1000) << "the generator makes too few of one kind";
}

}  // namespace
}  // namespace tsaudit

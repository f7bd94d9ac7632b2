// SPDX-License-Identifier: Apache-2.0
// Arithmetic on the 2^32 circle against arithmetic on plain integers, and addresses as text.
#include "tsaudit/types.h"

#include <gtest/gtest.h>

#include <random>

namespace tsaudit {
namespace {

/// How far ahead `to` is, by walking: the number d in -2^31 .. 2^31-1 with from + d == to (mod 2^32).
int64_t walked(uint32_t from, uint32_t to) {
  const int64_t circle = int64_t{1} << 32;
  int64_t d = (int64_t{to} - int64_t{from} + circle) % circle;
  if (d >= circle / 2) d -= circle;
  return d;
}

void expect_as_walked(uint32_t a, uint32_t b) {
  const TsVal x{a}, y{b};
  const int64_t d = walked(a, b);
  ASSERT_EQ(distance(x, y), d) << a << " " << b;
  ASSERT_EQ(before(x, y), walked(b, a) < 0) << a << " " << b;
  ASSERT_EQ(after(x, y), d < 0) << a << " " << b;
  ASSERT_EQ((x + static_cast<uint32_t>(d)).raw, b);
  ASSERT_EQ((y - static_cast<uint32_t>(d)).raw, a);
  if (d == INT32_MIN) {
    ASSERT_TRUE(before(x, y) && before(y, x)) << "as in the kernel: at half the circle both hold";
  } else {
    ASSERT_EQ((a == b) + before(x, y) + after(x, y), 1) << a << " " << b;
    ASSERT_EQ(distance(y, x), -d);
  }
}

TEST(Serial32, IsAsTheCircleAtEveryEdge) {
  const uint32_t edges[] = {0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
  for (const uint32_t base : edges)
    for (const uint32_t ahead : edges) {
      expect_as_walked(base, base + ahead);
      expect_as_walked(base, ahead);
    }
}

TEST(Serial32, IsAsTheCircleAtRandom) {
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t a = static_cast<uint32_t>(random()),
                   near = static_cast<uint32_t>(random()) >> (random() % 32);
    expect_as_walked(a, a + near);
    expect_as_walked(a, a - near);
    expect_as_walked(a, a + 0x80000000u + near);
  }
}

TEST(Serial32, OrderSurvivesTheWrap) {
  SeqNum at{0xfffffff0};
  for (int i = 0; i < 64; ++i, at = at + 1) {
    EXPECT_TRUE(before(at, at + 1));
    EXPECT_TRUE(after(at + 1, at));
    EXPECT_FALSE(before(at, at));
  }
  EXPECT_EQ(at.raw, 0x30u);
}

TEST(IpAddress, TextComesBack) {
  for (const char* text :
       {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3:4"}) {
    IpAddress address;
    ASSERT_TRUE(parse_ip(text, address)) << text;
    EXPECT_EQ(to_string(address), text);
    EXPECT_EQ(address.v6, std::string_view(text).find(':') != std::string_view::npos);
  }
  IpAddress v4, mapped;
  ASSERT_TRUE(parse_ip("192.0.2.1", v4) && parse_ip("::ffff:192.0.2.1", mapped));
  EXPECT_NE(v4, mapped) << "another address family is another host";
}

TEST(IpAddress, WhatIsNoAddressIsRefused) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.4:80", "12345::", "::1%lo", "host", " ::1"}) {
    IpAddress address;
    EXPECT_FALSE(parse_ip(text, address)) << text;
  }
}

TEST(Endpoint, HasItsPortBehindIt) {
  IpAddress v4, v6;
  ASSERT_TRUE(parse_ip("10.0.0.1", v4) && parse_ip("2001:db8::1", v6));
  EXPECT_EQ(to_string(Endpoint{v4, 443}), "10.0.0.1:443");
  EXPECT_EQ(to_string(Endpoint{v6, 65535}), "[2001:db8::1]:65535");
}

TEST(MacAddress, IsSixPairs) { EXPECT_EQ(mac_to_string(0x02'00'5e'10'00'ff), "02:00:5e:10:00:ff"); }

}  // namespace
}  // namespace tsaudit

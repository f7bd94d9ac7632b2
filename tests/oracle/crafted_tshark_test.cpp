// SPDX-License-Identifier: Apache-2.0
// Oracle: tshark on the packets of the unit tests. They were written by whoever wrote the decoder, and a
// misread specification would be in both; tshark was not.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "tshark.h"
#include "unit/decode/encapsulations.h"

namespace tsaudit::oracle {
namespace {

/// What tshark 4.0 does not decode by itself.
const std::map<std::string_view, std::string_view> kNotInTshark = {
    {"null_ipv6_linux", "knows the AF_INET6 of the BSDs only"},
    {"mpls_pseudo_wire_other_vendor", "looks for Ethernet only where the first nibble is zero"},
    {"nflog_big_endian", "reads the byte order from a preference"},
    {"vxlan_8472", "knows the assigned port only"},
    {"capwap_80211", "swaps frame control bytes by a preference, which is on"},
};

void write_pcap(const std::filesystem::path& path, uint16_t link_type,
                const std::vector<craft::Bytes>& packets) {
  std::ofstream file(path, std::ios::binary);
  const auto put = [&file](std::initializer_list<uint32_t> words) {
    for (const uint32_t word : words) file.write(reinterpret_cast<const char*>(&word), sizeof word);
  };
  put({0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, link_type});
  for (const craft::Bytes& packet : packets) {
    const auto size = static_cast<uint32_t>(packet.size());
    put({1, 0, size, size});
    file.write(reinterpret_cast<const char*>(packet.data()), size);
  }
}

TEST(CraftedLikeTshark, EveryEncapsulation) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed";
  std::map<uint16_t, std::vector<const craft::Case*>> by_link_type;  // a pcap file has one
  for (const craft::Case& c : craft::kEncapsulations) by_link_type[c.link_type].push_back(&c);

  const auto path = std::filesystem::temp_directory_path() / ("tsaudit-crafted-" + std::to_string(getpid()));
  for (const auto& [link_type, cases] : by_link_type) {
    std::vector<craft::Bytes> packets;
    for (const craft::Case* c : cases) packets.push_back(c->packet);
    write_pcap(path, link_type, packets);
    const std::map<uint64_t, Seen> theirs = ask_tshark(path);
    ASSERT_EQ(theirs.size(), cases.size()) << "link type " << link_type;
    for (size_t i = 0; i < cases.size(); ++i) {
      DecodeStatus status{};
      const Seen ours = as_we_decode(craft::decode_bytes(packets[i], link_type).packet, status);
      if (const auto missing = kNotInTshark.find(cases[i]->name); missing != kNotInTshark.end())
        EXPECT_NE(ours, theirs.at(i + 1)) << cases[i]->name << " need not be excused: " << missing->second;
      else
        EXPECT_EQ(ours, theirs.at(i + 1)) << cases[i]->name;
    }
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tsaudit::oracle

// SPDX-License-Identifier: Apache-2.0
#include "criu_images.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tsoffset {
namespace {

// Protobuf and CRIU's frame around it, written anew and not with what is tested.
std::string number(uint64_t value) {
  std::string bytes;
  do {
    const uint64_t rest = value >> 7;
    bytes += static_cast<char>((value & 0x7f) | (rest ? 0x80 : 0));
    value = rest;
  } while (value);
  return bytes;
}
std::string field(unsigned id, uint64_t value) { return number(id << 3) + number(value); }
std::string field(unsigned id, const std::string& bytes) {
  return number(id << 3 | 2) + number(bytes.size()) + bytes;
}
std::string word(uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }
std::string framed(const std::string& message) {
  return word(static_cast<uint32_t>(message.size())) + message;
}

std::string address(unsigned id, const std::string& text) {
  const Address address = parse_address(text);
  std::string bytes;
  for (size_t at = 0; at < address.size(); at += 4) {
    uint32_t value;
    std::memcpy(&value, &address.bytes[at], 4);
    bytes += field(id, value);
  }
  return bytes;
}

// An entry of files.img, with other fields around those that count.
std::string inet_socket(uint32_t ino, const std::string& local, const std::string& remote,
                        int protocol = IPPROTO_TCP) {
  const Address from = parse_address(local), to = parse_address(remote);
  const std::string socket = field(1, 7) + field(2, ino) + field(3, static_cast<unsigned>(from.family)) +
                             field(4, 1) + field(5, static_cast<unsigned>(protocol)) + field(6, 1) +
                             field(7, from.port) + field(8, to.port) + field(9, 2050) + field(10, 0) +
                             address(11, local) + address(12, remote) + field(13, field(1, 0)) +
                             field(14, field(1, 46080));
  return framed(field(1, 3) + field(2, 7) + field(4, socket));
}

std::string regular_file() {
  return framed(field(1, 1) + field(2, 1) + field(3, field(1, 1) + field(7, "dev/null")));
}

std::string stream(std::optional<uint32_t> timestamp,
                   unsigned options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK) {
  return word(0x54564319) + word(0x51465506) +
         framed(field(1, 3) + field(2, 4000000000) + field(3, 5) + field(4, 17) + field(5, options) +
                field(6, 7) + field(7, 1460) + field(8, 7) + (timestamp ? field(9, *timestamp) : "") +
                field(10, 0) + field(11, 1)) +
         "queued!!";
}

class CriuImages : public testing::Test {
 protected:
  void SetUp() override {
    folder =
        testing::TempDir() + "criu_images." + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
  }
  void write_files(const std::string& entries) {
    write("files.img", word(0x54564319) + word(0x56303138) + entries);
  }
  std::string read(const std::string& name) {
    std::ifstream file(folder + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string error() {
    try {
      read_dump(folder);
      return "none";
    } catch (const UsageError& error) {
      return error.what();
    }
  }

  std::string folder;
};

TEST_F(CriuImages, ConnectionsOfBothFamilies) {
  write_files(regular_file() + inet_socket(0xab1, "10.0.0.1:40000", "10.0.0.2:443") + regular_file() +
              inet_socket(0xab2, "[2001:db8::1]:1", "[2001:db8::2]:65535"));
  write("tcp-stream-ab1.img", stream(4294967295));
  write("tcp-stream-ab2.img", stream(0));
  const auto found = read_dump(folder);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(to_string(found[0].local), "10.0.0.1:40000");
  EXPECT_EQ(to_string(found[0].remote), "10.0.0.2:443");
  EXPECT_EQ(found[0].timestamp, 4294967295u);
  EXPECT_EQ(to_string(found[1].local), "[2001:db8::1]:1");
  EXPECT_EQ(to_string(found[1].remote), "[2001:db8::2]:65535");
  EXPECT_EQ(found[1].timestamp, 0u);
}

TEST_F(CriuImages, MappedAddressesAreIpv4OnTheWire) {
  // A socket of IPv6 that talks IPv4: ::ffff:10.0.0.1
  std::string mapped;
  for (const uint32_t value : {0u, 0u, htonl(0xffff), htonl(0x0a000001)}) mapped += field(11, value);
  for (const uint32_t value : {0u, 0u, htonl(0xffff), htonl(0x0a000002)}) mapped += field(12, value);
  write_files(framed(field(1, 3) + field(2, 1) +
                     field(4, field(2, 5) + field(3, AF_INET6) + field(5, IPPROTO_TCP) + field(7, 80) +
                                  field(8, 9) + mapped)));
  write("tcp-stream-5.img", stream(6));
  const auto found = read_dump(folder);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(to_string(found[0].local), "10.0.0.1:80");
  EXPECT_EQ(to_string(found[0].remote), "10.0.0.2:9");
}

TEST_F(CriuImages, LeavesOutWhatHasNoTimestamps) {
  write_files(inet_socket(1, "10.0.0.1:1", "10.0.0.2:1") + inet_socket(2, "10.0.0.1:2", "10.0.0.2:2") +
              inet_socket(3, "10.0.0.1:3", "10.0.0.2:3", IPPROTO_UDP) +
              inet_socket(4, "10.0.0.1:4", "10.0.0.2:4"));
  write("tcp-stream-1.img", stream({}, TCPI_OPT_SACK));  // not negotiated
  write("tcp-stream-4.img", stream({}));                 // negotiated, and the image does not tell
  const auto found = read_dump(folder);                  // 2 is a listener, 3 is UDP
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].local.port, 4);
  EXPECT_FALSE(found[0].timestamp);
}

TEST_F(CriuImages, ErrorsNameFileAndByte) {
  EXPECT_EQ(error(), folder + "/files.img: No such file or directory");
  write("files.img", word(0x54564319) + word(0x51465506));
  EXPECT_EQ(error(), folder + "/files.img: byte 8: not the CRIU image that its name says");
  write_files(framed("\x0f"));
  EXPECT_EQ(error(), folder + "/files.img: byte 13: no such protobuf wire type");
  write_files(framed(std::string(11, '\xff')));
  EXPECT_EQ(error(), folder + "/files.img: byte 22: a number is too long");
}

TEST_F(CriuImages, EveryCutIsAnErrorOrFewerConnections) {
  const std::string entry = inet_socket(1, "10.0.0.1:1", "10.0.0.2:1"), image = stream(12345);
  write_files(entry);
  const size_t message = image.size() - 8;
  for (size_t size = 0; size < message; size++) {
    write("tcp-stream-1.img", image.substr(0, size));
    EXPECT_NE(error().find("tcp-stream-1.img: byte "), std::string::npos) << size << ": " << error();
  }
  write("tcp-stream-1.img", image);
  for (size_t size = 1; size < entry.size(); size++) {
    write_files(entry.substr(0, size));
    EXPECT_NE(error().find("the image is cut"), std::string::npos) << size << ": " << error();
  }
}

TEST_F(CriuImages, EvenTimestampsLeaveAllElse) {
  write_files(inet_socket(1, "10.0.0.1:1", "10.0.0.2:1") + inet_socket(2, "10.0.0.1:2", "10.0.0.2:2") +
              inet_socket(3, "10.0.0.1:3", "10.0.0.2:3") + inet_socket(4, "10.0.0.1:4", "10.0.0.2:4") +
              inet_socket(5, "10.0.0.1:5", "10.0.0.2:5"));
  write("tcp-stream-1.img", stream(12344));
  write("tcp-stream-2.img", stream(12345));
  write("tcp-stream-3.img", stream(16383));       // the next needs a byte more
  write("tcp-stream-4.img", stream(4294967295));  // and this wraps
  write("tcp-stream-5.img", stream({}));
  EXPECT_EQ(make_timestamps_even(folder), 3u);
  EXPECT_EQ(read("tcp-stream-1.img"), stream(12344));
  EXPECT_EQ(read("tcp-stream-2.img"), stream(12346));
  EXPECT_EQ(read("tcp-stream-3.img"), stream(16384));
  EXPECT_EQ(read("tcp-stream-4.img"), stream(0));
  EXPECT_EQ(read("tcp-stream-5.img"), stream({}));
  EXPECT_EQ(make_timestamps_even(folder), 0u);
}

}  // namespace
}  // namespace tsoffset

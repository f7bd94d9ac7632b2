// SPDX-License-Identifier: Apache-2.0
// Captures that gzip, zstd or LZ4 packed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Bytes gzip(const Bytes& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(deflateBound(&stream, plain.size()));
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}
Bytes zstd(const Bytes& plain) {
  Bytes packed(ZSTD_compressBound(plain.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  return packed;
}
Bytes lz4(const Bytes& plain) {
  Bytes packed(LZ4F_compressFrameBound(plain.size(), nullptr));
  packed.resize(LZ4F_compressFrame(packed.data(), packed.size(), plain.data(), plain.size(), nullptr));
  return packed;
}

struct Packer {
  const char* name;
  Bytes (*pack)(const Bytes&);
};
void PrintTo(const Packer& packer, std::ostream* out) { *out << packer.name; }

/// More than the buffers hold, and not much smaller when it is packed.
Bytes large_capture() {
  Writer file = pcap_header();
  uint32_t noise = 1;
  for (uint32_t i = 0; i < 3000; ++i) {
    Bytes packet(1000);
    for (uint8_t& byte : packet) byte = static_cast<uint8_t>((noise = noise * 1664525 + 1013904223) >> 24);
    pcap_record(file, i, 0, packet);
  }
  return file;
}

class Packed : public testing::TestWithParam<Packer> {
 protected:
  Bytes pack(const Bytes& plain) const { return GetParam().pack(plain); }
  Read read(const Bytes& file) const {
    return read_all(open_capture(directory_.file("x.pcap.packed", file)));
  }
  TempDirectory directory_;
};

TEST_P(Packed, ReadsAsWhatIsInIt) {
  const Bytes plain = large_capture();
  const Bytes packed = pack(plain);
  const Read expected = read(plain);
  const Read unpacked = read(packed);
  ASSERT_FALSE(unpacked.refused) << unpacked.message();
  EXPECT_FALSE(unpacked.info().error) << unpacked.message();
  ASSERT_EQ(unpacked.packets.size(), 3000u);
  for (size_t i = 0; i < 3000; ++i) ASSERT_EQ(unpacked.packets[i].data, expected.packets[i].data) << i;
  EXPECT_EQ(unpacked.info().format, "pcap");
  EXPECT_EQ(unpacked.info().bytes, packed.size());
  EXPECT_EQ(unpacked.info().file_size, packed.size());
}

TEST_P(Packed, PiecesOneAfterTheOtherAreOne) {
  const Bytes plain = large_capture();
  Bytes packed = pack({plain.begin(), plain.begin() + 100'001});
  const Bytes rest = pack({plain.begin() + 100'001, plain.end()});
  packed.insert(packed.end(), rest.begin(), rest.end());
  const Read unpacked = read(packed);
  EXPECT_FALSE(unpacked.info().error) << unpacked.message();
  EXPECT_EQ(unpacked.packets.size(), 3000u);
}

TEST_P(Packed, GivesWhatComesBeforeACut) {
  Bytes packed = pack(large_capture());
  packed.resize(packed.size() / 2);
  const Read unpacked = read(packed);
  EXPECT_GT(unpacked.packets.size(), 1300u);
  EXPECT_TRUE(unpacked.info().truncated);
  EXPECT_EQ(unpacked.info().error.value().code, Errc::truncated);
  EXPECT_THAT(unpacked.message(),
              HasSubstr(".packed: at byte " + std::to_string(packed.size()) + ": cut short"));
}

TEST_P(Packed, SaysWhereItIsDamaged) {
  Bytes packed = pack(large_capture());
  const char tail[] = "this is none of it";
  packed.insert(packed.end(), std::begin(tail), std::end(tail));
  const Read unpacked = read(packed);
  EXPECT_EQ(unpacked.packets.size(), 3000u);
  EXPECT_EQ(unpacked.info().error.value().code, Errc::corrupt);
  EXPECT_THAT(unpacked.message(), HasSubstr("what is packed is damaged"));
}

TEST_P(Packed, IsUnpackedOnce) {
  const Read twice = read(pack(pack(large_capture())));
  ASSERT_TRUE(twice.refused);
  EXPECT_EQ(twice.refused->code, Errc::compressed);
}

TEST_P(Packed, MayHoldWhatIsNoCapture) {
  const Bytes text(100, 'x');
  EXPECT_THAT(read(pack(text)).message(), HasSubstr("text, not a capture"));
  EXPECT_THAT(read(pack({})).message(), HasSubstr("empty"));
}

/// What is wrong within is at a byte of what was packed.
TEST_P(Packed, TellsTheTwoOffsetsApart) {
  Bytes plain = large_capture();
  plain.pop_back();
  const Read unpacked = read(pack(plain));
  EXPECT_EQ(unpacked.packets.size(), 2999u);
  EXPECT_THAT(unpacked.message(),
              HasSubstr(".packed (unpacked): at byte 3047008, after frame 2999: cut short"));
}

INSTANTIATE_TEST_SUITE_P(By, Packed,
                         testing::Values(Packer{"gzip", gzip}, Packer{"zstd", zstd}, Packer{"lz4", lz4}),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace tsaudit::source

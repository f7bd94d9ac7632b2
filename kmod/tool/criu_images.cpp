// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "criu_images.h"

#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace tsoffset {
namespace {

// CRIU: criu/include/magic.h
constexpr uint32_t kCommonMagic = 0x54564319, kFilesMagic = 0x56303138, kTcpStreamMagic = 0x51465506;
// CRIU: images/fdinfo.proto, sk-inet.proto and tcp-stream.proto
constexpr uint64_t kFileInetSocket = 4;
enum InetSocketField {
  kIno = 2,
  kFamily = 3,
  kProtocol = 5,
  kSourcePort = 7,
  kPeerPort = 8,
  kSource = 11,
  kPeer = 12
};
enum TcpStreamField { kOptions = 5, kTimestamp = 9 };

// A protobuf message, or a run of bytes of it. Numbers wherever reading stops.
class Reader {
 public:
  Reader(const std::string& file, std::string_view bytes, size_t at = 0)
      : file_(file), bytes_(bytes), at_(at) {}

  bool empty() const { return bytes_.empty(); }

  [[noreturn]] void fail(const char* what) const {
    throw UsageError(fmt::format("{}: byte {}: {}", file_, at_, what));
  }

  Reader take(uint64_t size) {
    if (size > bytes_.size()) fail("the image is cut");
    const Reader part(file_, bytes_.substr(0, size), at_);
    bytes_.remove_prefix(size);
    at_ += size;
    return part;
  }

  uint32_t u32() {
    uint32_t value = 0;  // the byte order of the machine, which is CRIU's too
    std::memcpy(&value, take(sizeof value).bytes_.data(), sizeof value);
    return value;
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(take(1).bytes_[0]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    fail("a number is too long");
  }

  // put(field, value, bytes) for each field: the value of a number, the bytes of all else.
  template <typename Put>
  void fields(Put put) {
    while (!empty()) {
      const uint64_t key = varint();
      const Reader none(file_, {}, at_);
      switch (key & 7) {
        case 0: {
          const uint64_t value = varint();
          put(key >> 3, value, none);
          break;
        }
        case 1:
          put(key >> 3, uint64_t{0}, take(8));
          break;
        case 2: {
          const uint64_t size = varint();
          put(key >> 3, uint64_t{0}, take(size));
          break;
        }
        case 5:
          put(key >> 3, uint64_t{0}, take(4));
          break;
        default:
          fail("no such protobuf wire type");
      }
    }
  }

 private:
  const std::string& file_;
  std::string_view bytes_;
  size_t at_;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(fmt::format("{}: {}", path, std::strerror(errno)));
  return {std::istreambuf_iterator<char>(file), {}};
}

// The messages of an image; what follows them is the caller's.
Reader open_image(const std::string& path, const std::string& bytes, uint32_t magic) {
  Reader reader(path, bytes);
  if (reader.u32() != kCommonMagic || reader.u32() != magic)
    reader.fail("not the CRIU image that its name says");
  return reader;
}

using Words = std::vector<uint32_t>;

// Addresses are words as they lie in memory.
Address address(const Reader& where, uint64_t family, const Words& words, uint64_t port) {
  Address result;
  const size_t count = family == AF_INET ? 1 : 4;
  if ((family != AF_INET && family != AF_INET6) || words.size() != count || port > UINT16_MAX)
    where.fail("not an address of the Internet");
  result.port = static_cast<uint16_t>(port);
  const auto* bytes = reinterpret_cast<const uint8_t*>(words.data());
  in6_addr v6;
  if (family == AF_INET6) {
    std::memcpy(&v6, bytes, sizeof v6);
    if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
      result.family = AF_INET6;
      std::copy_n(bytes, 16, result.bytes.begin());
      return result;
    }
    bytes += 12;  // on the wire it is IPv4
  }
  std::copy_n(bytes, 4, result.bytes.begin());
  return result;
}

void read_stream(const std::string& path, DumpedConnection connection,
                 std::vector<DumpedConnection>& connections) {
  const std::string bytes = read_file(path);
  Reader image = open_image(path, bytes, kTcpStreamMagic);
  uint64_t options = 0;
  const uint32_t size = image.u32();
  image.take(size).fields([&](uint64_t field, uint64_t value, const Reader&) {
    if (field == kOptions) options = value;
    if (field == kTimestamp) connection.timestamp = static_cast<uint32_t>(value);
  });
  if (options & TCPI_OPT_TIMESTAMPS) connections.push_back(connection);
}

void read_socket(const std::string& folder, Reader socket, std::vector<DumpedConnection>& connections) {
  uint64_t ino = 0, family = 0, protocol = 0, port = 0, peer_port = 0;
  Words source, peer;
  const Reader start = socket;
  socket.fields([&](uint64_t field, uint64_t value, Reader bytes) {
    const auto put = [&](Words& words) {
      if (bytes.empty()) words.push_back(static_cast<uint32_t>(value));
      while (!bytes.empty()) words.push_back(static_cast<uint32_t>(bytes.varint()));  // packed
    };
    switch (field) {
      case kIno:
        ino = value;
        break;
      case kFamily:
        family = value;
        break;
      case kProtocol:
        protocol = value;
        break;
      case kSourcePort:
        port = value;
        break;
      case kPeerPort:
        peer_port = value;
        break;
      case kSource:
        put(source);
        break;
      case kPeer:
        put(peer);
        break;
      default:
        break;
    }
  });
  if (protocol != IPPROTO_TCP) return;
  // A listener has no such image, a connection that was not dumped neither.
  const std::string path = fmt::format("{}/tcp-stream-{:x}.img", folder, ino);
  if (!std::ifstream(path)) return;
  read_stream(path, {address(start, family, source, port), address(start, family, peer, peer_port), {}},
              connections);
}

}  // namespace

std::vector<DumpedConnection> read_dump(const std::string& folder) {
  const std::string path = folder + "/files.img";
  const std::string bytes = read_file(path);
  Reader image = open_image(path, bytes, kFilesMagic);
  std::vector<DumpedConnection> connections;
  while (!image.empty()) {
    const uint32_t size = image.u32();
    image.take(size).fields([&](uint64_t field, uint64_t, const Reader& value) {
      if (field == kFileInetSocket) read_socket(folder, value, connections);
    });
  }
  return connections;
}

}  // namespace tsoffset

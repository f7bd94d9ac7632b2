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
  size_t at() const { return at_; }

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

  // put(field, value, bytes) for each field: the value of a number, the bytes of all else. bytes.at() is
  // where the number or the bytes begin.
  template <typename Put>
  void fields(Put put) {
    while (!empty()) {
      const uint64_t key = varint();
      const Reader here(file_, {}, at_);
      switch (key & 7) {
        case 0: {
          const uint64_t value = varint();
          put(key >> 3, value, here);
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

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
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

struct Stream {
  std::string path;
  std::string bytes;  // of the image
  uint32_t size = 0;  // of its message, what is queued follows
  bool timestamps = false;
  std::optional<uint32_t> timestamp;
  size_t timestamp_at = 0, timestamp_size = 0;  // of the number, in `bytes`
};
constexpr size_t kSize = 8;  // where the image tells the size of its first message

Stream read_stream(const std::string& path) {
  Stream stream;
  stream.path = path;
  stream.bytes = read_file(path);
  Reader image = open_image(path, stream.bytes, kTcpStreamMagic);
  stream.size = image.u32();
  image.take(stream.size).fields([&](uint64_t field, uint64_t value, const Reader& place) {
    if (field == kOptions) stream.timestamps = value & TCPI_OPT_TIMESTAMPS;
    if (field != kTimestamp) return;
    stream.timestamp = static_cast<uint32_t>(value);
    stream.timestamp_at = place.at();
    stream.timestamp_size = varint(value).size();
  });
  return stream;
}

// put(local, remote, stream) for a TCP connection with timestamps.
template <typename Put>
void read_socket(const std::string& folder, Reader socket, Put put) {
  uint64_t ino = 0, family = 0, protocol = 0, port = 0, peer_port = 0;
  Words source, peer;
  const Reader start = socket;
  socket.fields([&](uint64_t field, uint64_t value, Reader bytes) {
    const auto add = [&](Words& words) {
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
        add(source);
        break;
      case kPeer:
        add(peer);
        break;
      default:
        break;
    }
  });
  if (protocol != IPPROTO_TCP) return;
  // A listener has no such image, a connection that was not dumped neither.
  const std::string path = fmt::format("{}/tcp-stream-{:x}.img", folder, ino);
  if (!std::ifstream(path)) return;
  Stream stream = read_stream(path);
  if (!stream.timestamps) return;
  put(address(start, family, source, port), address(start, family, peer, peer_port), stream);
}

template <typename Put>
void for_each_connection(const std::string& folder, Put put) {
  const std::string path = folder + "/files.img";
  const std::string bytes = read_file(path);
  Reader image = open_image(path, bytes, kFilesMagic);
  while (!image.empty()) {
    const uint32_t size = image.u32();
    image.take(size).fields([&](uint64_t field, uint64_t, const Reader& value) {
      if (field == kFileInetSocket) read_socket(folder, value, put);
    });
  }
}

// In one step, so that there is a whole image at any time.
void replace_file(const std::string& path, const std::string& bytes) {
  const std::string next = path + ".new";
  std::ofstream file(next, std::ios::binary);
  file << bytes;
  file.close();
  if (!file || std::rename(next.c_str(), path.c_str()) != 0)
    throw UsageError(fmt::format("{}: {}", next, std::strerror(errno)));
}

}  // namespace

std::vector<DumpedConnection> read_dump(const std::string& folder) {
  std::vector<DumpedConnection> connections;
  for_each_connection(folder, [&](const Address& local, const Address& remote, const Stream& stream) {
    connections.push_back({local, remote, stream.timestamp});
  });
  return connections;
}

size_t make_timestamps_even(const std::string& folder) {
  size_t changed = 0;
  for_each_connection(folder, [&](const Address&, const Address&, Stream& stream) {
    if (!stream.timestamp || !(*stream.timestamp & 1)) return;
    const std::string even = varint(*stream.timestamp + 1);
    const auto size = static_cast<uint32_t>(stream.size + even.size() - stream.timestamp_size);
    stream.bytes.replace(stream.timestamp_at, stream.timestamp_size, even);
    std::memcpy(&stream.bytes[kSize], &size, sizeof size);
    replace_file(stream.path, stream.bytes);
    changed++;
  });
  return changed;
}

}  // namespace tsoffset

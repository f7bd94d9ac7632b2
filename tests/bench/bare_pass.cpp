// SPDX-License-Identifier: Apache-2.0
// The floor: read() into a 256 KB buffer (measured as fast as mmap), parse in place, update the table.
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "pass.h"

namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr size_t kFileHeader = 24, kRecordHeader = 16;

int fail(const char* path, const char* what) {
  std::fprintf(stderr, "bare_pass: %s: %s\n", path, what);
  return 1;
}

uint32_t host32(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail("usage", "bare_pass FILE");
  const int file = open(argv[1], O_RDONLY);
  if (file < 0) return fail(argv[1], "cannot be opened");
  std::vector<uint8_t> buffer(kBuffer);
  size_t begin = 0, end = 0;
  // Makes `size` bytes available at `begin`, if the file has them.
  const auto need = [&](size_t size) {
    if (end - begin >= size) return true;
    std::memmove(buffer.data(), &buffer[begin], end - begin);
    end -= begin;
    begin = 0;
    while (end < size) {
      const ssize_t got = read(file, &buffer[end], buffer.size() - end);
      if (got <= 0) return false;
      end += static_cast<size_t>(got);
    }
    return true;
  };

  if (!need(kFileHeader) || host32(buffer.data()) != 0xa1b23c4d)
    return fail(argv[1], "not a pcap of this kind");
  begin += kFileHeader;
  pass::FlowTable flows;
  pass::Segment segment;
  uint64_t packets = 0;
  while (need(kRecordHeader)) {
    const size_t captured = host32(&buffer[begin + 8]);
    if (captured > kBuffer - kRecordHeader || !need(kRecordHeader + captured))
      return fail(argv[1], "cut or corrupt");
    if (pass::parse({&buffer[begin + kRecordHeader], captured}, segment)) flows.update(segment);
    begin += kRecordHeader + captured;
    ++packets;
  }
  flows.print(packets);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Copies a pcapng file block by block.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "source/bytes.h"
#include "source/input.h"

namespace tsaudit::annotate_detail {

class PcapngCopy {
 public:
  /// Both must outlive it; `in` stands at the begin.
  PcapngCopy(source::Input& in, std::FILE* out) : in_(in), out_(out) {}

  /// Copies the blocks before `offset`. False at the end of what can be read.
  bool up_to(uint64_t offset);
  /// Copies the block that is next with these comments. False if it cannot hold any; it is copied as it is.
  bool with_comments(std::span<const std::string> comments);
  /// The rest, until the end or the first block that is not whole.
  void rest();

 private:
  bool read(uint8_t* to, size_t count);
  bool read_block();
  void write_block();
  void begin_section();
  void end_section();

  source::Input& in_;
  std::FILE* out_;
  std::vector<uint8_t> block_;
  source::ByteOrder order_ = source::ByteOrder::little;
  uint64_t offset_ = 0;  ///< in `in`, of the next block
  // Of the section whose length is stated: what has to be added to it, and where it is written.
  bool section_stated_ = false;
  source::ByteOrder section_order_ = source::ByteOrder::little;
  uint64_t section_length_ = 0, section_grown_ = 0, section_at_ = 0;
};

}  // namespace tsaudit::annotate_detail

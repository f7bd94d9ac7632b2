// SPDX-License-Identifier: Apache-2.0
// Undoes, piece by piece, what gzip, zstd or LZ4 made of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tsaudit::source {

class Unpacker {
 public:
  virtual ~Unpacker() = default;

  struct Step {
    size_t taken = 0;                        ///< bytes of `packed`
    size_t given = 0;                        ///< bytes at `out`
    std::optional<std::string> damage = {};  ///< what is wrong with the bytes after these
  };
  /// Takes and gives what it can. All of `packed` taken, or `out` full, is not the end: what is left within
  /// comes with the next step.
  virtual Step step(std::span<const uint8_t> packed, std::span<uint8_t> out) = 0;
  /// May the file end here?
  virtual bool complete() const = 0;

  /// For a file that begins with these bytes; null: it is none of the three.
  static std::unique_ptr<Unpacker> of(std::span<const uint8_t> begin);
};

}  // namespace tsaudit::source

// SPDX-License-Identifier: Apache-2.0
#include "source/unpacker.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string_view>

namespace tsaudit::source {
namespace {

using namespace std::string_view_literals;

/// zlib counts in 32 bits.
uInt at_most(size_t size) {
  return static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

class Gzip final : public Unpacker {
 public:
  Gzip() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Step step(std::span<const uint8_t> packed, std::span<uint8_t> out) override {
    if (complete_ && !packed.empty()) {  // gzip files may be put one after the other
      inflateReset(&stream_);
      complete_ = false;
    }
    stream_.next_in = const_cast<Bytef*>(packed.data());  // zlib does not write to it
    stream_.avail_in = at_most(packed.size());
    stream_.next_out = out.data();
    stream_.avail_out = at_most(out.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    Step step{static_cast<size_t>(stream_.next_in - packed.data()),
              static_cast<size_t>(stream_.next_out - out.data())};
    complete_ = complete_ || status == Z_STREAM_END;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      step.damage = stream_.msg != nullptr ? stream_.msg : zError(status);
    return step;
  }
  bool complete() const override { return complete_; }

 private:
  z_stream stream_{};
  bool complete_ = false;
};

class Zstd final : public Unpacker {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  Step step(std::span<const uint8_t> packed, std::span<uint8_t> out) override {
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer made{out.data(), out.size(), 0};
    const size_t rest = ZSTD_decompressStream(stream_.get(), &made, &in);
    Step step{in.pos, made.pos};
    if (ZSTD_isError(rest)) {
      step.damage = ZSTD_getErrorName(rest);
    } else if (in.pos != 0 || made.pos != 0) {
      complete_ = rest == 0;
    }
    return step;
  }
  bool complete() const override { return complete_; }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  bool complete_ = false;
};

class Lz4 final : public Unpacker {
 public:
  Lz4() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
  }

  Step step(std::span<const uint8_t> packed, std::span<uint8_t> out) override {
    Step step{packed.size(), out.size()};
    const size_t rest =
        LZ4F_decompress(context_.get(), out.data(), &step.given, packed.data(), &step.taken, nullptr);
    if (LZ4F_isError(rest)) return {0, 0, LZ4F_getErrorName(rest)};
    if (step.taken != 0 || step.given != 0) complete_ = rest == 0;
    return step;
  }
  bool complete() const override { return complete_; }

 private:
  struct Free {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
  };
  std::unique_ptr<LZ4F_dctx, Free> context_;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> Unpacker::of(std::span<const uint8_t> begin) {
  const std::string_view bytes(reinterpret_cast<const char*>(begin.data()), begin.size());
  if (bytes.starts_with("\x1f\x8b"sv)) return std::make_unique<Gzip>();
  if (bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return std::make_unique<Zstd>();
  if (bytes.starts_with("\x04\x22\x4d\x18"sv)) return std::make_unique<Lz4>();
  return nullptr;
}

}  // namespace tsaudit::source

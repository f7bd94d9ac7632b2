// SPDX-License-Identifier: Apache-2.0
// Our own reader of files: a buffer below, a format above.
#include <cerrno>
#include <cstring>

#include "source/capture_reader.h"
#include "source/format.h"
#include "source/input.h"

namespace tsaudit::source {
namespace {

class CaptureFile final : public CaptureReader {
 public:
  CaptureFile(std::string path, Input input, std::unique_ptr<FormatReader> format, const OpenOptions& options,
              CaptureInfo& info)
      : path_(std::move(path)),
        input_(std::move(input)),
        format_(std::move(format)),
        info_(info),
        output_(info, options.max_packet) {}

  /// The packets point into the buffer, so it is refilled only when there are none to deliver.
  std::span<RawPacket> next_batch() override {
    output_.clear();
    while (!finished_) {
      Window window(input_.unread(), input_.offset());
      const Result<size_t> need = format_->read(window, output_);
      input_.consume(window.offset() - input_.offset());
      info_.bytes = input_.file_offset();
      // An error is met again next time: it has consumed nothing.
      if (!output_.packets().empty()) return output_.packets();
      if (!need) {
        stop(need.error());
      } else if (!refill(*need)) {
        break;
      }
    }
    return {};
  }

  bool finished() const override { return finished_; }
  uint64_t frames() const override { return output_.frames(); }

 private:
  bool refill(size_t need) {
    switch (input_.fill(need)) {
      case Input::Fill::more:
        return true;
      case Input::Fill::interrupted:
        return false;  // the caller may want to stop
      case Input::Fill::failed:
        info_.truncated = input_.why().code == Errc::truncated;
        stop(input_.why(), false);
        return false;
      case Input::Fill::end:
        break;
    }
    const Window rest(input_.unread(), input_.offset());
    if (rest.size() != 0) {
      info_.truncated = true;
      stop(error_at(rest, output_, Errc::truncated, "cut short, {} of {} bytes of a record are there",
                    rest.size(), need));
    }
    finished_ = true;
    return false;
  }

  void stop(const Error& error, bool of_contents = true) {
    const char* const unpacked = of_contents && input_.is_packed() ? " (unpacked)" : "";
    info_.error = Error{error.code, fmt::format("{}{}: {}", path_, unpacked, error.message)};
    finished_ = true;
  }

  const std::string path_;
  Input input_;
  std::unique_ptr<FormatReader> format_;
  CaptureInfo& info_;
  Output output_;
  bool finished_ = false;
};

/// Reads as much as it takes to tell the format.
Result<std::unique_ptr<FormatReader>> find_format(Input& input) {
  for (bool at_end = false;;) {
    Window window(input.unread(), input.offset());
    Result<Recognised> found = recognise(window, at_end);
    if (!found && found.error().code == Errc::compressed && input.unpack()) {
      at_end = false;
      continue;
    }
    if (!found) return found.error();
    input.consume(window.offset() - input.offset());
    if (found->reader) return std::move(found->reader);
    switch (input.fill(found->need)) {
      case Input::Fill::more:
        break;
      case Input::Fill::end:
        at_end = true;
        break;
      case Input::Fill::interrupted:
        return Error{Errc::read_failed, std::strerror(EINTR)};
      case Input::Fill::failed:
        return input.why();
    }
  }
}

}  // namespace

OpenedReader open_file(const std::string& path, const OpenOptions& options, CaptureInfo& info) {
  const auto fail = [&](const Error& error) {
    return Error{error.code, fmt::format("{}: {}", path, error.message)};
  };
  Result<Input> input = Input::open(path);
  if (!input) return fail(input.error());
  Result<std::unique_ptr<FormatReader>> format = find_format(*input);
  if (!format) return fail(format.error());
  info.format = (*format)->name();
  info.file_size = input->file_size();
  return OpenedReader(
      std::make_unique<CaptureFile>(path, *std::move(input), *std::move(format), options, info));
}

}  // namespace tsaudit::source

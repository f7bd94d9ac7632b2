// SPDX-License-Identifier: Apache-2.0
// What the other stages see: one source of packets over one capture or several, read one after the other.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "source/capture_reader.h"
#include "source/filter.h"

namespace tsaudit {
namespace {

using namespace source;
using Open = OpenedReader (*)(const std::string& path, const OpenOptions& options, CaptureInfo& info);

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

class CaptureSet final : public PacketSource {
 public:
  CaptureSet(Open open, const OpenOptions& options, Filter filter)
      : open_(open), options_(options), filter_(std::move(filter)) {}

  /// Readers hold references to their CaptureInfo: add all before the first is opened. One that has an error
  /// is listed, and not read.
  void add(const std::string& path, const std::optional<Error>& error = std::nullopt) {
    paths_.push_back(path);
    captures_.emplace_back().name = base_name(path);
    if (error) reject(captures_.back(), *error);
  }
  /// True if there is something to read now; an error is in the capture's info.
  bool open_next() {
    for (; current_ < paths_.size(); ++current_) {
      if (captures_[current_].error) continue;
      OpenedReader opened = open_(paths_[current_], options_, captures_[current_]);
      if (opened) {
        reader_ = *std::move(opened);
        return true;
      }
      reject(captures_[current_], opened.error());
    }
    return false;
  }

  std::span<const RawPacket> next_batch() override {
    while (reader_ || open_next()) {
      if (const auto packets = reader_->next_batch(); !packets.empty()) return take(packets);
      if (!reader_->finished()) break;
      frames_before_ += reader_->frames();
      reader_.reset();
      ++current_;
    }
    return {};
  }

  bool finished() const override { return !reader_ && current_ == paths_.size(); }
  const std::vector<CaptureInfo>& captures() const override { return captures_; }

 private:
  static void reject(CaptureInfo& info, const Error& error) {
    info.error = error;
    info.truncated = error.code == Errc::truncated;
  }

  std::span<const RawPacket> take(std::span<RawPacket> packets) {
    CaptureInfo& info = captures_[current_];
    packets = filter_.apply(packets, info);
    info.packets += packets.size();
    for (size_t i = 0, first = 0; i < packets.size(); ++i) {
      packets[i].frame += frames_before_;
      const bool run_ends = i + 1 == packets.size() || packets[i + 1].link_type != packets[i].link_type;
      if (!run_ends) continue;
      info.link_types[packets[i].link_type] += i + 1 - first;
      first = i + 1;
    }
    return packets;
  }

  const Open open_;
  const OpenOptions options_;
  Filter filter_;
  std::vector<std::string> paths_;
  std::vector<CaptureInfo> captures_;  ///< of paths_, in the same order
  size_t current_ = 0;
  std::unique_ptr<CaptureReader> reader_;
  uint64_t frames_before_ = 0;  ///< in the captures before the current one
};

using Opened = Result<std::unique_ptr<PacketSource>>;

Opened open_one(Open open, const std::string& path, const OpenOptions& options,
                const std::string& expression) {
  Result<Filter> filter = Filter::compile(expression);
  if (!filter) return filter.error();
  auto set = std::make_unique<CaptureSet>(open, options, *std::move(filter));
  set->add(path);
  if (!set->open_next()) return *set->captures().front().error;
  return Opened(std::move(set));
}

Open opener(const OpenOptions& options) { return options.use_libpcap ? open_file_with_libpcap : open_file; }

/// No value for a capture without packets.
Result<std::optional<TimeNs>> first_packet_time(const std::string& path, const OpenOptions& options) {
  CaptureInfo info;
  const OpenedReader reader = opener(options)(path, options, info);
  if (!reader) return reader.error();
  const auto packets = (*reader)->next_batch();
  if (packets.empty()) return std::optional<TimeNs>();
  return std::optional(packets.front().time_ns);
}

bool can_be_read_twice(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return path != "-" && (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status) ||
                         std::filesystem::is_directory(status));
}

}  // namespace

Opened open_capture(const std::string& path, const OpenOptions& options) {
  return open_one(opener(options), path, options, options.filter);
}

Opened open_live(const std::string& interface, const OpenOptions& options) {
  return open_one(open_interface, interface, options, "");  // the kernel filters
}

Opened open_captures(std::span<const std::string> paths, const OpenOptions& options) {
  if (paths.size() == 1) return open_capture(paths[0], options);
  Result<Filter> filter = Filter::compile(options.filter);
  if (!filter) return filter.error();

  struct Member {
    std::string path;
    TimeNs first = std::numeric_limits<TimeNs>::max();  ///< captures without packets come last
    std::optional<Error> error;
  };
  std::vector<Member> members;
  for (const std::string& path : paths) {
    if (!can_be_read_twice(path)) {
      return Error{Errc::unsupported,
                   fmt::format("{}: only a regular file can be one of several captures", path)};
    }
    Member& member = members.emplace_back();
    member.path = path;
    if (auto time = first_packet_time(path, options)) {
      member.first = time->value_or(member.first);
    } else {
      member.error = time.error();
    }
  }
  std::ranges::stable_sort(members, {}, &Member::first);
  if (members.empty()) return Error{Errc::cannot_open, "no capture given"};
  if (std::ranges::all_of(members, [](const Member& member) { return member.error.has_value(); })) {
    return *members.front().error;
  }
  auto set = std::make_unique<CaptureSet>(opener(options), options, *std::move(filter));
  for (const Member& member : members) set->add(member.path, member.error);
  return Opened(std::move(set));
}

}  // namespace tsaudit

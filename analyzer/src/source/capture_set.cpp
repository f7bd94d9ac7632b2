// SPDX-License-Identifier: Apache-2.0
// What the other stages see: one source of packets over one capture or several, merged by time as mergecap
// does.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <utility>

#include "source/capture_reader.h"
#include "source/filter.h"

namespace tsaudit {
namespace {

using namespace source;
using Open = OpenedReader (*)(const std::string& path, const OpenOptions& options, CaptureInfo& info);

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

/// A file is open from the time of its first packet to its last one: files that follow each other are open
/// one at a time, and only those of several capture points together.
class CaptureSet final : public PacketSource {
 public:
  CaptureSet(Open open, const OpenOptions& options, Filter filter)
      : open_(open), options_(options), filter_(std::move(filter)) {}

  /// Readers hold references to their CaptureInfo: add all before the first is opened, by the time of their
  /// first packets. One that has an error is listed, and not read.
  void add(const std::string& path, TimeNs first, const std::optional<Error>& error = std::nullopt) {
    members_.push_back({path, first});
    captures_.emplace_back().name = base_name(path);
    if (error) reject(captures_.back(), *error);
  }
  /// True if there is something to read now; an error is in the capture's info.
  bool open_next() {
    while (next_ < members_.size()) {
      const size_t index = next_++;
      CaptureInfo& info = captures_[index];
      if (info.error) continue;
      OpenedReader opened = open_(members_[index].path, options_, info);
      if (opened) {
        files_.push_back({*std::move(opened), index, {}});
        return true;
      }
      reject(info, opened.error());
    }
    return false;
  }

  std::span<const RawPacket> next_batch() override {
    if (!refill()) return {};
    for (size_t count = 0;;) {
      File& file = *std::ranges::min_element(files_, {}, &File::time);
      const std::span<const RawPacket> run = take(file, kMaxBatch - count);
      // A packet stays where its reader put it until that one goes on.
      const bool done = file.rest.empty() || count + run.size() == kMaxBatch || is_due();
      if (done && count == 0) return run;
      std::ranges::copy(run, merged_.begin() + static_cast<std::ptrdiff_t>(count));
      count += run.size();
      if (done) return {merged_.data(), count};
    }
  }

  bool finished() const override { return files_.empty() && next_ == members_.size(); }
  const std::vector<CaptureInfo>& captures() const override { return captures_; }

 private:
  struct Member {
    std::string path;
    TimeNs first;
  };
  struct File {
    std::unique_ptr<CaptureReader> reader;
    size_t index;               ///< in members_ and captures_
    std::span<RawPacket> rest;  ///< of the reader's batch
    uint64_t frames = 0;        ///< numbered so far
    TimeNs latest = std::numeric_limits<TimeNs>::min();
    TimeNs time() const { return rest.front().time_ns; }
  };

  static void reject(CaptureInfo& info, const Error& error) {
    info.error = error;
    info.truncated = error.code == Errc::truncated;
  }

  /// The next file begins before what is left of those that are open.
  bool is_due() const {
    return next_ < members_.size() && std::ranges::all_of(files_, [&](const File& file) {
             return members_[next_].first <= file.time();
           });
  }

  /// Opens what is due, closes what is at its end. False if there is nothing to read, now or at all.
  bool refill() {
    for (;;) {
      for (File& file : files_) {
        if (file.rest.empty()) file.rest = file.reader->next_batch();
        if (!file.rest.empty()) continue;
        if (!file.reader->finished()) return false;
        captures_[file.index].frames = file.reader->frames();
        frames_ += file.reader->frames() - std::exchange(file.frames, file.reader->frames());
      }
      std::erase_if(files_, [](const File& file) { return file.rest.empty(); });
      if (!is_due()) return !files_.empty();
      open_next();
    }
  }

  /// What comes before any packet of another file, at most `room`, filtered.
  std::span<const RawPacket> take(File& file, size_t room) {
    // Of equal times that of the file which was given first comes first.
    TimeNs limit = std::numeric_limits<TimeNs>::max();
    if (next_ < members_.size()) limit = members_[next_].first;
    for (const File& other : files_)
      if (&other != &file) limit = std::min(limit, other.time() - (&other < &file));
    const std::span<RawPacket> rest = file.rest.first(std::min(room, file.rest.size()));
    const uint64_t skipped = frames_ - file.frames;  // that other files have numbered
    const uint32_t point = members_.size() > 1 ? static_cast<uint32_t>(file.index + 1) << 16 : 0;
    TimeNs latest = file.latest;
    uint64_t out_of_order = 0;
    size_t size = 0;
    do {
      RawPacket& packet = rest[size++];
      out_of_order += packet.time_ns < latest && packet.time_ns != 0;
      latest = std::max(latest, packet.time_ns);
      packet.frame += skipped;
      packet.point += point;
    } while (size < rest.size() && rest[size].time_ns <= limit);
    const std::span<RawPacket> run = rest.first(size);
    frames_ = run.back().frame;
    file.frames = frames_ - skipped;
    file.latest = latest;
    file.rest = file.rest.subspan(size);

    CaptureInfo& info = captures_[file.index];
    info.out_of_order += out_of_order;
    const std::span<RawPacket> packets = filter_.apply(run, info);
    info.packets += packets.size();
    for (size_t i = 0, first = 0; i < packets.size(); ++i) {
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
  std::vector<Member> members_;
  std::vector<CaptureInfo> captures_;  ///< of members_, in the same order
  size_t next_ = 0;                    ///< the first member that has not been opened
  std::vector<File> files_;            ///< those that are open
  uint64_t frames_ = 0;
  std::array<RawPacket, kMaxBatch> merged_;
};

using Opened = Result<std::unique_ptr<PacketSource>>;

Opened open_one(Open open, const std::string& path, const OpenOptions& options,
                const std::string& expression) {
  Result<Filter> filter = Filter::compile(expression);
  if (!filter) return filter.error();
  auto set = std::make_unique<CaptureSet>(open, options, *std::move(filter));
  set->add(path, 0);
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
  for (const Member& member : members) set->add(member.path, member.first, member.error);
  return Opened(std::move(set));
}

}  // namespace tsaudit

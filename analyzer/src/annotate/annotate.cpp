// SPDX-License-Identifier: Apache-2.0
// The second pass over a capture: where the packets lie is asked of the source stage, what lies between them
// is copied as it is.
#include "tsaudit/annotate.h"

#include <fmt/format.h>

#include <map>

#include "annotate/pcapng_copy.h"
#include "source/format.h"
#include "source/pcapng_writer.h"

namespace tsaudit {
namespace {

/// The comments of one frame after the other.
class Cursor {
 public:
  explicit Cursor(const FrameComments& comments) : comments_(comments) {}
  bool at_end() const { return next_ == comments_.size(); }
  uint64_t frame() const { return comments_.frame(next_); }
  std::vector<std::string> take() {
    const uint64_t frame = this->frame();
    std::vector<std::string> texts;
    for (; !at_end() && this->frame() == frame; ++next_) texts.push_back(comments_.text(next_));
    return texts;
  }

 private:
  const FrameComments& comments_;
  size_t next_ = 0;
};

void copy_pcapng(PacketSource& source, source::Input& in, Cursor comments, std::FILE* out,
                 AnnotateResult& result) {
  annotate_detail::PcapngCopy copy(in, out);
  bool readable = true;
  while (readable && !comments.at_end()) {
    const auto batch = source.next_batch();
    if (batch.empty() && source.finished()) break;
    for (const RawPacket& packet : batch) {
      if (comments.at_end() || packet.frame < comments.frame()) continue;
      readable = copy.up_to(packet.file_offset);
      if (!readable) break;
      copy.with_comments(comments.take()) ? ++result.frames : ++result.cannot_hold;
    }
  }
  if (readable) copy.rest();
  // On to the end, to know whether the capture is whole.
  for (bool more = true; more;) more = !source.next_batch().empty() || !source.finished();
}

/// Formats without blocks. Each link type becomes an interface.
void convert(PacketSource& source, Cursor comments, std::FILE* out, AnnotateResult& result) {
  source::PcapngWriter writer(out);
  std::map<uint16_t, uint32_t> interfaces;
  writer.section({}, "tsaudit annotate");
  result.converted = true;
  while (true) {
    const auto batch = source.next_batch();
    if (batch.empty() && source.finished()) return;
    for (const RawPacket& packet : batch) {
      const bool microseconds = source.captures().front().format == "pcap";
      const auto [its, is_new] = interfaces.emplace(packet.link_type, interfaces.size());
      if (is_new) writer.interface(packet.link_type, 0, microseconds ? 6 : 9, {});
      std::vector<std::string> texts;
      if (!comments.at_end() && comments.frame() == packet.frame) {
        texts = comments.take();
        ++result.frames;
      }
      writer.packet({.interface = its->second,
                     .ticks = static_cast<uint64_t>(microseconds ? packet.time_ns / 1000 : packet.time_ns),
                     .data = {packet.data, packet.captured},
                     .length = packet.length},
                    texts);
    }
  }
}

}  // namespace

Result<AnnotateResult> annotate(const std::string& path, const FrameComments& comments, std::FILE* out) {
  auto source = open_capture(path);
  if (!source) return source.error();
  AnnotateResult result;
  if ((*source)->captures().front().format == "pcapng") {
    Result<source::Input> in = source::Input::open(path);
    if (!in) return Error{in.error().code, fmt::format("{}: {}", path, in.error().message)};
    if (in->fill(source::kMagicSize) == source::Input::Fill::more) in->unpack();
    copy_pcapng(**source, *in, Cursor(comments), out, result);
  } else {
    convert(**source, Cursor(comments), out, result);
  }
  result.captures = (*source)->captures();
  return result;
}

}  // namespace tsaudit

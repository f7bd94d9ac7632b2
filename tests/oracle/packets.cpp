// SPDX-License-Identifier: Apache-2.0
#include "packets.h"

#include <stdexcept>

namespace tsaudit::oracle {

void each_packet(const std::filesystem::path& path, const std::function<void(const RawPacket&)>& use) {
  const auto source = open_capture(path.string());
  if (!source) throw std::runtime_error(source.error().message);
  for (auto batch = (*source)->next_batch(); !batch.empty(); batch = (*source)->next_batch())
    for (const RawPacket& packet : batch) use(packet);
}

}  // namespace tsaudit::oracle

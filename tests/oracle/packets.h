// SPDX-License-Identifier: Apache-2.0
// The packets of a capture, one by one.
#pragma once

#include <filesystem>
#include <functional>

#include "tsaudit/capture.h"

namespace tsaudit::oracle {

using UsePacket = std::function<void(const RawPacket&)>;

/// By our source stage: every format. Packets before an error in mid-file are used.
void each_packet(const std::filesystem::path& path, const UsePacket& use);
/// By libpcap: no stage of ours but the one under test. False when libpcap does not know the format.
bool each_packet_of_libpcap(const std::filesystem::path& path, const UsePacket& use);

}  // namespace tsaudit::oracle

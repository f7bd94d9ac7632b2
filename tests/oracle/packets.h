// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

#include "tsaudit/capture.h"

namespace tsaudit::oracle {

/// The packets of a capture, one by one; those before an error in mid-file, too.
void each_packet(const std::filesystem::path& path, const std::function<void(const RawPacket&)>& use);

}  // namespace tsaudit::oracle

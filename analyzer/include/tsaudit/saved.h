// SPDX-License-Identifier: Apache-2.0
// An analysis that was written with --format json, read back.
#pragma once

#include <functional>
#include <string>

#include "tsaudit/analysis.h"
#include "tsaudit/error.h"

namespace tsaudit {

/// Does the file begin as a JSON document does, and no capture? False as well for what cannot be read, and for a pipe.
bool is_saved_analysis(const std::string& path);

/// Reads a document of the schema tsaudit.analysis/1. Flows come without their findings, which `findings` gets one by
/// one; both in the document's order. Memory does not grow with the number of flows. What the schema did not have in
/// earlier versions reads as 0 or absent. Errors name the file, and the byte where the JSON ends to make sense.
Result<Summary> read_saved_analysis(const std::string& path, Sink& flows,
                                    const std::function<void(Finding&&)>& findings);

}  // namespace tsaudit

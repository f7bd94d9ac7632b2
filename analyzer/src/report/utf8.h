// SPDX-License-Identifier: Apache-2.0
// Strings from outside (file names, error texts) made safe for a terminal or a JSON document.
#pragma once

#include <string>
#include <string_view>

namespace tsaudit {

/// Bytes of the well-formed UTF-8 sequence (RFC 3629) at the start of `text`; 0 when there is none.
size_t utf8_length(std::string_view text);

/// For a terminal: control characters and stray bytes as \xNN, everything else as it is. A file name
/// must not be able to move the cursor.
std::string printable(std::string_view text);

/// The inside of a JSON string (RFC 8259): escapes, and U+FFFD for each stray byte.
std::string json_escaped(std::string_view text);

/// Columns that `text` takes, one per code point. Good enough for addresses and file names.
size_t display_width(std::string_view text);

}  // namespace tsaudit

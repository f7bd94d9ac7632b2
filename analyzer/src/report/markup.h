// SPDX-License-Identifier: Apache-2.0
// Text from outside made harmless inside of the formats that other people's tools read.
#pragma once

#include <string>
#include <string_view>

namespace tsaudit {

/// Character data or an attribute value of XML 1.0: escapes, and U+FFFD for what XML cannot hold.
std::string xml_escaped(std::string_view text);

/// Message of a GitHub workflow command, and the value of one of its properties (file, title). A message must
/// not be able to end its line and begin another command.
std::string github_message(std::string_view text);
std::string github_property(std::string_view text);

/// Text within Markdown, also in a cell of a table: shown as it is.
std::string markdown_text(std::string_view text);
/// The same as a code span.
std::string markdown_code(std::string_view text);

/// A file name as a relative URI reference (RFC 3986).
std::string uri_encoded(std::string_view path);

}  // namespace tsaudit

// SPDX-License-Identifier: GPL-3.0-or-later
// The library's UTF-8 as Qt's text.
#pragma once

#include <QString>
#include <string_view>

namespace tsaudit::gui {

inline QString text_of(std::string_view text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace tsaudit::gui

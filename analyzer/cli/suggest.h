// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tsaudit::cli {

/// Levenshtein distance, where swapping two neighbours counts as one edit.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `word` is most likely a misspelling of; empty when none is near enough.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace tsaudit::cli

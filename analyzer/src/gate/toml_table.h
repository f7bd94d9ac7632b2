// SPDX-License-Identifier: Apache-2.0
// A table of a TOML file, each key of which must be asked for: what nobody asks for is a mistake of the
// user's.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tsaudit {

/// A mistake in a file, with its place. Does not leave the gate stage.
class TomlError : public std::runtime_error {
 public:
  TomlError(const std::string& file, const toml::source_position& at, const std::string& what);
};

/// Throws TomlError for text that is no TOML.
toml::table parse_toml(std::string_view text, const std::string& file);

class TomlTable {
 public:
  /// `name`: "" for the file, else as in "[limits]".
  TomlTable(const toml::table& table, std::string name, const std::string& file)
      : table_(table), name_(std::move(name)), file_(file) {}

  /// The value of a key, or null. Marks the key as known.
  const toml::node* find(const char* key);
  bool has(const char* key) const { return table_.contains(key); }

  // Each calls `take` with the value if there is one, and throws for another type. Text that `take` returns
  // is what is wrong with the value.
  using Complaint = std::string;  ///< empty: none
  void text(const char* key, const std::function<Complaint(const std::string&)>& take);
  void integer(const char* key, const std::function<Complaint(int64_t)>& take);
  void number(const char* key, const std::function<Complaint(double)>& take);
  void date(const char* key, const std::function<Complaint(const toml::date&)>& take);
  /// An integer, or text such as "any".
  void integer_or_text(const char* key, const std::function<Complaint(int64_t)>& take_integer,
                       const std::function<Complaint(const std::string&)>& take_text);
  void table(const char* key, const std::function<void(TomlTable&)>& take);
  /// [[key]]: `take` is called for each.
  void tables(const char* key, const std::function<void(TomlTable&)>& take);
  /// Every key, for tables whose keys are data; marks all as known.
  void each(const std::function<void(const std::string& key, const toml::node& value)>& take);

  /// Call last: throws for a key that was not asked for, and names those that there are.
  void done() const;
  [[noreturn]] void fail(const toml::node& where, const std::string& what) const;
  /// About the table itself.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string path(std::string_view key) const;

  const toml::table& table_;
  std::string name_;
  const std::string& file_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
#include "gate/toml_table.h"

#include <fmt/format.h>

namespace tsaudit {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a float";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date with a time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

}  // namespace

TomlError::TomlError(const std::string& file, const toml::source_position& at, const std::string& what)
    : std::runtime_error(at ? fmt::format("{}:{}:{}: {}", file, at.line, at.column, what)
                            : fmt::format("{}: {}", file, what)) {}

toml::table parse_toml(std::string_view text, const std::string& file) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    for (char& c : what) {
      if (c == '\n') c = ' ';
    }
    throw TomlError(file, error.source().begin, what);
  }
}

std::string TomlTable::path(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

void TomlTable::fail(const toml::node& where, const std::string& what) const {
  throw TomlError(file_, where.source().begin, what);
}

void TomlTable::fail(const std::string& what) const {
  throw TomlError(file_, table_.source().begin, name_.empty() ? what : fmt::format("{}: {}", name_, what));
}

const toml::node* TomlTable::find(const char* key) {
  known_.insert(key);
  return table_.get(key);
}

void TomlTable::text(const char* key, const std::function<Complaint(const std::string&)>& take) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* value = node->as_string();
  if (value == nullptr) fail(*node, fmt::format("{} wants a string, not {}", path(key), type_name(*node)));
  if (const Complaint what = take(**value); !what.empty())
    fail(*node, fmt::format("{}: {}", path(key), what));
}

void TomlTable::integer(const char* key, const std::function<Complaint(int64_t)>& take) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* value = node->as_integer();
  if (value == nullptr) fail(*node, fmt::format("{} wants an integer, not {}", path(key), type_name(*node)));
  if (const Complaint what = take(**value); !what.empty())
    fail(*node, fmt::format("{}: {}", path(key), what));
}

void TomlTable::number(const char* key, const std::function<Complaint(double)>& take) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto value = node->value<double>();
  if (!node->is_number() || !value)
    fail(*node, fmt::format("{} wants a number, not {}", path(key), type_name(*node)));
  if (const Complaint what = take(*value); !what.empty()) fail(*node, fmt::format("{}: {}", path(key), what));
}

void TomlTable::date(const char* key, const std::function<Complaint(const toml::date&)>& take) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* value = node->as_date();
  if (value == nullptr) {
    fail(*node, fmt::format("{} wants a date such as 2027-01-31, without quotes, not {}", path(key),
                            type_name(*node)));
  }
  if (const Complaint what = take(**value); !what.empty())
    fail(*node, fmt::format("{}: {}", path(key), what));
}

void TomlTable::integer_or_text(const char* key, const std::function<Complaint(int64_t)>& take_integer,
                                const std::function<Complaint(const std::string&)>& take_text) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_integer() && !node->is_string()) {
    fail(*node, fmt::format("{} wants an integer or a string, not {}", path(key), type_name(*node)));
  }
  node->is_integer() ? integer(key, take_integer) : text(key, take_text);
}

void TomlTable::table(const char* key, const std::function<void(TomlTable&)>& take) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::table* value = node->as_table();
  if (value == nullptr) fail(*node, fmt::format("{} wants a table, not {}", path(key), type_name(*node)));
  TomlTable inner(*value, path(key), file_);
  take(inner);
  inner.done();
}

void TomlTable::tables(const char* key, const std::function<void(TomlTable&)>& take) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::array* all = node->as_array();
  if (all == nullptr) fail(*node, fmt::format("{0} wants tables: [[{0}]]", path(key)));
  for (const toml::node& each : *all) {
    const toml::table* value = each.as_table();
    if (value == nullptr) fail(each, fmt::format("{0} wants tables: [[{0}]]", path(key)));
    TomlTable inner(*value, path(key), file_);
    take(inner);
    inner.done();
  }
}

void TomlTable::each(const std::function<void(const std::string& key, const toml::node& value)>& take) {
  for (const auto& [key, value] : table_) {
    known_.insert(std::string(key.str()));
    take(std::string(key.str()), value);
  }
}

void TomlTable::done() const {
  // The first in the file, not in the alphabet.
  const toml::key* first = nullptr;
  for (const auto& [key, value] : table_) {
    if (known_.contains(key.str())) continue;
    if (first == nullptr || key.source().begin < first->source().begin) first = &key;
  }
  if (first == nullptr) return;
  std::string known;
  for (const std::string& key : known_) known += (known.empty() ? "" : ", ") + key;
  throw TomlError(file_, first->source().begin,
                  fmt::format("unknown key {}; {} has {}", path(first->str()),
                              name_.empty() ? "the file" : name_, known));
}

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
// What the JSON documents of tsaudit have in common.
#pragma once

#include <cstdio>
#include <string_view>

#include "report/json_objects.h"
#include "report/json_stream.h"
#include "report/output.h"

namespace tsaudit {

/// A file that is one JSON object: what made it, then an array with a line an element, then whatever else.
class JsonDocument {
 public:
  JsonDocument(std::FILE* file, std::string_view schema, std::string_view array) : out_(file), json_(out_) {
    json_.begin_object(JsonStream::Layout::lines);
    json_.field("schema", schema);
    json_.field("tool_version", tool_version());
    json_.key(array);
    json_.begin_array(JsonStream::Layout::lines);
  }
  /// Within the array until its end_array(), within the object after that.
  JsonStream& json() { return json_; }
  void finish() {
    json_.end_object();
    json_.end_line();
    out_.flush();
  }

 private:
  Output out_;
  JsonStream json_;
};

}  // namespace tsaudit

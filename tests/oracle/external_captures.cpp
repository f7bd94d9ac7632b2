// SPDX-License-Identifier: Apache-2.0
#include "external_captures.h"

#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace tsaudit::oracle {
namespace {

std::filesystem::path directory() {
  const char* named = std::getenv("TSAUDIT_EXTERNAL_CAPTURES");
  return named && *named ? named : TSAUDIT_DEFAULT_EXTERNAL_CAPTURES;
}

std::optional<uint64_t> parse_count(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoull(text);
}

std::vector<ExternalCapture> read_manifest() {
  std::vector<ExternalCapture> captures;
  std::ifstream manifest(directory() / "MANIFEST.tsv");
  std::string line;
  if (!std::getline(manifest, line)) return captures;
  const std::vector<std::string> header = split(line, '\t');
  const auto column = [&header](std::string_view name) {
    for (size_t i = 0; i < header.size(); ++i)
      if (header[i] == name) return i;
    throw std::runtime_error("MANIFEST.tsv has no column " + std::string(name));
  };
  const size_t file = column("file"), packets = column("packets"), ts_segments = column("ts_segments");
  while (std::getline(manifest, line)) {
    const std::vector<std::string> row = split(line, '\t');
    if (row.size() <= std::max(packets, ts_segments)) continue;
    captures.push_back({directory() / row[file], parse_count(row[packets]), parse_count(row[ts_segments])});
  }
  return captures;
}

std::string shell_word(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

const std::vector<ExternalCapture>& external_captures() {
  static const std::vector<ExternalCapture> captures = read_manifest();
  return captures;
}

std::string why_no_captures() {
  return "no MANIFEST.tsv in " + directory().string() + "; set TSAUDIT_EXTERNAL_CAPTURES";
}

Uncompressed::Uncompressed(const std::filesystem::path& path) : path_(path) {
  if (path.extension() != ".gz") return;
  std::string name = (std::filesystem::temp_directory_path() / "tsaudit-oracle-XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file < 0) throw std::runtime_error("cannot create " + name);
  close(file);
  path_ = name;
  temporary_ = true;
  const std::string command = "zcat " + shell_word(path.string()) + " > " + shell_word(name);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot decompress " + path.string());
}

Uncompressed::~Uncompressed() {
  if (temporary_) std::filesystem::remove(path_);
}

std::vector<std::string> lines_of(const std::vector<std::string>& command) {
  std::string shell;
  for (const std::string& word : command) shell += shell_word(word) + ' ';
  shell += "2>/dev/null";
  std::vector<std::string> lines;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(shell.c_str(), "r"), pclose);
  if (!pipe) throw std::runtime_error("cannot run " + command.front());
  std::string line;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    lines.push_back(std::move(line));
    line.clear();
  }
  return lines;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  size_t begin = 0;
  for (size_t end; (end = line.find(separator, begin)) != std::string::npos; begin = end + 1)
    fields.push_back(line.substr(begin, end - begin));
  fields.push_back(line.substr(begin));
  return fields;
}

std::string test_name(const ExternalCapture& capture) {
  std::string name = capture.path.filename().string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

}  // namespace tsaudit::oracle

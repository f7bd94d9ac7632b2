// SPDX-License-Identifier: Apache-2.0
// A fuzz target as an ordinary program: each file that is named, or is in a folder that is named, once. With
// --random N also N inputs of pseudo-random bytes, the same ones each time. Built by every compiler, with or
// without sanitizers.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fs = std::filesystem;

namespace {

const char* current = "";

/// What is broken aborts; this says where.
void say_which(int) {
  const std::string_view text(current);
  [[maybe_unused]] auto written = write(STDERR_FILENO, text.data(), text.size());
  written = write(STDERR_FILENO, "\n", 1);
}

/// In a block of exactly its size, so that a sanitizer sees a read of one byte too many.
void run(const std::vector<char>& bytes) {
  const auto block = std::make_unique_for_overwrite<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), block.get());
  LLVMFuzzerTestOneInput(block.get(), bytes.size());
}

bool run_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.eof() && !in) return false;
  const std::string name = path.string();
  current = name.c_str();
  run(bytes);
  current = "";
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, say_which);
  uint64_t count = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--random" && i + 1 < argc) {
      std::mt19937 random(1);
      const int inputs = std::atoi(argv[++i]);
      for (int n = 0; n < inputs; ++n, ++count) {
        std::vector<char> bytes(random() % 1024);
        for (char& byte : bytes) byte = static_cast<char>(random());
        const std::string name = "random input " + std::to_string(n);
        current = name.c_str();
        run(bytes);
        current = "";
      }
      continue;
    }
    std::vector<fs::path> paths;
    if (fs::is_directory(argv[i])) {
      for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) paths.push_back(entry.path());
      std::sort(paths.begin(), paths.end());
    } else {
      paths.emplace_back(argv[i]);
    }
    for (const fs::path& path : paths) {
      if (!run_file(path)) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return 1;
      }
      ++count;
    }
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(count));
  return count == 0;
}

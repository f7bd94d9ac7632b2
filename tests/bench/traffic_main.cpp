// SPDX-License-Identifier: Apache-2.0
// traffic: writes a synthetic capture. See traffic.h for what is in it.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "traffic.h"

int main(int argc, char** argv) {
  CLI::App app("Writes a synthetic capture: healthy TCP uploads with timestamps, seen at the servers.");
  std::string name = "A", path;
  // The preset comes first whatever its place on the command line: the other options change it.
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--like") == 0) name = argv[i + 1];
  }
  traffic::Options options;
  if (!traffic::preset(name, options)) {
    std::fprintf(stderr, "traffic: no preset \"%s\"; there are A, B, B2, C and D\n", name.c_str());
    return 2;
  }
  app.add_option("--like", name,
                 "A 1,000 flows; B a million; B2 the same, 20,000 at a time; C full payload; D one")
      ->capture_default_str();
  app.add_option("--packets", options.packets)->capture_default_str();
  app.add_option("--flows", options.flows)->capture_default_str();
  app.add_option("--active", options.active, "flows that talk at any one time; 0: all")
      ->capture_default_str();
  app.add_option("--payload", options.payload, "bytes in a data segment")->capture_default_str();
  app.add_option("--snaplen", options.snaplen)->capture_default_str();
  app.add_option("--rate", options.rate, "packets a second")->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("OUT", path, "pcap file, - for standard output")->required();
  CLI11_PARSE(app, argc, argv);

  std::FILE* out = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  try {
    if (out != nullptr && traffic::write_pcap(options, out) && (out == stdout || std::fclose(out) == 0))
      return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  std::fprintf(stderr, "traffic: %s: %s\n", path.c_str(), std::strerror(errno));
  return 1;
}

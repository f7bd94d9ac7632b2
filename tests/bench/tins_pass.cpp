// SPDX-License-Identifier: Apache-2.0
// The same job with libtins as reader and decoder.
#include <tins/tins.h>

#include "pass.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: tins_pass FILE\n");
    return 1;
  }
  pass::FlowTable flows;
  uint64_t packets = 0;
  try {
    Tins::FileSniffer sniffer(argv[1]);
    sniffer.sniff_loop([&](Tins::PDU& packet) {
      ++packets;
      const auto* ip = packet.find_pdu<Tins::IP>();
      const auto* tcp = packet.find_pdu<Tins::TCP>();
      if (ip == nullptr || tcp == nullptr) return true;
      const Tins::TCP::option* option = tcp->search_option(Tins::TCP::TSOPT);
      if (option == nullptr || option->data_size() != 8) return true;
      flows.update({__builtin_bswap32(uint32_t{ip->src_addr()}), __builtin_bswap32(uint32_t{ip->dst_addr()}),
                    tcp->sport(), tcp->dport(), pass::get32(option->data_ptr())});
      return true;
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tins_pass: %s\n", error.what());
    return 1;
  }
  flows.print(packets);
  return 0;
}

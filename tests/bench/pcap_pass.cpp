// SPDX-License-Identifier: Apache-2.0
// The same job with libpcap as the reader.
#include <pcap/pcap.h>

#include "pass.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: pcap_pass FILE\n");
    return 1;
  }
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline_with_tstamp_precision(argv[1], PCAP_TSTAMP_PRECISION_NANO, error);
  if (capture == nullptr) {
    std::fprintf(stderr, "pcap_pass: %s\n", error);
    return 1;
  }
  pass::FlowTable flows;
  pass::Segment segment;
  uint64_t packets = 0;
  pcap_pkthdr* header;
  const u_char* data;
  int status;
  while ((status = pcap_next_ex(capture, &header, &data)) == 1) {
    if (pass::parse({data, header->caplen}, segment)) flows.update(segment);
    ++packets;
  }
  flows.print(packets);
  pcap_close(capture);
  return status == PCAP_ERROR_BREAK ? 0 : 1;  // BREAK is the end of the file
}

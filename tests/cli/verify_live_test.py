#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit verify-offset on a live router between two namespaces, where a kernel segments what another sent in one piece:
super-segments inside, segments of the MTU outside, checksums left to the NIC."""
import json

from live import *


class Live(LiveTest):
    def test_segmentation_offload(self):
        self.hosts()
        captures = self.record_a_talk(("inside", "-i", "inside"), ("outside", "-i", "outside"))
        process = run("verify-offset", "--inside", captures["inside"], "--outside", captures["outside"], "--format", "json")
        self.expect(OK, process)
        report = json.loads(process.stdout)
        connection, = report["connections"]
        from_client = connection["from_client"]
        self.assertGreater(from_client["regrouped"], 5)
        self.assertGreater(from_client["outside"], from_client["inside"])
        self.assertGreater(from_client["checksum_offloaded"], 5)
        self.assertEqual((report["totals"]["missing"], connection["findings"]), (0, []))
        self.assertTrue(connection["client_is_inside"])
        self.assertGreater(report["latency"]["outward"]["min_ns"], 0)


if __name__ == "__main__":
    live_main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures that see a segment at several points, made on a live kernel: all devices of a router and of a bridge, and two
devices in a file each, or in one. What was sent once is counted once, whoever cut it into segments."""
import json
import time

from live import *

RECORDINGS = (("any", "-i", "any"), ("any2", "-i", "any", "-y", "LINUX_SLL2"), ("inside", "-i", "inside"),
              ("outside", "-i", "outside"))


class Points(LiveTest):
    def analyze(self, *captures):
        """The report, and what there is of each direction."""
        report = json.loads(self.expect(OK, run("analyze", "--format", "json", *captures)).stdout)
        flow, = report["flows"]
        self.assertEqual((flow["worst"], flow["migrations"]), ("none", []))
        return report, [[direction[what] for what in ("segments", "payload_bytes", "delivered_bytes", "retransmissions")]
                        for direction in flow["directions"]]

    def expect_once(self, files):
        """Of the segments of `a` one is many outside, and of `b` they are the same on both sides."""
        _, (sent, answered) = self.analyze(files["inside"])
        self.assertGreaterEqual(sent[1], SENT)
        files["merged"] = self.path("merged.pcapng")
        subprocess.run(["mergecap", "-w", files["merged"], files["inside"], files["outside"]], check=True, timeout=60)
        flows = []
        for names in ("any",), ("any2",), ("merged",), ("inside", "outside"), ("outside", "inside"):
            with self.subTest(" and ".join(names)):
                report, directions = self.analyze(*(files[name] for name in names))
                self.assertEqual(directions, [sent, answered])
                skipped = [capture["skipped"] for capture in report["captures"]]
                copies = sum(of.get("copies", 0) for of in skipped)
                self.assertGreater(copies, report["totals"]["segments"])
                others = sum(of.get("not-ip", 0) + of.get("not-tcp", 0) for of in skipped)
                packets = sum(capture["packets"] for capture in report["captures"])
                self.assertEqual(report["totals"]["segments"] + copies + others, packets)
                flows.append(report["flows"])
        self.assertEqual(flows[2], flows[3], "frames are numbered as mergecap does")

    def test_router(self):
        self.hosts()
        self.expect_once(self.record_a_talk(*RECORDINGS))

    def test_bridge(self):
        self.hosts(bridge=True)
        self.expect_once(self.record_a_talk(*RECORDINGS))

    def test_what_a_router_does_not_forward(self):
        """It comes in, and does not go out: no PAWS, and no peer that is gone."""
        self.hosts()

        def stop_forwarding():
            time.sleep(1)
            self.ip("netns", "exec", self.between, "sysctl", "-qw", "net.ipv4.ip_forward=0")
            time.sleep(3)
        files = self.record_a_talk(*RECORDINGS, meanwhile=stop_forwarding)
        for names in ("any",), ("any2",), ("inside", "outside"):
            with self.subTest(" and ".join(names)):
                text = " ".join(run("analyze", *(files[name] for name in names)).stdout.split())
                self.assertRegex(text, r"no progress for [\d.]+ s, until its last segment: no answer; none of the \d "
                                       r"retransmissions was seen at another point of the capture, as its segments were "
                                       r"before")
                self.assertTrue(text.startswith("Timestamps are not the problem"), text)


if __name__ == "__main__":
    live_main()

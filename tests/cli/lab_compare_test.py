#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lab_compare_test.py [RUNS]: live migrations against each other. Runs of the same healthy one compare as equal,
although ISNs and timestamp offsets are the kernel's new ones each time and the client's port is changed; each one that
hurts compares as worse. Needs root and tsaudit_lab ($TSAUDIT_LAB)."""
import json
import os
import random
import sys

from support import *

LAB = os.environ["TSAUDIT_LAB"]
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
# Each with the healthy migration that it is to be compared with.
HURT = {"naive-restore": "healthy", "naive-restore-server": "healthy-server", "naive-restore-ipv6": "healthy-ipv6",
        "bare-restore": "healthy", "short-stall": "healthy", "forward-and-back": "healthy", "usec-flip": "healthy",
        "zero-window": "healthy", "reset": "healthy", "lost": "healthy"}
FEW = ["naive-restore", "naive-restore-server", "short-stall", "reset"]


class LiveRuns(CliTest):
    def play(self, scenario, folder):
        done = subprocess.run([LAB, "play", scenario, self.path(folder)], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return os.path.join(self.path(folder), "peer.pcap")

    def compare(self, before, after):
        process = run("compare", "-f", "json", before, after)
        return process.returncode, json.loads(process.stdout), run("compare", before, after).stdout

    def test_healthy_runs_are_equal(self):
        first = self.play("healthy", "first")
        isns = set()
        for number in range(RUNS):
            capture = self.play("healthy", f"run{number}")
            other = self.write(f"run{number}.pcap", again(capture, port=random.randrange(32768, 61000), seq=0, ticks=0, seconds=0))
            rows = [json.loads(line) for line in run("segments", "-f", "ndjson", other).stdout.splitlines()]
            isns.add(rows[0]["seq"])
            code, document, text = self.compare(first, other)
            self.assertEqual(code, OK, text)
            self.assertEqual([flow["verdict"] for flow in document["flows"]], ["equal"], text)
        self.assertEqual(len(isns), RUNS, "the kernel gave two connections one ISN")

    def test_those_that_hurt_are_worse(self):
        healthy = {}
        for scenario in (HURT if RUNS >= 20 else FEW):
            base = HURT[scenario]
            healthy[base] = healthy.get(base) or self.play(base, base)
            code, document, text = self.compare(healthy[base], self.play(scenario, scenario))
            self.assertEqual(code, FINDINGS, f"{scenario}\n{text}")
            self.assertEqual([flow["verdict"] for flow in document["flows"]], ["worse"], f"{scenario}\n{text}")


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("needs root")
    if not os.path.exists(LAB):
        skip("tsaudit_lab was not built")
    unittest.main(argv=sys.argv[:1], verbosity=2)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A router of a live kernel stops to forward a connection and says so, or says nothing: what holds it up is what the router
said."""
import json
import time

from live import *


class Icmp(LiveTest):
    def stall(self, *command):
        """What the report says of a talk that `command`, on the router, breaks off; and the capture of it."""
        self.hosts()

        def break_off():
            time.sleep(1)
            self.ip("-n", self.between, *command)
            time.sleep(3)
        files = self.record_a_talk(("inside", "-i", "inside"), meanwhile=break_off)
        report = json.loads(self.expect(OK, run("analyze", "--format", "json", files["inside"])).stdout)
        message, = [finding["message"] for finding in report["findings"] if "no progress" in finding["message"]]
        return message, report["captures"][0]

    def expect_icmp(self, meaning, *command):
        message, capture = self.stall(*command)
        self.assertRegex(message, r"^no progress for [\d.]+ s, until the reset: "
                                  rf"ICMP of 10\.78\.1\.2 says {meaning} \(frame \d+\)$")
        frame = int(message.rsplit(" ", 1)[1].rstrip(")"))
        self.assertLess(frame, capture["packets"])
        self.assertNotIn("icmp-error", capture["skipped"])

    def test_unreachable(self):
        self.expect_icmp("host unreachable", "route", "add", "unreachable", "10.78.2.1")

    def test_silent(self):
        message, _ = self.stall("route", "add", "blackhole", "10.78.2.1")
        self.assertRegex(message, r"^no progress for [\d.]+ s, until the reset: no answer$")


if __name__ == "__main__":
    live_main()

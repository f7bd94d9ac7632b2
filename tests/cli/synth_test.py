#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit synth: each scenario shows what its name says, its packets are sound, and its bytes are always the same."""
import json
import re
import shutil

from support import *


def scenarios():
    """Name -> rules that it shows, as --list says."""
    found = {}
    for line in run("synth", "--list").stdout.splitlines():
        match = re.fullmatch(r"([a-z0-9-]+)  +(\S.*?)(?: \[([TS0-9 ]+)\])?", line)
        found[match.group(1)] = set((match.group(3) or "").split())
    return found


class Scenarios(CliTest):
    def made(self, name, *options, suffix=".pcap"):
        path = self.path(name + suffix)
        self.expect(OK, run("synth", *options, name, path))
        return path

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_there_is_one_for_each_rule_of_analyze(self):
        shown = set().union(*scenarios().values())
        # TS012 and TS013 need two captures: verify-offset has its own tests, with these scenarios.
        self.assertEqual({f"TS{number:03}" for number in range(1, 17)} - shown, {"TS012", "TS013"})

    def test_shows_what_it_is_named_for(self):
        for name, rules in scenarios().items():
            for seed in (1, 2):
                with self.subTest(name, seed=seed):
                    report = json.loads(run("analyze", "--format", "json", self.made(name, "--seed", seed)).stdout)
                    found = {finding["rule"] for finding in report["findings"]}
                    self.assertLessEqual(rules, found)
                    self.assertLessEqual({f["rule"] for f in report["findings"] if f["severity"] == "error"}, rules)
                    if not rules:
                        self.assertEqual(report["totals"]["dropped"], 0)
                    self.assertGreater(report["totals"]["segments"], 40)

    def test_echo_is_what_the_model_expects(self):
        """Two programs that share nothing but the rule: the hosts of the scenario, and the analysis."""
        for name in ("healthy", "naive-restore-client", "naive-restore-server", "reordering", "loss", "zero-window",
                     "tsval-wrap", "syn-cookies", "naive-restore-vxlan"):
            with self.subTest(name):
                report = json.loads(run("analyze", "--format", "json", self.made(name)).stdout)
                for direction in report["flows"][0]["directions"]:
                    check = direction["ts_recent_check"]
                    self.assertGreater(check["compared"], 5)
                    self.assertEqual(check["compared"], check["equal"])

    def test_same_seed_same_bytes(self):
        for name in scenarios():
            self.assertEqual(self.read(self.made(name)), self.read(self.made(name)), name)
        self.assertNotEqual(self.read(self.made("healthy")), self.read(self.made("healthy", "--seed", 2)))

    def test_pcapng_and_stdout_hold_the_same_packets(self):
        def rows(*arguments, **options):
            return run("segments", "--format", "csv", *arguments, **options).stdout
        plain = rows(self.made("loss"))
        self.assertEqual(plain, rows(self.made("loss", suffix=".pcapng")))
        piped = run("synth", "loss", "-", text=False).stdout
        self.assertEqual(piped, self.read(self.made("loss")))

    def test_both_ends_see_the_connection(self):
        client = run("segments", "--format", "csv", self.made("healthy", "--at", "client")).stdout
        server = run("segments", "--format", "csv", self.made("healthy", "--at", "server")).stdout
        self.assertEqual(len(client.splitlines()), len(server.splitlines()))
        self.assertNotEqual(client, server)

    def test_usage(self):
        for arguments, says in ((["nothing-such", "x"], "no scenario nothing-such"), (["healty", "x"], "mean healthy"),
                                (["healthy"], "no file"), ([], "no scenario given"),
                                (["--at", "moon", "healthy", "x"], "neither client nor server")):
            process = self.expect(USAGE, run("synth", *arguments))
            self.assertIn(says, process.stderr)
        self.assertIn("no/such", self.expect(INTERNAL, run("synth", "healthy", "no/such/folder.pcap")).stderr)


class Tshark(CliTest):
    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_finds_no_fault(self):
        bad = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0"
        for name in scenarios():
            with self.subTest(name):
                path = self.path("x.pcapng")
                run("synth", name, path)
                options = [f"-o{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
                shown = subprocess.run(["tshark", "-r", path, *options, "-Tfields", "-eframe.number",
                                        "-etcp.checksum.status", "-e_ws.malformed", "-Y", f"tcp || {bad}"],
                                       capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
                self.assertGreater(len(shown), 40)
                for line in shown:
                    self.assertRegex(line, r"\A\d+\t1\t\Z")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit check: what a policy asks for, what a baseline knows, and every exit code."""
import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from support import *

NAIVE = os.path.join(TOP, "captures", "naive-restore.pcap")
MOVED = os.path.join(TOP, "captures", "healthy.pcap")   # a move without a loss


class Check(CliTest):
    def policy(self, text, name="policy.toml"):
        return self.write(name, text.encode())

    def check(self, code, *arguments):
        """The JSON report."""
        process = self.expect(code, run("check", "-f", "json", *arguments))
        return json.loads(process.stdout)

    def rules(self, document):
        """Of the findings that count, the captures' own among them."""
        all_of_them = document["findings"] + document["gate"]["findings"]
        return sorted({each["rule"] for each in all_of_them if each["suppressed"] is None and each["severity"] == "error"})


class ExitCodes(Check):
    def test_green_and_red(self):
        self.assertTrue(self.check(OK, self.healthy())["gate"]["passed"])
        document = self.check(FINDINGS, NAIVE)
        self.assertFalse(document["gate"]["passed"])
        self.assertEqual(document["gate"]["counted"], 4)  # both directions stand still
        self.assertEqual(self.rules(document), ["TS001", "TS002", "TS003"])

    def test_nothing_is_never_green(self):
        empty, plain = self.write("empty.pcap", pcap([])), self.write("plain.pcap", connection(timestamps=False))
        for arguments in [[empty], [plain], ["--filter", "tcp port 9", self.healthy()]]:
            with self.subTest(arguments=arguments):
                self.assertEqual(self.rules(self.check(FINDINGS, *arguments)), ["TS021"])
                self.assertEqual(self.rules(self.check(OK, "--min-flows", "0", *arguments)), [])
        self.check(FINDINGS, "--policy", self.policy("fail_on = \"none\""), empty)
        self.check(OK, "--policy", self.policy("fail_on = \"none\""), NAIVE)

    def test_no_flow_matches_the_policy(self):
        policy = self.policy('[[survive]]\nname = "database"\nserver = ":5432"\n')
        document = self.check(FINDINGS, "--policy", policy, self.healthy())
        self.assertEqual(self.rules(document), ["TS017"])
        self.assertIn("no flow of 'database'", document["gate"]["findings"][0]["message"])

    def test_truncated(self):
        cut = self.write("cut.pcap", connection()[:-5])
        self.check(INPUT, cut)
        self.check(OK, "--allow-truncated", cut)
        bad = self.write("bad.pcap", connection(step=-4_000_000)[:-5])
        self.check(INPUT, bad)  # half a capture is no verdict
        self.check(FINDINGS, "--allow-truncated", bad)
        self.expect(INPUT, run("check", self.path("missing.pcap")))
        self.expect(INPUT, run("check", self.write("no.pcap", b"This is no capture.")))

    def test_bad_policy(self):
        for text, place in [("fial_on = \"note\"", ":1:1: unknown key fial_on"), ("fail_on = ", ":1:"),
                            ("[[suppress]]\nrule = \"TS001\"", "reason is missing")]:
            process = self.expect(USAGE, run("check", "--policy", self.policy(text), self.healthy()))
            self.assertIn(place, process.stderr)
            self.assertEqual(process.stdout, "")
        process = self.expect(USAGE, run("check", "--policy", self.policy('[receivers]\ndefault = "bogus"'), self.healthy()))
        told = re.search(r":2:11: .*'bogus'; there are (.*)", process.stderr)[1].split(", ")
        self.assertIn("linux-6.12", told)
        for name in told:  # and each of them is one
            self.expect(OK, run("check", "--policy", self.policy(f'[receivers]\ndefault = "{name}"'), self.healthy()))
        self.expect(USAGE, run("check", "--policy", self.path("missing.toml"), self.healthy()))
        self.expect(USAGE, run("check"))
        self.expect(USAGE, run("check", "--today", "tomorrow", self.healthy()))
        self.expect(USAGE, run("check", "--update-baseline", self.healthy()))
        self.expect(USAGE, run("check", "--baseline", self.path("missing.toml"), self.healthy()))

    def test_result_that_cannot_be_written(self):
        self.expect(INTERNAL, run("check", "--junit-out", self.path("no/such/folder"), self.healthy()))
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.expect(INTERNAL, run("check", self.healthy(), capture_output=False, stdout=full, stderr=subprocess.PIPE))

    def interrupted(self, *arguments, content=connection()[:2000]):
        """What is on stdout after SIGINT, while it waits for more of the capture."""
        process = subprocess.Popen([TSAUDIT, *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        process.stdin.write(content)
        process.stdin.flush()
        for _ in range(100):  # until it waits for more
            time.sleep(0.05)
            with open(f"/proc/{process.pid}/stat", encoding="utf-8") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "S":
                    break
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()  # its stdin is still open
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        return out.decode()

    def test_interrupted(self):
        self.assertIn("1 flow", self.interrupted("check"))

    def test_half_of_the_input_is_green_in_no_report(self):
        """Whether the user stopped it or the capture ends too early."""
        cut = self.write("cut.pcap", connection()[:-5])
        files = {form: self.path(form) for form in ("text", "json", "ndjson", "junit", "sarif", "github", "markdown")}
        outputs = [f"--{form}-out={path}" for form, path in files.items()]
        for command in (["check"], ["check", "--fail-on", "note"], ["analyze", "--fail-on", "error"], ["analyze"]):
            for stopped in (True, False):
                with self.subTest(command=command, stopped=stopped):
                    if stopped:
                        self.interrupted(*command, *outputs)
                    else:
                        self.expect(INPUT, run(*command, *outputs, cut))
                    text = {}
                    for form, path in files.items():
                        with open(path, encoding="utf-8") as file:
                            text[form] = file.read()
                        self.assertNotIn("PASSED", text[form], form)
                    reason = "interrupted at frame" if stopped else "cut short"
                    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(text["junit"])}
                    self.assertEqual(suites["tsaudit.captures"].get("errors"), "1")
                    errors = [error for error in suites["tsaudit.captures"].iter("error")]
                    self.assertEqual([error.get("type") for error in errors], ["input"])
                    self.assertIn(reason, errors[0].get("message"))
                    self.assertRegex(text["github"], f"^::error title=tsaudit::.*{reason}")
                    self.assertRegex(text["markdown"], f"\n> \\*\\*Input:\\*\\* .*{reason}")
                    invocation = json.loads(text["sarif"])["runs"][0]["invocations"][0]
                    self.assertFalse(invocation["executionSuccessful"])
                    self.assertIn(reason, invocation["toolExecutionNotifications"][0]["message"]["text"])
                    if command == ["analyze"]:
                        continue
                    gate = json.loads(text["json"])["gate"]
                    self.assertFalse(gate["passed"])
                    self.assertTrue(gate["incomplete"])
                    self.assertIn('"passed":false', text["ndjson"])
                    self.assertEqual([suites["tsaudit.gate"].get(key) for key in ("failures", "errors")], ["0", "1"])
                    self.assertTrue(text["github"].splitlines()[-1].startswith("::error title=tsaudit::INCOMPLETE ("))
                    self.assertTrue(text["markdown"].startswith("## tsaudit: INCOMPLETE ("))
                    self.assertIn("\nINCOMPLETE (", text["text"])
        # What is allowed is a verdict, and what was found in half is found.
        self.assertIn("PASSED", self.expect(OK, run("check", "--allow-truncated", cut)).stdout)
        self.assertIn("FAILED (interrupted at frame 83): ",
                      self.interrupted("check", content=connection(step=-4_000_000)))
        junit = self.interrupted("check", "-f", "junit", "--min-flows", "2")
        self.assertIn('name="tsaudit.gate" tests="1" failures="1" errors="0"', junit)


class Policies(Check):
    def of(self, code, text, *captures):
        return self.rules(self.check(code, "--policy", self.policy(text), *(captures or [MOVED])))

    def test_default_is_printed_and_means_nothing_else(self):
        text = self.expect(OK, run("check", "--print-default-policy")).stdout
        policy = self.policy(text)
        for capture, code in [(self.healthy(), OK), (NAIVE, FINDINGS), (MOVED, OK)]:
            with_it = self.expect(code, run("check", "--policy", policy, capture)).stdout
            self.assertEqual(with_it, run("check", capture).stdout)

    def test_limits(self):
        self.assertEqual(self.of(OK, '[limits]\nmax_gap = "1 s"\nmax_recovery = "1 s"'), [])
        self.assertEqual(self.of(FINDINGS, '[limits]\nmax_gap = "1 ms"'), ["TS018"])
        self.assertEqual(self.of(FINDINGS, '[limits]\nmax_recovery = "1 us"'), ["TS018"])
        self.assertIn("TS018", self.of(FINDINGS, '[limits]\nmax_recovery = "1 h"', NAIVE))  # never
        self.assertIn("TS018", self.of(FINDINGS, '[limits]\nmax_stall = "1 s"', NAIVE))
        self.assertNotIn("TS018", self.of(FINDINGS, '[limits]\nmax_stall = "1 min"', NAIVE))

    def test_migrations(self):
        self.assertEqual(self.of(OK, "[migrations]\ncount = 1"), [])
        self.assertEqual(self.of(FINDINGS, "[migrations]\ncount = 2"), ["TS020"])
        self.assertEqual(self.of(FINDINGS, '[migrations]\ncount = "none"'), ["TS020"])
        self.assertEqual(self.of(FINDINGS, "[migrations]\ncount = 1", self.healthy()), ["TS020"])
        self.assertEqual(self.of(OK, '[migrations]\nendpoint = "client"'), [])
        self.assertEqual(self.of(FINDINGS, '[migrations]\nendpoint = "server"'), ["TS020"])
        # Asked of the flows that must survive alone.
        self.assertEqual(self.of(FINDINGS, '[migrations]\ncount = 2\n[[survive]]\nname = "x"\nserver = ":9"\nmin_flows = 0',
                                 MOVED, NAIVE), ["TS001", "TS002", "TS003"])

    def test_expected_offset(self):
        self.assertEqual(self.of(OK, "[migrations]\nexpected_offset = 0"), [])
        self.assertIn("TS019", self.of(FINDINGS, "[migrations]\nexpected_offset = 0", NAIVE))
        self.assertNotIn("TS019", self.of(FINDINGS, "[migrations]\nexpected_offset = 1_000_001", NAIVE))
        self.assertIn("TS019", self.of(FINDINGS, "[migrations]\nexpected_offset = 999_900", NAIVE))
        self.assertNotIn("TS019", self.of(FINDINGS, "[migrations]\nexpected_offset = 999_900\noffset_tolerance = 200", NAIVE))

    def test_survivors(self):
        survive = '[[survive]]\nname = "x"\nserver = "10.77.0.1:50000"\n'
        self.assertEqual(self.of(OK, survive), [])
        self.assertIn("TS017", self.of(FINDINGS, survive, NAIVE))
        self.assertEqual(self.of(FINDINGS, survive + "min_flows = 2"), ["TS017"])
        plain = self.write("plain.pcap", connection(timestamps=False))
        self.assertEqual(self.of(FINDINGS, '[minimum]\nflows = 0\n[[survive]]\nname = "x"\n', plain), ["TS017"])

    def test_severity_and_fail_on(self):
        self.assertEqual(self.of(FINDINGS, '[severity]\nTS006 = "error"'), ["TS006"])
        down = "[severity]\n" + "".join(f'{rule} = "warning"\n' for rule in ("TS001", "paws-stall", "TS003"))
        self.assertEqual(self.of(OK, down, NAIVE), [])
        self.expect(FINDINGS, run("check", "--policy", self.policy('fail_on = "warning"\n' + down), NAIVE))
        self.expect(FINDINGS, run("check", "--fail-on", "note", MOVED))  # the command line comes first

    def test_minimum(self):
        self.assertEqual(self.of(OK, "[minimum]\nflows = 1\nts_segments = 10", self.healthy()), [])
        self.assertEqual(self.of(FINDINGS, "[minimum]\nflows = 2", self.healthy()), ["TS021"])
        self.assertEqual(self.of(FINDINGS, "[minimum]\nts_segments = 100000", self.healthy()), ["TS021"])

    def test_receivers(self):
        # One tick back: Linux forgives it, RFC 7323 to the letter does not.
        capture = self.write("tick.pcap", connection(step=-102))
        strict = self.policy('[receivers]\nserver = "rfc7323"')
        document = self.check(FINDINGS, "--policy", strict, capture)
        profiles = [each["receiver_profile"] for each in document["flows"][0]["directions"]]
        self.assertEqual(profiles[0], "rfc7323")
        self.assertNotEqual(profiles[1], "rfc7323")
        by_address = self.policy('[receivers]\ndefault = "linux-5.10"\n[receivers.address]\n"10.0.0.2" = "freebsd"')
        document = json.loads(run("check", "-f", "json", "--policy", by_address, capture).stdout)
        self.assertEqual([each["receiver_profile"] for each in document["flows"][0]["directions"]], ["freebsd", "linux-5.10"])
        document = json.loads(run("check", "-f", "json", "--policy", by_address, "--receiver", "10.0.0.2=linux-6.1", capture).stdout)
        self.assertEqual(document["flows"][0]["directions"][0]["receiver_profile"], "linux-6.1")


SUPPRESS = "".join(f'[[suppress]]\nrule = "{rule}"\nreason = "ticket 7"\nexpires = 2027-01-31\n' for rule in
                   ("TS001", "TS002", "TS003"))


class Suppressions(Check):
    def test_hold_until_their_day_is_over(self):
        policy = self.policy(SUPPRESS)
        document = self.check(OK, "--policy", policy, "--today", "2027-01-31", NAIVE)
        self.assertEqual([document["gate"][key] for key in ("passed", "counted", "suppressed")], [True, 0, 4])
        self.assertEqual({each["suppressed"] for each in document["findings"] if each["severity"] == "error"},
                         {"policy: ticket 7"})
        document = self.check(FINDINGS, "--policy", policy, "--today", "2027-02-01", NAIVE)
        self.assertEqual([document["gate"][key] for key in ("passed", "counted", "suppressed")], [False, 4, 0])
        self.assertIn("expired on 2027-01-31: ticket 7", document["gate"]["remarks"][0])
        for epoch, code in [("1801439999", OK), ("1801440000", FINDINGS)]:
            self.expect(code, run("check", "--policy", policy, NAIVE, env={"SOURCE_DATE_EPOCH": epoch}))
        self.expect(USAGE, run("check", "--policy", policy, NAIVE, env={"SOURCE_DATE_EPOCH": "today"}))

    def test_today_is_in_no_report(self):
        policy = self.policy(SUPPRESS)
        for form in ("text", "json", "junit", "sarif", "github", "markdown"):
            days = {run("check", "-f", form, "--policy", policy, "--today", day, NAIVE).stdout
                    for day in ("2026-01-01", "2026-12-31")}
            self.assertEqual(len(days), 1, form)

    def test_only_what_they_name(self):
        other = SUPPRESS.replace('reason', 'server = "10.0.0.9"\nreason')
        document = self.check(FINDINGS, "--policy", self.policy(other), "--today", "2026-01-01", NAIVE)
        self.assertEqual(document["gate"]["suppressed"], 0)
        self.assertIn("suppresses nothing", document["gate"]["remarks"][0])
        server = SUPPRESS.replace('reason', 'direction = "server"\nreason')
        document = self.check(FINDINGS, "--policy", self.policy(server), "--today", "2026-01-01", NAIVE)
        self.assertEqual(document["gate"]["suppressed"], 1)  # one of TS002 is the server's

    def test_nothing_seen_cannot_be_suppressed(self):
        policy = self.policy('[[suppress]]\nrule = "TS021"\nreason = "x"\nexpires = 2100-01-01\n')
        self.check(FINDINGS, "--policy", policy, self.write("empty.pcap", pcap([])))


class Baselines(Check):
    def test_known_findings_do_not_count(self):
        for command in (["check"], ["analyze", "--fail-on", "error"]):
            with self.subTest(command=command):
                known = self.path(command[0] + ".toml")
                self.expect(FINDINGS, run(*command, NAIVE))
                self.expect(OK, run(*command, "--baseline", known, "--update-baseline", NAIVE))
                process = self.expect(OK, run(*command, "-f", "json", "--baseline", known, NAIVE))
                gate = json.loads(process.stdout)["gate"]
                self.assertEqual([gate[key] for key in ("passed", "known", "remarks")], [True, 4, []])
                with open(known, encoding="utf-8") as file:
                    text = file.read()
                self.assertIn('server = "10.77.0.1:50000"\nfinding = "TS001/client/1"\nname = "paws-drop"\nflows = 1', text)
                self.assertNotIn("40000", text)  # the client's port is another one the next time

    def test_one_more_is_new(self):
        known = self.path("known.toml")
        self.expect(OK, run("check", "--baseline", known, "--update-baseline", self.stalled()))
        self.expect(OK, run("check", "--baseline", known, self.stalled()))
        document = self.check(FINDINGS, "--baseline", known, NAIVE, self.stalled())
        servers = {flow["id"]: flow["server"] for flow in document["flows"]}
        states = {(servers[each["flow"]], each["baseline_state"]) for each in document["findings"]
                  if each["severity"] == "error"}
        self.assertEqual(states, {("10.77.0.1:50000", "new"), ("10.0.0.2:443", "unchanged")})

    def test_stale_entries_are_reported(self):
        known = self.path("known.toml")
        self.expect(OK, run("check", "--baseline", known, "--update-baseline", NAIVE))
        document = self.check(OK, "--baseline", known, MOVED)
        self.assertEqual(document["gate"]["remarks"],
                         [f"stale in the baseline: {which} of 10.77.0.1:50000"
                          for which in ("TS001/client/1", "TS002/client/1", "TS002/server/1", "TS003/client/1")])
        self.assertIn("stale in the baseline", run("check", "--baseline", known, MOVED).stdout)
        self.expect(OK, run("check", "--baseline", known, "--update-baseline", MOVED))
        self.assertEqual(self.check(OK, "--baseline", known, MOVED)["gate"]["remarks"], [])

    def test_what_is_known_is_made_of_whole_captures(self):
        known, cut = self.path("known.toml"), self.write("cut.pcap", content_of(NAIVE)[:-1])
        self.expect(OK, run("check", "--baseline", known, "--update-baseline", NAIVE))
        before = content_of(known)
        process = self.expect(INPUT, run("check", "--baseline", known, "--update-baseline", cut))
        self.assertIn(f"{known}: not updated: not all of the input could be read", process.stderr)
        self.assertEqual(content_of(known), before)
        os.remove(known)
        self.expect(INPUT, run("check", "--baseline", known, "--update-baseline", cut))
        self.assertFalse(os.path.exists(known))
        self.expect(OK, run("check", "--allow-truncated", "--baseline", known, "--update-baseline", cut))
        self.assertTrue(os.path.exists(known))

    def test_nothing_seen_cannot_be_known(self):
        self.expect(FINDINGS, run("check", "--baseline", self.path("b.toml"), "--update-baseline",
                                  self.write("empty.pcap", pcap([]))))


class Reports(Check):
    def test_every_format_says_it(self):
        says = {"text": "FAILED: 4 findings of severity error", "json": '"passed":false', "ndjson": '"passed":false',
                "junit": "FAILED: 4 findings", "sarif": '"level":"error"', "github": "::error title=tsaudit::FAILED",
                "markdown": "## tsaudit: FAILED: 4 findings", "csv": "TS001 TS002 TS003"}
        for form, text in says.items():
            self.assertIn(text, self.expect(FINDINGS, run("check", "-f", form, NAIVE)).stdout, form)

    def test_suppressed_is_no_failure(self):
        policy = self.policy(SUPPRESS)
        arguments = ["--policy", policy, "--today", "2026-01-01", NAIVE]
        suites = ElementTree.fromstring(run("check", "-f", "junit", *arguments).stdout)
        self.assertEqual([suite.get("failures") for suite in suites], ["0", "0", "0"])
        results = json.loads(run("check", "-f", "sarif", *arguments).stdout)["runs"][0]["results"]
        self.assertEqual({result["suppressions"][0]["justification"] for result in results if result["level"] == "error"},
                         {"policy: ticket 7"})
        self.assertNotIn("::error", run("check", "-f", "github", *arguments).stdout)

    def test_several_in_one_run(self):
        files = {form: self.path(form) for form in ("text", "json", "ndjson", "csv", "junit", "sarif", "github", "markdown")}
        self.expect(FINDINGS, run("check", *(f"--{form}-out={path}" for form, path in files.items()), NAIVE))
        for form, path in files.items():
            with open(path, newline="", encoding="utf-8") as file:
                self.assertEqual(file.read(), run("check", "-f", form, NAIVE, text=False).stdout.decode(), form)

    def test_what_fails_comes_first(self):
        out = run("check", NAIVE).stdout
        self.assertLess(out.index("FAILED"), out.index("flow 1"))
        self.assertRegex(run("check", "--color", "always", NAIVE).stdout, "\x1b\\[1;31mFAILED")
        self.assertEqual(run("check", NAIVE).stderr.count("gate:"), 1)
        self.assertEqual(run("check", "-q", NAIVE).stderr, "")


if __name__ == "__main__":
    main()

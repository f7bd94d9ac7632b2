#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit compare: captures and saved analyses against each other."""
import csv
import io
import json
import os
import re
import xml.etree.ElementTree as ElementTree

from support import *

NAIVE = os.path.join(TOP, "captures", "naive-restore.pcap")
MOVED = os.path.join(TOP, "captures", "healthy.pcap")


class Compare(CliTest):
    def compare(self, code, *arguments):
        return json.loads(self.expect(code, run("compare", "-f", "json", *arguments)).stdout)

    def saved(self, capture, name="saved.json"):
        return self.write(name, run("analyze", "-f", "json", capture, text=False).stdout)


class Equal(Compare):
    def test_with_itself(self):
        for capture in (self.healthy(), MOVED, NAIVE, self.stalled()):
            document = self.compare(OK, capture, capture)
            self.assertEqual([flow["verdict"] for flow in document["flows"]], ["equal"])
            self.assertTrue(document["answer"].startswith("Equal: "), document["answer"])
            self.assertEqual({finding["baseline_state"] for flow in document["flows"] for finding in flow["findings"]}
                             - {"unchanged"}, set())

    def test_with_another_run(self):
        for capture in (MOVED, NAIVE):
            other = self.write("other.pcap", again(capture))
            self.assertNotEqual(run("segments", "-f", "csv", other).stdout, run("segments", "-f", "csv", capture).stdout)
            document = self.compare(OK, capture, other)
            self.assertEqual([flow["verdict"] for flow in document["flows"]], ["equal"])

    def test_saved_or_not_is_the_same(self):
        """But for the sizes of files, which a saved analysis need not repeat."""
        saved_moved, saved_naive = self.saved(MOVED, "moved.json"), self.saved(NAIVE, "naive.json")
        for code, sides in [(FINDINGS, [(MOVED, saved_moved), (NAIVE, saved_naive)]),
                            (OK, [(NAIVE, saved_naive), (MOVED, saved_moved)])]:
            for form in ("text", "csv", "markdown", "junit"):
                reports = {self.expect(code, run("compare", "-f", form, before, after)).stdout
                           for before in sides[0] for after in sides[1]}
                self.assertEqual(len(reports), 1, form)

    def test_saved_by_somebody_who_sorts_keys(self):
        with open(self.saved(NAIVE), encoding="utf-8") as file:
            tidy = json.dumps(json.load(file), indent=2, sort_keys=True)
        self.assertEqual(run("compare", NAIVE, self.write("tidy.json", tidy.encode())).returncode, OK)
        self.compare(FINDINGS, MOVED, self.write("tidy.json", tidy.encode()))

    def test_saved_before_there_was_anything_to_compare(self):
        with open(self.saved(MOVED), encoding="utf-8") as file:
            document = json.load(file)
        for flow in document["flows"]:
            for direction in flow["directions"]:
                del direction["delivered_bytes"], direction["first_payload_bits"]
            for migration in flow["migrations"]:
                del migration["delivered_bytes"]
        self.compare(OK, self.write("old.json", json.dumps(document).encode()), MOVED)


    def test_many_findings_of_one_flow(self):
        with open(self.saved(self.stalled()), encoding="utf-8") as file:
            document = json.load(file)
        stall = next(finding for finding in document["findings"] if finding["duration_ns"] > 0)
        document["findings"] = [{**stall, "time_ns": stall["time_ns"] + number * 1000, "fingerprint": f"TS014/client/{number}"}
                                for number in range(20_000)]
        many = self.write("many.json", json.dumps(document).encode())
        self.expect(OK, run("compare", many, many, timeout=20))


class Worse(Compare):
    def test_numbers_and_findings(self):
        document = self.compare(FINDINGS, MOVED, NAIVE)
        self.assertTrue(document["answer"].startswith("Worse than the baseline: 1 flow worse"))
        flow = document["flows"][0]
        self.assertEqual(flow["verdict"], "worse")
        metrics = flow["metrics"]
        self.assertEqual([metrics["dropped"][side] for side in ("baseline", "candidate")], [0, 8])
        self.assertEqual(metrics["tsval_step"]["candidate"], -1_000_001)
        self.assertEqual(metrics["recovery"]["candidate"], "never")
        for name in ("dropped", "stall", "tsval_step", "recovery"):
            self.assertEqual(metrics[name]["worse"], "error", name)
        states = {finding["rule"]: finding["baseline_state"] for finding in flow["findings"] if finding["rule"] != "TS022"}
        self.assertEqual([states[rule] for rule in ("TS001", "TS002", "TS003", "TS006")], ["new", "new", "worse", "unchanged"])

    def test_the_other_way_round_is_better(self):
        document = self.compare(OK, NAIVE, MOVED)
        self.assertEqual(document["flows"][0]["verdict"], "better")
        self.assertEqual(document["findings"]["fixed"], 3)  # and one is milder

    def test_a_flow_is_missing(self):
        both = self.write("both.json", run("analyze", "-f", "json", MOVED, self.healthy(), text=False).stdout)
        document = self.compare(FINDINGS, both, self.healthy())
        self.assertEqual(sorted(flow["verdict"] for flow in document["flows"]), ["equal", "missing"])
        missing = next(flow for flow in document["flows"] if flow["verdict"] == "missing")
        self.assertIsNone(missing["candidate"])
        self.assertIn("TS017", [finding["rule"] for finding in missing["findings"]])
        policy = self.write("p.toml", b'[compare]\nmissing_flow = "warning"')
        self.compare(OK, "--policy", policy, both, self.healthy())
        self.assertEqual(self.compare(OK, self.healthy(), both)["totals"]["added"], 1)

    def test_a_missing_flow_mends_nothing(self):
        """The same server on another port: no pair. What the reports count is what they show."""
        elsewhere = self.write("elsewhere.pcap", again(MOVED, port=50001, endpoint=50000))
        none = self.write("p.toml", b'[compare]\nmissing_flow = "none"')
        for code, options in ((FINDINGS, []), (OK, ["--policy", none])):
            document = self.compare(code, *options, NAIVE, elsewhere)
            self.assertEqual(sorted(flow["verdict"] for flow in document["flows"]), ["added", "missing"])
            states = [finding["baseline_state"] for flow in document["flows"] for finding in flow["findings"]
                      if finding["rule"] != "TS022"]
            self.assertEqual({state: states.count(state) for state in document["findings"]}, document["findings"])
            self.assertEqual(document["findings"]["fixed"], 0)
            self.assertIn("none", states)
            missing = next(flow for flow in document["flows"] if flow["verdict"] == "missing")
            self.assertEqual({finding["rule"] for finding in missing["findings"] if finding["baseline_state"] == "new"},
                             {"TS017"})
            counted = f'findings: {document["findings"]["new"]} new, 0 worse, 0 fixed, 0 unchanged'
            text = self.expect(code, run("compare", *options, NAIVE, elsewhere)).stdout
            self.assertEqual(len(re.findall("^ +new ", text, re.MULTILINE)), document["findings"]["new"], text)
            self.assertIn(counted, text)
            self.assertRegex(text, r"\n +error TS001 paws-drop: .*\n(.*\n)*?.*candidate\s+does\s+not\s+have")
            self.assertNotIn("fixed error", text)
            page = run("compare", "-f", "markdown", *options, NAIVE, elsewhere).stdout
            self.assertIn(counted, page)
            self.assertNotIn("[fixed]", page.replace("\\", ""))
            row = next(row for row in csv.DictReader(io.StringIO(run("compare", "-f", "csv", *options, NAIVE, elsewhere).stdout))
                       if row["verdict"] == "missing")
            self.assertEqual([row[column] for column in ("new", "worse", "fixed", "unchanged")], ["TS017/flow/1", "", "", ""])

    def test_a_flow_that_is_lost_is_counted_as_new(self):
        document = self.compare(FINDINGS, MOVED, NAIVE)
        states = [finding["baseline_state"] for finding in document["flows"][0]["findings"] if finding["rule"] != "TS022"]
        self.assertEqual({state: states.count(state) for state in document["findings"]}, document["findings"])

    def test_thresholds(self):
        off = "\n".join(f'{name} = {{ severity = "none" }}' for name in
                        ("dropped", "stall", "tsval_step", "recovery", "retransmissions", "goodput_after"))
        down = "".join(f'{rule} = "warning"\n' for rule in ("TS001", "TS002", "TS003", "TS017"))
        policy = self.write("p.toml", f"[severity]\n{down}[compare]\n{off}\n".encode())
        document = self.compare(OK, "--policy", policy, MOVED, NAIVE)
        self.assertEqual(document["flows"][0]["verdict"], "changed")
        slack = self.write("q.toml", f"[severity]\n{down}[compare]\n{off.replace('dropped', 'gap')}\ndropped = {{ slack = 7 }}".encode())
        self.compare(FINDINGS, "--policy", slack, MOVED, NAIVE)
        slack = self.write("q.toml", f"[severity]\n{down}[compare]\n{off.replace('dropped', 'gap')}\ndropped = {{ slack = 8 }}".encode())
        self.compare(OK, "--policy", slack, MOVED, NAIVE)

    def test_suppressions(self):
        rules = ("TS001", "TS002", "TS003", "TS017", "TS022")
        text = "".join(f'[[suppress]]\nrule = "{rule}"\nreason = "x"\nexpires = 2027-01-31\n' for rule in rules)
        policy = self.write("p.toml", text.encode())
        self.compare(OK, "--policy", policy, "--today", "2027-01-31", MOVED, NAIVE)
        self.compare(FINDINGS, "--policy", policy, "--today", "2027-02-01", MOVED, NAIVE)


class ExitCodes(Compare):
    def test_nothing_is_never_equal(self):
        empty, plain = self.write("empty.pcap", pcap([])), self.write("plain.pcap", connection(timestamps=False))
        for sides in [(empty, empty), (plain, plain), (self.healthy(), empty), (empty, self.healthy())]:
            document = self.compare(FINDINGS, *sides)
            self.assertIn("TS021", [finding["rule"] for finding in document["gate"]["findings"]])
        self.compare(FINDINGS, "--policy", self.write("none.toml", b'fail_on = "none"\n'), empty, empty)
        self.compare(OK, "--min-flows", "0", empty, empty)
        self.compare(OK, "--min-flows", "0", plain, plain)

    def test_input(self):
        cut = self.write("cut.pcap", connection()[:-5])
        self.compare(INPUT, self.healthy(), cut)
        self.compare(OK, "--allow-truncated", self.healthy(), cut)
        self.compare(INPUT, self.healthy(), self.saved(cut))
        for sides, name in (((self.healthy(), cut), "candidate"), ((cut, self.healthy()), "baseline")):
            self.assertFalse(self.compare(INPUT, *sides)["gate"]["passed"])
            for form in ("text", "markdown", "github", "junit"):
                out = run("compare", "-f", form, *sides).stdout
                self.assertIn(f"INCOMPLETE ({name}: not all of the input could be read)", out, form)
                self.assertNotIn("PASSED", out)
            self.assertIn('name="tsaudit.gate" tests="1" failures="0" errors="1"', out)
        for content, what in [(b"{", "no JSON document at byte"), (b'{"schema": "x"}', "neither a capture nor"),
                              (b"{}", "neither a capture nor"), (b"[]", "cannot be a capture"),
                              (b'{"schema": "tsaudit.analysis/1"}', "no saved analysis: key 'captures' not found"),
                              (b'{"flows": [{"id": "x"}]}', "no saved analysis: id cannot be '\"x\"'"),
                              (b'{"flows": [{"id": 3e28}]}', "id cannot be '3e+28'"),
                              (b'{"flows": [{"id": -1}]}', "id cannot be '-1'"),
                              (b'{"flows": [{"id": 4294967296000000000000}]}', "id cannot be '4.29"),
                              (run("analyze", "-f", "ndjson", MOVED).stdout.encode(), "no ")]:
            with self.subTest(content=content[:40]):
                process = self.expect(INPUT, run("compare", self.healthy(), self.write("bad.json", content)))
                self.assertIn("bad.json", process.stderr)
                self.assertIn(what, process.stderr)
                self.assertEqual(process.stdout, "")
        self.expect(INPUT, run("compare", self.path("missing"), self.healthy()))

    def test_an_analysis_that_was_interrupted(self):
        """Its exit code is gone by now; what it says of itself is not."""
        half = re.sub(rb'"stopped_at_frame":0', b'"stopped_at_frame":20', run("analyze", "-f", "json", MOVED, text=False).stdout)
        half = self.write("half.json", half)
        for sides in ((MOVED, half), (half, MOVED)):
            process = self.expect(INPUT, run("compare", "-f", "json", *sides))
            self.assertIn("half.json: the analysis was interrupted at frame 20", process.stderr)
            self.assertFalse(json.loads(process.stdout)["gate"]["passed"])
        self.assertIn("interrupted at frame 20", run("compare", "-f", "junit", MOVED, half).stdout)

    def test_usage(self):
        self.expect(USAGE, run("compare", self.healthy()))
        self.expect(USAGE, run("compare"))
        self.expect(USAGE, run("compare", "-", "-"))
        for captures in ([self.saved(MOVED), MOVED], [MOVED, self.saved(MOVED)]):
            self.expect(USAGE, run("compare", MOVED, *captures))
        self.expect(USAGE, run("compare", "-", MOVED, "-"))
        self.assertIn("saved.json: a saved analysis is a candidate by itself",
                      run("compare", MOVED, MOVED, self.saved(MOVED)).stderr)
        self.expect(USAGE, run("compare", "--json-out", self.healthy(), MOVED, MOVED, self.healthy()))
        policy = self.write("p.toml", b"[compare]\ngaps = 1")
        self.assertIn("p.toml:2:1: unknown key compare.gaps",
                      self.expect(USAGE, run("compare", "--policy", policy, MOVED, MOVED)).stderr)

    def test_several_captures_are_one_candidate(self):
        """What analyze makes of them, whatever their order; and a run in pieces is that run."""
        two = [MOVED, self.stalled()]
        saved = self.write("two.json", run("analyze", "-f", "json", *two, text=False).stdout)
        document = self.compare(FINDINGS, MOVED, *two)
        self.assertEqual(document["totals"]["added"], 1)
        self.assertEqual([capture["name"] for capture in document["candidate"]["captures"]],
                         ["stalled.pcap", "healthy.pcap"])
        for form in ("text", "csv", "markdown", "junit"):
            reports = {run("compare", "-f", form, MOVED, *candidate).stdout for candidate in (two, two[::-1], [saved])}
            self.assertEqual(len(reports), 1, form)
        with open(MOVED, "rb") as file:
            data = file.read()
        at = 24 + sum(16 + len(frame) for _, frame in list(frames_of(data))[:16])
        pieces = self.write("1.pcap", data[:at]), self.write("2.pcap", data[:24] + data[at:])
        self.assertTrue(self.compare(OK, MOVED, *pieces)["answer"].startswith("Equal: 1 flow"))

    def test_stdin(self):
        with open(MOVED, "rb") as file:
            data = file.read()
        for stdin in ("-", "/dev/stdin"):
            self.expect(OK, run("compare", MOVED, stdin, input=data, text=False))
            self.expect(OK, run("compare", stdin, MOVED, input=data, text=False))


class Reports(Compare):
    def test_the_schema(self):
        try:
            from jsonschema import Draft202012Validator
        except ImportError:
            skip("python3-jsonschema is not installed")
        with open(os.path.join(TOP, "docs/tsaudit-compare.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)  # alone, as its users have it
        for sides in [(MOVED, NAIVE), (NAIVE, MOVED), (MOVED, self.healthy()), (self.write("e.pcap", pcap([])), MOVED)]:
            document = json.loads(run("compare", "-f", "json", *sides).stdout)
            errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]
            self.assertEqual(errors, [])
            lines = [json.loads(line) for line in run("compare", "-f", "ndjson", *sides).stdout.splitlines()]
            self.assertEqual([{key: line[key] for key in line if key != "type"} for line in lines[:-1]], document["flows"])
            for key in ("answer", "totals", "findings", "gate", "schema"):
                self.assertEqual(lines[-1][key], document[key])
        document["surprise"] = 1
        self.assertTrue(list(Draft202012Validator(schema).iter_errors(document)))

    def test_text(self):
        out = self.expect(FINDINGS, run("compare", MOVED, NAIVE)).stdout
        self.assertRegex(out, r"\AWorse than the baseline: 1 flow worse\.\nFAILED: \d+ findings of severity error\n"
                              r"baseline   healthy\.pcap: 1 flow, \d+ segments with timestamps\n"
                              r"candidate  naive-restore\.pcap: ")
        self.assertRegex(out, r"\n +dropped segments +0 +8  worse\n")
        self.assertRegex(out, r"\n +recovery +[\d.]+ us +never  worse\n")
        self.assertIn("new error TS001 paws-drop: ", out)
        self.assertTrue(all(len(line) <= 100 for line in out.splitlines()))
        self.assertIn("\x1b[1;31m", run("compare", "--color", "always", MOVED, NAIVE).stdout)

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(run("compare", "-f", "csv", MOVED, NAIVE).stdout)))
        self.assertEqual(rows[0]["verdict"], "worse")
        self.assertEqual(rows[0]["dropped_candidate"], "8")
        self.assertEqual(rows[0]["recovery_candidate"], "never")
        self.assertIn("TS001/client/1", rows[0]["new"].split())

    def test_junit_sarif_github_markdown(self):
        suites = ElementTree.fromstring(run("compare", "-f", "junit", MOVED, NAIVE).stdout)
        self.assertEqual(suites.find("testsuite").get("failures"), "2")
        results = json.loads(run("compare", "-f", "sarif", MOVED, NAIVE).stdout)["runs"][0]["results"]
        self.assertEqual({result["baselineState"] for result in results}, {"new", "updated", "unchanged"})
        lines = run("compare", "-f", "github", MOVED, NAIVE).stdout.splitlines()
        self.assertTrue(lines[-1].startswith("::error title=tsaudit::FAILED"), lines[-1])
        self.assertIn("Worse than the baseline", lines[-1])
        page = run("compare", "-f", "markdown", MOVED, NAIVE).stdout
        self.assertRegex(page, r"\| dropped segments \| 0 \|  \| 8 \| █+ \| \*\*worse\*\* \|")

    def test_the_same_bytes_each_time(self):
        for form in ("text", "json", "ndjson", "csv", "junit", "sarif", "github", "markdown"):
            self.assertEqual(run("compare", "-f", form, MOVED, NAIVE).stdout, run("compare", "-f", form, MOVED, NAIVE).stdout)

    def test_several_in_one_run(self):
        files = {form: self.path(form) for form in ("text", "json", "csv", "junit", "sarif", "markdown")}
        self.expect(FINDINGS, run("compare", *(f"--{form}-out={path}" for form, path in files.items()), MOVED, NAIVE))
        for form, path in files.items():
            with open(path, newline="", encoding="utf-8") as file:
                self.assertEqual(file.read(), run("compare", "-f", form, MOVED, NAIVE, text=False).stdout.decode(), form)


if __name__ == "__main__":
    main()

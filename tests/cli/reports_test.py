#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The formats that other people's tools read: JUnit, SARIF, annotations and summaries of GitHub."""
import glob
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

from support import *

SHIPPED = os.path.join(TOP, "captures", "naive-restore.pcap")
HOSTILE = "100%,\n::error::a|b<i>`\"'&\x01\x1b[31m\udcff.pcap"  # a file may have such a name


def xmllint(document):
    """What the schema has against it; None if nothing."""
    if not shutil.which("xmllint"):
        skip("xmllint is not installed (libxml2-utils)")
    process = subprocess.run(["xmllint", "--noout", "--schema", os.path.join(TOP, "tests/cli/junit.xsd"), "-"],
                             input=document, capture_output=True, timeout=60, check=False)
    return None if process.returncode == 0 else process.stderr.decode()


class Reports(CliTest):
    def analyze(self, form, *captures):
        process = run("analyze", "-f", form, *captures, text=False)
        self.assertIn(process.returncode, (OK, INPUT))
        return process.stdout

    def captures(self):
        """Each shape of a report: trouble, health, nothing, half of a capture, no timestamps, a hostile name."""
        return [self.stalled(), self.healthy(), SHIPPED, self.write("empty.pcap", pcap([])),
                self.write("cut.pcap", connection()[:-5]), self.write("plain.pcap", connection(timestamps=False)),
                self.write(HOSTILE, connection(step=-4_000_000)), self.write(HOSTILE + "cut", connection()[:-5])]

    def test_the_same_bytes_each_time(self):
        for form in ("junit", "sarif", "github", "markdown"):
            first = self.analyze(form, SHIPPED, self.healthy())
            self.assertEqual(first, self.analyze(form, SHIPPED, self.healthy()), form)
            first.decode("utf-8")


class Junit(Reports):
    def test_what_waits_is_where_tmpdir_says(self):
        process = self.expect(INTERNAL, run("analyze", "-f", "junit", SHIPPED, env={"TMPDIR": "/nothing/there"}))
        self.assertIn("no temporary file in /nothing/there (TMPDIR)", process.stderr)

    def test_every_report_fits_the_schema(self):
        for capture in [[each] for each in self.captures()] + [[self.healthy(), self.stalled()]]:
            document = self.analyze("junit", *capture)
            self.assertIsNone(xmllint(document), capture)
            for suite in ElementTree.fromstring(document):
                cases = list(suite)
                count = lambda tag: sum(case.find(tag) is not None for case in cases)
                self.assertEqual([int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")],
                                 [len(cases), count("failure"), count("error"), count("skipped")])

    def test_the_schema_can_refuse(self):
        document = self.analyze("junit", SHIPPED)
        self.assertIsNotNone(xmllint(document.replace(b" errors=", b" mistakes=")))
        self.assertIsNotNone(xmllint(document.replace(b"<failure", b"<defeat").replace(b"</failure", b"</defeat")))

    def test_a_case_for_each_flow_and_direction(self):
        suite = ElementTree.fromstring(self.analyze("junit", SHIPPED)).find("testsuite")
        self.assertEqual([case.get("name") for case in suite],
                         ["flow 1 10.77.0.2 -> 10.77.0.1:50000, client -> server",
                          "flow 1 10.77.0.2 -> 10.77.0.1:50000, server -> client"])
        failure = suite[0].find("failure")
        self.assertEqual(failure.get("type"), "TS001 paws-drop")
        self.assertIn("8 segments discarded", failure.get("message"))
        self.assertIn("frames 18, 19, 22", failure.text)
        self.assertIn("TS006", suite[0].find("system-out").text)

    def test_healthy_passes_and_nothing_judged_is_skipped(self):
        suite = ElementTree.fromstring(self.analyze("junit", self.healthy())).find("testsuite")
        self.assertEqual([suite.get("tests"), suite.get("failures"), suite.get("skipped")], ["2", "0", "0"])
        plain = self.write("plain.pcap", connection(timestamps=False))
        suite = ElementTree.fromstring(self.analyze("junit", plain)).find("testsuite")
        self.assertEqual([suite.get("tests"), suite.get("failures"), suite.get("skipped")], ["2", "0", "2"])

    def test_a_capture_cut_short_is_an_error(self):
        document = ElementTree.fromstring(self.analyze("junit", self.write("cut.pcap", connection()[:-5])))
        suite = document.find("testsuite[@name='tsaudit.captures']")
        self.assertEqual(suite.get("errors"), "1")
        self.assertIn("cut.pcap", suite.find("testcase/error").get("message"))


STRING, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def thing(required, **optional):
    return {"type": "object", "properties": {**required, **optional}, "required": list(required),
            "additionalProperties": False}


def array(items, **more):
    return {"type": "array", "items": items, **more}


# SARIF 2.1.0 sections 3.13 to 3.52, narrowed to what tsaudit writes: required members, types, no others.
MESSAGE = thing({"text": STRING})
SARIF = thing(
    {"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
     "runs": array(thing({
         "tool": thing({"driver": thing({
             "name": STRING, "version": STRING,
             "rules": array(thing({"id": {"type": "string", "pattern": r"^TS\d{3}$"}, "name": STRING,
                                   "shortDescription": MESSAGE, "fullDescription": MESSAGE, "help": MESSAGE,
                                   "defaultConfiguration": thing({"level": LEVEL})}), uniqueItems=True)})}),
         "invocations": array(thing({"executionSuccessful": {"type": "boolean"},
                                     "toolExecutionNotifications": array(thing({"level": LEVEL, "message": MESSAGE}))})),
         "artifacts": array(thing({"location": thing({"uri": STRING})})),
         "results": array(thing(
             {"ruleId": STRING, "ruleIndex": COUNT, "level": LEVEL, "message": MESSAGE,
              "locations": array(thing({"logicalLocations": array(thing({"fullyQualifiedName": STRING}))},
                                       physicalLocation=thing({
                                           "artifactLocation": thing({"uri": STRING, "index": COUNT}),
                                           "region": thing({"startLine": {"type": "integer", "minimum": 1}})}))),
              "partialFingerprints": {"type": "object", "minProperties": 1, "additionalProperties": STRING},
              "properties": {"type": "object"}},
             baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
             suppressions=array(thing({"kind": {"enum": ["inSource", "external"]}, "justification": STRING}))))}),
         minItems=1)})


class Sarif(Reports):
    def validate(self, document):
        try:
            import jsonschema
        except ImportError:
            skip("python3-jsonschema is not installed")
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(SARIF).iter_errors(document))
        self.assertIsNone(error, error and f"{error.json_path}: {error.message}")
        # The official schema, where somebody has it.
        official = os.environ.get("TSAUDIT_SARIF_SCHEMA")
        if official:
            with open(official, encoding="utf-8") as file:
                jsonschema.validate(document, json.load(file))
        run = document["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            for location in result["locations"]:
                artifact = location.get("physicalLocation", {}).get("artifactLocation")
                if artifact:
                    self.assertEqual(run["artifacts"][artifact["index"]]["location"]["uri"], artifact["uri"])
                    self.assertRegex(artifact["uri"], r"\A[\w.~%/-]+\Z")
        prints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
        self.assertEqual(len(prints), len(set(prints)), "two results with one fingerprint")

    def test_every_report_is_sarif(self):
        for capture in [[each] for each in self.captures()] + [[self.healthy(), self.stalled()]]:
            self.validate(json.loads(self.analyze("sarif", *capture)))

    def test_the_check_can_fail(self):
        document = json.loads(self.analyze("sarif", SHIPPED))
        del document["runs"][0]["results"][0]["message"]
        with self.assertRaises(AssertionError):
            self.validate(document)

    def test_results(self):
        run = json.loads(self.analyze("sarif", SHIPPED))["runs"][0]
        results = {result["ruleId"]: result for result in run["results"]}
        self.assertEqual([result["ruleId"] for result in run["results"]][:4],
                         ["TS001", "TS002", "TS003", "TS002"])
        self.assertEqual(results["TS001"]["level"], "error")
        self.assertEqual(results["TS006"]["level"], "note")
        location = results["TS001"]["locations"][0]["physicalLocation"]
        self.assertEqual(location, {"artifactLocation": {"uri": "naive-restore.pcap", "index": 0},
                                    "region": {"startLine": 18}})
        self.assertEqual(results["TS001"]["partialFingerprints"],
                         {"tsauditFinding/v1": "10.77.0.1:50000 1 TS001/client/1"})

    def test_input_that_is_broken_is_told(self):
        cut = self.write("cut.pcap", connection()[:-5])
        invocation = json.loads(self.analyze("sarif", cut))["runs"][0]["invocations"][0]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertIn("cut.pcap", invocation["toolExecutionNotifications"][0]["message"]["text"])


class Github(Reports):
    COMMAND = re.compile(r"\A::(error|warning|notice) ((?:\w+=[^,:\n]*)(?:,\w+=[^,:\n]*)*)::([^\n]+)\Z")

    def commands(self, *captures):
        out = []
        for line in self.analyze("github", *captures).decode().splitlines():
            found = self.COMMAND.match(line)
            self.assertIsNotNone(found, line)
            properties = dict(pair.split("=", 1) for pair in found[2].split(","))
            self.assertLessEqual(set(properties), {"file", "line", "title"})
            out.append((found[1], properties, found[3]))
        return out

    def test_findings_and_the_answer_last(self):
        commands = self.commands(SHIPPED)
        self.assertEqual([level for level, _, _ in commands],
                         ["error", "error", "error", "error", "notice", "notice", "notice"])
        self.assertEqual(commands[0][1], {"file": "naive-restore.pcap", "line": "18", "title": "TS001 paws-drop"})
        self.assertIn("(97 %25:", commands[5][2])
        self.assertIn("Timestamps stalled 1 of 1 flow", commands[-1][2])

    def test_no_name_can_begin_a_command(self):
        for capture in self.captures():
            for _, properties, _ in self.commands(capture):
                if "file" in properties and "100" in properties["file"]:
                    self.assertTrue(properties["file"].startswith("100%25%2C\\x0a%3A%3Aerror%3A%3A"), properties)


class Markdown(Reports):
    def test_table_and_answer(self):
        text = self.analyze("markdown", SHIPPED).decode()
        self.assertIn("**Timestamps stalled 1 of 1 flow", text)
        lines = text.splitlines()
        head = next(i for i, line in enumerate(lines) if line.startswith("| | flow"))
        bars = lambda line: len(re.findall(r"(?<!\\)\|", line))
        self.assertEqual({bars(line) for line in lines[head:head + 3]}, {11})
        self.assertIn("`10.77.0.1:50000`", lines[head + 2])
        self.assertRegex(text, r"```\n0 s \|M-*x+-*\| ")  # the line of time

    def test_hostile_names_are_shown_not_obeyed(self):
        for capture in self.captures():
            text = self.analyze("markdown", capture).decode()
            self.assertNotIn("<i>", text)
            self.assertNotIn("\n::error", text)
            self.assertNotIn("\x1b", text)


if __name__ == "__main__":
    main()

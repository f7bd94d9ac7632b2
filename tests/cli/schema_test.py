#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""JSON output against the schemas in docs/. These are open, so that members can be added; here they are closed, so
that none is written that they do not describe."""
import glob
import json
import os

from support import *

try:
    import jsonschema
    from jsonschema import Draft202012Validator
except ImportError:
    skip("python3-jsonschema is not installed")


def closed(schema):
    """The same schema, where an object has no members but those described."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        result["additionalProperties"] = False
    return result


def references(schema):
    """Every "$ref" in it."""
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []:
        yield from references(each)
    if isinstance(schema, dict) and "$ref" in schema:
        yield schema["$ref"]


def load(name):
    with open(os.path.join(TOP, "docs", name), encoding="utf-8") as file:
        return json.load(file)


def external_captures():
    folder = os.environ.get("TSAUDIT_EXTERNAL_CAPTURES", os.path.join(TOP, "..", "shared", "captures"))
    return [path for path in sorted(glob.glob(os.path.join(folder, "*"))) if not path.endswith((".md", ".tsv", ".gz"))]


class Schema(CliTest):
    def setUp(self):
        super().setUp()
        self.analysis = load("tsaudit-analysis.schema.json")
        self.segments = load("tsaudit-segments.schema.json")

    def validate(self, document, schema):
        error = jsonschema.exceptions.best_match(Draft202012Validator(schema).iter_errors(document))
        self.assertIsNone(error, error and f"{error.json_path}: {error.message}")

    def captures(self):
        shipped = glob.glob(os.path.join(TOP, "captures", "**", "*.pcap*"), recursive=True)
        return [self.healthy(), self.stalled(), self.write("empty.pcap", pcap([])),
                self.write("cut.pcap", connection()[:-5]), self.write("plain.pcap", connection(timestamps=False)),
                *sorted(shipped), *external_captures()]

    def test_the_schemas_are_schemas(self):
        """Each by itself: a user has one file, and a validator that is not told where the others are."""
        paths = sorted(glob.glob(os.path.join(TOP, "docs", "*.schema.json")))
        self.assertEqual(len(paths), 4)
        for schema in map(load, paths):
            with self.subTest(schema=schema["title"]):
                Draft202012Validator.check_schema(schema)
                self.assertEqual({each for each in references(schema)
                                  if each not in {f"#/$defs/{name}" for name in schema["$defs"]}}, set())

    def test_what_two_schemas_define_is_the_same(self):
        compare = load("tsaudit-compare.schema.json")["$defs"]
        for name in compare.keys() - {"flow_delta"}:
            self.assertEqual(compare[name], self.analysis["$defs"].get(name), name)

    def test_the_check_can_fail(self):
        document = json.loads(run("analyze", "-f", "json", self.stalled()).stdout)
        document["flows"][0]["directions"][0]["surprise"] = 1
        self.validate(document, self.analysis)
        with self.assertRaises(AssertionError):
            self.validate(document, closed(self.analysis))
        del document["totals"]["flows"]
        with self.assertRaises(AssertionError):
            self.validate(document, self.analysis)

    def test_analysis(self):
        for capture in self.captures():
            with self.subTest(capture=os.path.basename(capture)):
                out = run("analyze", "-f", "json", capture).stdout
                if out:  # not a capture: nothing is written
                    self.validate(json.loads(out), closed(self.analysis))

    def test_analysis_lines(self):
        # A line is a known object and a "type" more: each is tested against its own definition.
        schema = closed(self.analysis)
        for capture in (self.stalled(), self.healthy()):
            for line in run("analyze", "-f", "ndjson", capture).stdout.splitlines():
                self.validate(json.loads(line), {"$defs": self.analysis["$defs"], "$ref": "#/$defs/ndjson_line"})
                document = json.loads(line)
                kind = document.pop("type")
                if kind != "summary":
                    self.validate(document, {"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"})

    def test_segments(self):
        schema = closed(self.segments)
        for capture in self.captures()[:8]:
            with self.subTest(capture=os.path.basename(capture)):
                self.validate(json.loads(run("segments", "-f", "json", capture).stdout), schema)
                for line in run("segments", "-f", "ndjson", capture).stdout.splitlines():
                    self.validate(json.loads(line), {"$ref": "#/$defs/segment", "$defs": schema["$defs"]})


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--help, the manual page and docs/rules.md say what the program does."""
import os
import re

from support import *

COMMANDS = ["analyze", "live", "segments", "explain", "check", "compare", "synth", "verify-offset", "annotate"]


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


class Help(CliTest):
    def test_every_line_fits(self):
        for arguments in [[], *([command] for command in COMMANDS)]:
            out = self.expect(OK, run(*arguments, "--help")).stdout
            for line in out.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_order(self):
        for command in COMMANDS:
            out = run(command, "--help").stdout
            places = [out.index(word) for word in (f"Usage: tsaudit {command} ", "Examples:", "Input:", "Exit codes:")]
            self.assertEqual(places, sorted(places))
        out = run("--help").stdout
        self.assertTrue(out.startswith("Usage: tsaudit COMMAND"))
        for command in COMMANDS:
            self.assertRegex(out, rf"\n  {command} ")

    def test_every_exit_code_is_named(self):
        for code in (OK, FINDINGS, USAGE, INPUT, INTERNAL, INTERRUPTED):
            self.assertRegex(run("--help").stdout, rf"\n  {code} +\w")

    def test_version(self):
        self.assertRegex(self.expect(OK, run("--version")).stdout, r"\Atsaudit \d+\.\d+\.\d+\n\Z")

    def test_examples_are_accepted(self):
        """But for the captures and interfaces, which are not there."""
        self.write("policy.toml", b"")
        for command in COMMANDS:
            for line in re.findall(r"^  tsaudit ([^|\n]*?)(?: \|.*)?$", run(command, "--help").stdout, re.MULTILINE):
                code = run(*re.sub(r"-i \S+", "-i absent0", line).split(), cwd=self.folder).returncode
                self.assertIn(code, (OK, INPUT), line)


class Manual(CliTest):
    def test_names_every_option_and_no_other(self):
        with open(os.path.join(TOP, "docs/man/tsaudit.1.md"), encoding="utf-8") as file:
            manual = file.read().replace("\\-", "-")
        of_help = set().union(*(options(run(*command, "--help").stdout) for command in ([], *([c] for c in COMMANDS))))
        self.assertEqual(options(manual), of_help)
        for command in COMMANDS:
            self.assertIn(f"**{command}**\n", manual)


class Rules(CliTest):
    def test_page_is_current(self):
        with open(os.path.join(TOP, "docs/rules.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page, run("explain", "--all", "--format", "markdown").stdout,
                         "make it anew: tsaudit explain --all --format markdown > docs/rules.md")


if __name__ == "__main__":
    main()

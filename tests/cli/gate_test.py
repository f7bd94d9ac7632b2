#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The captures of this repository behind its own gate: the healthy migrations pass captures/policy.toml, those that
hurt do not, and each of them compares as worse. The steps of the GitHub action and of the GitLab template are run as
these services would run them."""
import json
import os
import re
import subprocess

from support import *

CAPTURES = os.path.join(TOP, "captures")
ACTION = os.path.join(TOP, ".github/actions/tsaudit")
HEALTHY = ["healthy", "healthy-server", "healthy-ipv6", "no-probe", "offset-restore"]
HURT = ["naive-restore", "naive-restore-server", "naive-restore-ipv6", "bare-restore", "short-stall", "forward-and-back"]


def capture(name):
    return os.path.join(CAPTURES, name + ".pcap")


class Gate(CliTest):
    def test_healthy_migrations_pass(self):
        for name in HEALTHY:
            with self.subTest(name=name):
                self.expect(OK, run("check", "--policy", os.path.join(CAPTURES, "policy.toml"), capture(name)))

    def test_those_that_hurt_do_not(self):
        for name in HURT:
            with self.subTest(name=name):
                self.expect(FINDINGS, run("check", "--policy", os.path.join(CAPTURES, "policy.toml"), capture(name)))

    def test_what_hurts_is_worse_than_what_is_healthy(self):
        for name in HURT:
            with self.subTest(name=name):
                healthy = "healthy" + "".join(re.findall("-ipv6|-server", name))
                self.expect(FINDINGS, run("compare", capture(healthy), capture(name)))


class Steps(CliTest):
    """The shell steps, with the environment that the service gives them."""

    def setUp(self):
        super().setUp()
        bin_folder = self.path("bin")
        os.mkdir(bin_folder)
        os.symlink(TSAUDIT, os.path.join(bin_folder, "tsaudit"))
        self.environment = {**os.environ, "PATH": bin_folder + ":" + os.environ["PATH"],
                            "GITHUB_STEP_SUMMARY": self.path("summary.md"), "GITHUB_OUTPUT": self.path("output"),
                            "GITHUB_PATH": self.path("path"), "GITHUB_ACTION_PATH": ACTION, "RUNNER_TEMP": self.folder}

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def bash(self, script, **variables):
        return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=self.folder,
                              env={**self.environment, **variables}, capture_output=True, text=True, timeout=60, check=False)

    def action(self, **variables):
        """The `run:` blocks of action.yml, in order, as the runner executes them; the last one's process."""
        with open(os.path.join(ACTION, "action.yml"), encoding="utf-8") as file:
            blocks = re.findall(r"      run: \|\n((?:        .*\n?)+)", file.read())
        self.assertEqual(len(blocks), 2)
        for block in blocks:
            process = self.bash(block, **variables)
            if process.returncode != 0:
                break
        return process

    def test_action_that_fails(self):
        process = self.action(TSAUDIT_CAPTURES=capture("naive-restore"), TSAUDIT_SARIF="out.sarif",
                              TSAUDIT_JUNIT="out.xml", TSAUDIT_POLICY=os.path.join(CAPTURES, "policy.toml"))
        self.expect(FINDINGS, process)
        self.assertIn("::error file=naive-restore.pcap,line=", process.stdout)
        self.assertEqual(self.read("output"), "result=failed\n")
        self.assertTrue(self.read("summary.md").startswith("## tsaudit: FAILED"))
        self.assertEqual(json.loads(self.read("out.sarif"))["version"], "2.1.0")
        self.assertIn("<testsuites", self.read("out.xml"))
        self.assertFalse(os.path.exists(self.path("path")), "tsaudit was built although it is there")

    def test_action_that_passes(self):
        self.expect(OK, self.action(TSAUDIT_CAPTURES=f"{capture('healthy')} {capture('healthy-ipv6')}",
                                    TSAUDIT_ARGUMENTS="--fail-on warning --min-flows 2"))
        self.assertEqual(self.read("output"), "result=passed\n")
        self.assertTrue(self.read("summary.md").startswith("## tsaudit: PASSED"))

    def test_action_that_compares(self):
        self.write("good.json", run("analyze", "-f", "json", capture("healthy"), text=False).stdout)
        self.expect(FINDINGS, self.action(TSAUDIT_CAPTURES=capture("naive-restore"), TSAUDIT_BASELINE_ANALYSIS="good.json"))
        self.assertIn("Worse than the baseline", self.read("summary.md"))

    def test_action_that_compares_several(self):
        self.write("good.json", run("analyze", "-f", "json", capture("healthy"), capture("healthy-ipv6"), text=False).stdout)
        self.expect(OK, self.action(TSAUDIT_CAPTURES=f"{capture('healthy')} {capture('healthy-ipv6')}",
                                    TSAUDIT_BASELINE_ANALYSIS="good.json"))
        self.assertIn("Equal: 2 flows", self.read("summary.md"))

    def test_action_with_a_mistake(self):
        self.write("bad.toml", b"fial_on = 1")
        process = self.action(TSAUDIT_CAPTURES=capture("healthy"), TSAUDIT_POLICY="bad.toml")
        self.expect(USAGE, process)
        self.assertIn("bad.toml:1:1: unknown key fial_on", process.stderr)
        self.assertEqual(self.read("output"), "result=error\n")

    def test_every_input_of_the_action_is_used(self):
        with open(os.path.join(ACTION, "action.yml"), encoding="utf-8") as file:
            text = file.read()
        inputs = set(re.findall(r"^  ([a-z-]+):\n    description", text.split("\noutputs:")[0], re.MULTILINE))
        self.assertEqual(inputs, set(re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)))
        self.assertGreaterEqual(len(inputs), 6)

    def gitlab(self, **variables):
        with open(os.path.join(TOP, "docs/gitlab-ci.yml"), encoding="utf-8") as file:
            text = file.read()
        script = re.search(r"\n  script:\n    - \|\n((?:      .*\n)+)", text)[1]
        defaults = {"TSAUDIT_POLICY": "", "TSAUDIT_BASELINE_ANALYSIS": ""}
        before = re.search(r"\n  before_script:\n    - \|\n((?:      .*\n)+)", text)[1]
        return self.bash(before + script, **{**defaults, **variables})

    def test_gitlab(self):
        self.expect(FINDINGS, self.gitlab(TSAUDIT_CAPTURES=capture("naive-restore")))
        self.assertIn('failures="2"', self.read("tsaudit.xml"))
        self.expect(OK, self.gitlab(TSAUDIT_CAPTURES=capture("healthy"), TSAUDIT_POLICY=os.path.join(CAPTURES, "policy.toml")))
        self.expect(FINDINGS, self.gitlab(TSAUDIT_CAPTURES=capture("naive-restore"),
                                          TSAUDIT_BASELINE_ANALYSIS=capture("healthy")))
        self.write("good.json", run("analyze", "-f", "json", capture("healthy"), capture("healthy-ipv6"), text=False).stdout)
        self.expect(OK, self.gitlab(TSAUDIT_CAPTURES=f"{capture('healthy')} {capture('healthy-ipv6')}",
                                    TSAUDIT_BASELINE_ANALYSIS="good.json"))


if __name__ == "__main__":
    main()

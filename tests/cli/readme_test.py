#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README.md tells its reader to type works. The release build of captures/demo is left out: it takes minutes."""
import re
import shutil

from support import *

with open(os.path.join(TOP, "README.md"), encoding="utf-8") as readme:
    BLOCKS = [block.splitlines() for block in re.findall(r"^```\n(.*?)^```$", readme.read(), re.MULTILINE | re.DOTALL)]


class Readme(CliTest):
    def test_two_commands_are_there(self):
        commands = [line.split()[0] for line in BLOCKS[0]]
        self.assertEqual(commands, ["./captures/demo", "./tests/run"])
        for command in commands:
            path = os.path.join(TOP, command)
            self.assertTrue(os.access(path, os.X_OK), path)
            self.assertEqual(subprocess.run(["bash", "-n", path], check=False).returncode, 0)

    def test_demo_shows_a_stall(self):
        with open(os.path.join(TOP, "captures", "demo"), encoding="utf-8") as demo:
            capture = re.search(r"^capture=(\S+)$", demo.read(), re.MULTILINE).group(1)
        process = self.expect(OK, run("analyze", os.path.join(TOP, capture)))
        self.assertIn("PAWS", process.stdout)
        self.assertIn("tsoffset add", process.stdout)

    def test_every_line_that_shows_tsaudit(self):
        capture = os.path.join(TOP, "captures", "naive-restore.pcap")
        for name in ("capture.pcap", "capture.pcapng", "old-host.pcap", "new-host.pcap"):
            shutil.copy(capture, self.path(name))
        environment = {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        os.symlink(TSAUDIT, self.path("tsaudit"))
        subprocess.run(["gzip", "-k", self.path("capture.pcap")], check=True)
        seen = 0
        for line in (line for block in BLOCKS[1:] for line in block if "tsaudit " in line):
            command = line.split("#")[0].replace("big.pcap.gz", "capture.pcap.gz").replace("812", "20")
            if not re.search(r"tsaudit (analyze|segments|explain) ", command):
                continue  # needs more files than a capture
            with self.subTest(command=command):
                process = subprocess.run(command, shell=True, cwd=self.folder, env={**os.environ, **environment}, text=True,
                                         stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
                self.expect(FINDINGS if "--fail-on" in command else OK, process)
                self.assertNotEqual(process.stdout, "")
            seen += 1
        self.assertGreaterEqual(seen, 7)


if __name__ == "__main__":
    main()

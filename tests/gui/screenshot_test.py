#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tsaudit-gui --screenshot: pictures without a display, and the exit codes of what goes wrong."""
import os
import struct
import subprocess
import tempfile
import unittest

GUI, CAPTURES = os.environ["TSAUDIT_GUI"], os.environ["CAPTURES"]


def run(*arguments, **more):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    environment |= more
    return subprocess.run([GUI, *arguments], capture_output=True, text=True, env=environment, timeout=60)


def png_size(path):
    with open(path, "rb") as file:
        head = file.read(24)
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


class Screenshot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = os.path.join(folder.name, "out.png")
        self.capture = os.path.join(CAPTURES, "naive-restore.pcap")

    def test_has_the_size_that_was_asked_for(self):
        result = run("--screenshot", self.out, "--size", "900x700", "--flow", "1", self.capture)
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
        self.assertEqual(png_size(self.out), (900, 700))

    def test_a_fine_screen_has_more_pixels_and_the_same_layout(self):
        result = run("--screenshot", self.out, "--size", "900x700", self.capture, QT_SCALE_FACTOR="2")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(png_size(self.out), (1800, 1400))

    def test_is_the_same_picture_each_time(self):
        pictures = []
        for _ in range(2):
            self.assertEqual(run("--screenshot", self.out, "--frame", "18", self.capture).returncode, 0)
            with open(self.out, "rb") as file:
                pictures.append(file.read())
        self.assertEqual(pictures[0], pictures[1])

    def test_waits_for_the_connection_that_it_shows(self):
        pictures = set()
        for options in ([], ["--flow", "1"]) * 4:
            self.assertEqual(run("--screenshot", self.out, *options, self.capture).returncode, 0)
            with open(self.out, "rb") as file:
                pictures.add(file.read())
        self.assertEqual(len(pictures), 1)

    def test_a_connection_that_is_not_there_is_3_and_named(self):
        result = run("--screenshot", self.out, "--flow", "99", self.capture)
        self.assertEqual(result.returncode, 3)
        self.assertIn("99", result.stderr)

    def test_a_frame_that_is_not_there_is_3_and_named(self):
        result = run("--screenshot", self.out, "--frame", "9999", self.capture)
        self.assertEqual(result.returncode, 3)
        self.assertIn("9999", result.stderr)

    def test_a_frame_of_another_connection_is_shown_with_it(self):
        two = [self.capture, os.path.join(CAPTURES, "healthy.pcap")]
        pictures = []
        for options in (["--flow", "2", "--frame", "50"], ["--frame", "50"], ["--flow", "2"], []):
            self.assertEqual(run("--screenshot", self.out, *options, *two).returncode, 0)
            with open(self.out, "rb") as file:
                pictures.append(file.read())
        self.assertEqual(pictures[0], pictures[1])
        self.assertEqual(len(set(pictures)), 3)

    def test_a_comparison_is_in_the_picture(self):
        pictures = set()
        baseline = os.path.join(CAPTURES, "healthy.pcap")
        for options in ([], ["--compare", baseline], ["--compare", baseline, "--stack"]):
            self.assertEqual(run("--screenshot", self.out, *options, self.capture).returncode, 0)
            with open(self.out, "rb") as file:
                pictures.add(file.read())
        self.assertEqual(len(pictures), 3)
        result = run("--screenshot", self.out, "--compare", self.out + "/x.pcap", self.capture)
        self.assertEqual(result.returncode, 3)
        self.assertIn("x.pcap", result.stderr)

    def test_help_and_version_need_no_display(self):
        for option in ("--help", "-h", "--version", "-v"):
            result = run(option)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("tsaudit", result.stdout)

    def test_unreadable_capture_is_3_and_named(self):
        result = run("--screenshot", self.out, self.out + "/x.pcap")
        self.assertEqual(result.returncode, 3)
        self.assertIn("x.pcap", result.stderr)

    def test_a_capture_without_packets_is_3_and_named(self):
        empty = os.path.join(os.path.dirname(self.out), "empty.pcap")
        with open(self.capture, "rb") as source, open(empty, "wb") as target:
            target.write(source.read(24))
        result = run("--screenshot", self.out, empty)
        self.assertEqual(result.returncode, 3)
        own = [line for line in result.stderr.splitlines() if line.startswith("tsaudit-gui: ")]  # Qt has its own to say
        self.assertEqual(len(own), 1, result.stderr)
        self.assertIn("empty.pcap", own[0])

    def test_unwritable_picture_is_4(self):
        self.assertEqual(run("--screenshot", self.capture + "/out.png", self.capture).returncode, 4)

    def test_wrong_usage_is_2(self):
        for arguments in (["--screenshot", self.out], ["--screenshot", self.out, "--size", "big", self.capture],
                          ["--screenshot", self.out, "--size", "99999x400", self.capture],
                          ["--screenshot", self.out, "--live", "lo"],
                          ["--screenshot", self.out, "--profile", "linux-99x", self.capture],
                          ["--screenshot", self.out, "--flow", "first", self.capture]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertTrue(result.stderr.strip(), arguments)
        self.assertEqual(run("--live", "lo", self.capture, QT_QPA_PLATFORM="offscreen").returncode, 2)


if __name__ == "__main__":
    unittest.main()

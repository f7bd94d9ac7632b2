#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a desktop reads of the viewer: the installed files are where they belong, say what they should, and the
judges of freedesktop.org find nothing wrong with them."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, CAPTURES = os.environ["BUILD"], os.environ["CAPTURES"]
ID = "org.tsaudit.Viewer"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


class Desktop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        done = run("cmake", "--install", BUILD, "--prefix", cls.folder.name)
        assert done.returncode == 0, done.stderr
        cls.share = os.path.join(cls.folder.name, "share")

    def test_programs_and_their_manuals_are_there(self):
        programs = {"tsaudit": ("bin", 1), "tsaudit-gui": ("bin", 1), "tsoffset": ("sbin", 8)}
        for name, (folder, section) in programs.items():
            done = run(f"{self.folder.name}/{folder}/{name}", "--help", env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{self.share}/man/man{section}/{name}.{section}", encoding="utf-8") as file:
                page = file.read()
            self.assertIn(f'.TH "{name.upper()}" "{section}"', page)
            if name == "tsaudit-gui":
                options = lambda text: set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
                self.assertEqual(options(re.sub(r"\\f.", "", page)), options(done.stdout))

    def test_the_desktop_entry_is_valid(self):
        done = run("desktop-file-validate", f"{self.share}/applications/{ID}.desktop")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_the_store_entry_is_valid(self):
        done = run("appstreamcli", "validate", "--no-net", f"{self.share}/metainfo/{ID}.metainfo.xml")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_captures_are_recognised_and_opened_by_the_viewer(self):
        done = run("update-mime-database", f"{self.share}/mime")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(f"{self.share}/applications/{ID}.desktop", encoding="utf-8") as file:
            entry = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        self.assertEqual(entry["Exec"], "tsaudit-gui %F")
        self.assertTrue(os.access(f"{self.folder.name}/bin/tsaudit-gui", os.X_OK))
        self.assertTrue(os.path.exists(f"{self.share}/icons/hicolor/scalable/apps/{entry['Icon']}.svg"))
        environment = {**os.environ, "XDG_DATA_HOME": self.share, "XDG_DATA_DIRS": self.share}
        for name, kind in (("naive-restore.pcap", "application/vnd.tcpdump.pcap"),
                           ("criu/lost.pcapng", "application/x-pcapng")):
            # By what is in it: the copy's name tells nothing.
            copy = os.path.join(self.folder.name, "capture")
            shutil.copy(os.path.join(CAPTURES, name), copy)
            done = run("gio", "info", "-a", "standard::content-type", copy, env=environment)
            self.assertIn(f"standard::content-type: {kind}\n", done.stdout, name)
            self.assertIn(kind, entry["MimeType"].split(";"))


if __name__ == "__main__":
    for program in ("lowdown", "desktop-file-validate", "appstreamcli", "update-mime-database", "gio"):
        if not shutil.which(program):
            print(f"SKIPPED: {program} is not installed")
            sys.exit(77)
    unittest.main()

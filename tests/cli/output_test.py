#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What arrives on stdout, on stderr and in files."""
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import stat
import struct
import subprocess
import termios
import time

from support import *


def on_terminal(*arguments, env=None, which="stdout", pieces=(), columns=0):
    """What tsaudit writes to stdout or stderr when that is a terminal. `pieces` come on stdin, with time between."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, which: follower}
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **(env or {})}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    process = subprocess.Popen([TSAUDIT, *arguments], stdin=subprocess.PIPE, env=environment, **streams)
    os.close(follower)
    for piece in pieces:
        process.stdin.write(piece)
        process.stdin.flush()
        time.sleep(0.2)
    process.stdin.close()
    out = b""
    while True:
        try:
            piece = os.read(leader, 65536) if select.select([leader], [], [], 60)[0] else b""
        except OSError:  # EIO: the last one closed it
            piece = b""
        if not piece:
            break
        out += piece
    os.close(leader)
    process.wait(timeout=30)
    return out.decode().replace("\r\n", "\n")


class Color(CliTest):
    def test_not_into_a_pipe(self):
        self.assertNotIn("\x1b", run("analyze", self.stalled(), env={"TERM": "xterm"}).stdout)

    def test_on_a_terminal(self):
        self.assertIn("\x1b[1;31merror", on_terminal("analyze", self.stalled()))

    def test_no_color_and_dumb_terminals(self):
        self.assertNotIn("\x1b", on_terminal("analyze", self.stalled(), env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", on_terminal("analyze", self.stalled(), env={"TERM": "dumb"}))
        self.assertIn("\x1b", on_terminal("analyze", self.stalled(), env={"NO_COLOR": ""}))

    def test_the_option_wins(self):
        self.assertIn("\x1b", run("analyze", "--color", "always", self.stalled(), env={"NO_COLOR": "1"}).stdout)
        self.assertNotIn("\x1b", on_terminal("analyze", "--color=never", self.stalled()))

    def test_never_in_files_or_machine_formats(self):
        path = self.path("report.txt")
        out = run("analyze", "--color", "always", "--format", "json", "--text-out", path, self.stalled()).stdout
        self.assertNotIn("\x1b", out)
        with open(path, encoding="utf-8") as file:
            self.assertNotIn("\x1b", file.read())


class Width(CliTest):
    def table(self, columns):
        """The rows of the flows' table."""
        lines = on_terminal("analyze", "--color=never", self.stalled(), columns=columns).splitlines()
        at, = (number for number, line in enumerate(lines) if line.startswith("flow  "))
        return [re.split("  +", line.strip()) for line in lines[at:at + 2]], max(map(len, lines[at:at + 2]))

    def test_table_has_what_there_is_room_for(self):
        (titles, row), _ = self.table(160)
        whole = dict(zip(titles, row, strict=True))
        self.assertEqual(len(whole), 12)
        for columns in (120, 100, 80, 60):
            (titles, row), width = self.table(columns)
            self.assertLessEqual(width, columns)
            self.assertEqual({title: whole[title] for title in titles}, dict(zip(titles, row, strict=True)))
            self.assertLessEqual({"flow", "dropped", "stalled"}, set(titles))
        self.assertIn("contradicted", run("analyze", self.stalled()).stdout)  # a file has no edge

    def test_scenarios_hang_on_a_terminal(self):
        plain = run("synth", "--list").stdout
        self.assertGreater(max(map(len, plain.splitlines())), 80)
        shown = on_terminal("synth", "--list", columns=80)
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)
        self.assertRegex(shown, r"\n {20,}\S")
        self.assertEqual(re.sub(r"\n {20,}(?=\S)", " ", shown), plain)


class ProgressLine(CliTest):
    """It may appear after a tenth of a second, and is thought of every 65536 packets."""

    def pieces(self):
        packets = [(i / 1000, segment(CLIENT, SERVER, i, 0, ACK, (i, 1))) for i in range(1000)]
        return [pcap(packets), *[pcap(packets)[24:] * 70] * 2]

    def test_only_on_a_terminal_and_gone_at_the_end(self):
        shown = on_terminal("analyze", "-", which="stderr", pieces=self.pieces())
        self.assertRegex(shown, r"\A(\r\x1b\[K\d+ packets)+\r\x1b\[K\Z")
        self.assertEqual(run("analyze", "-", input=b"".join(self.pieces()), text=False).stderr, b"")

    def test_quiet_and_dumb_terminals(self):
        self.assertEqual(on_terminal("analyze", "-q", "-", which="stderr", pieces=self.pieces()), "")
        self.assertEqual(on_terminal("analyze", "-", which="stderr", pieces=self.pieces(), env={"TERM": "dumb"}), "")


class Formats(CliTest):
    def test_all_at_once_say_the_same_as_one_by_one(self):
        capture = self.stalled()
        names = {"text": "a.txt", "json": "a.json", "ndjson": "a.ndjson", "csv": "a.csv", "junit": "a.xml",
                 "sarif": "a.sarif", "github": "a.log", "markdown": "a.md"}
        options = [f"--{form}-out={self.path(name)}" for form, name in names.items()]
        self.expect(OK, run("analyze", *options, capture))
        for form, name in names.items():
            with open(self.path(name), newline="", encoding="utf-8") as file:
                alone = run("analyze", "--format", form, capture, text=False).stdout.decode()
                self.assertEqual(file.read(), alone, form)
        self.assertEqual(len(os.listdir(self.folder)), 1 + len(names), "temporary files are left")

    def test_json(self):
        document = json.loads(run("analyze", "--format", "json", self.stalled()).stdout)
        self.assertEqual(document["schema"], "tsaudit.analysis/1")
        self.assertEqual(document["captures"][0]["name"], "stalled.pcap")
        self.assertEqual(document["totals"]["flows"], 1)
        self.assertIn("TS001", [finding["rule"] for finding in document["findings"]])

    def test_ndjson(self):
        lines = [json.loads(line) for line in run("analyze", "-f", "ndjson", self.stalled()).stdout.splitlines()]
        self.assertEqual(lines[0]["type"], "flow")
        self.assertEqual(lines[-1]["type"], "summary")

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(run("analyze", "-f", "csv", self.stalled()).stdout)))
        self.assertEqual([row["from"] for row in rows], ["client", "server"])
        self.assertGreater(int(rows[0]["dropped"]), 0)

    def test_segments(self):
        rows = [json.loads(line) for line in run("segments", "-f", "ndjson", self.stalled()).stdout.splitlines()]
        self.assertEqual([row["frame"] for row in rows], list(range(1, 84)))
        drops = [row for row in rows if row["verdict"] == "drop"]
        self.assertEqual({row["reason"] for row in drops}, {"TCP_RFC7323_PAWS"})
        self.assertEqual(len(drops), 20)

    def test_segments_of_one_flow(self):
        other = segment(("10.0.0.3", 1), SERVER, 1, 0, SYN)
        capture = self.write("two.pcap", connection() + pcap([(9, other)])[24:])
        rows = run("segments", "-f", "csv", "--flow", "2", capture).stdout.splitlines()
        self.assertEqual(len(rows), 2)
        self.assertTrue(rows[1].startswith("84,"))

    def test_same_bytes_each_time(self):
        capture = self.stalled()
        for form in ("text", "json", "ndjson", "csv"):
            first = run("analyze", "-f", form, capture, text=False).stdout
            for _ in range(3):
                self.assertEqual(run("analyze", "-f", form, capture, text=False).stdout, first)
            self.assertNotIn(self.folder.encode() if form != "text" else b"\0", first, "an absolute path")


class Files(CliTest):
    def test_replaced_only_by_a_complete_one(self):
        result = self.write("result.json", b"the last good one")
        self.expect(INPUT, run("analyze", "--json-out", result, self.path("absent.pcap")))
        with open(result, "rb") as file:
            self.assertEqual(file.read(), b"the last good one")

    def test_mode_is_that_of_any_new_file(self):
        result = self.path("result.json")
        run("analyze", "--json-out", result, self.healthy(), umask=0o027)
        self.assertEqual(stat.S_IMODE(os.stat(result).st_mode), 0o640)

    def test_mode_of_an_old_file_is_kept(self):
        result = self.write("result.json", b"")
        os.chmod(result, 0o604)
        run("analyze", "--json-out", result, self.healthy())
        self.assertEqual(stat.S_IMODE(os.stat(result).st_mode), 0o604)

    def test_link_stays_a_link(self):
        result = self.write("result.json", b"")
        os.symlink("result.json", self.path("latest.json"))
        run("analyze", "--json-out", self.path("latest.json"), self.healthy())
        self.assertTrue(os.path.islink(self.path("latest.json")))
        self.assertGreater(os.path.getsize(result), 100)

    def test_what_is_read_is_not_written(self):
        capture, other, saved = self.stalled(), self.healthy(), self.write("saved.json", b"")
        with open(saved, "w", encoding="utf-8") as file:
            run("analyze", "-f", "json", capture, capture_output=False, stdout=file)
        policy = self.write("policy.toml", b"schema = 'tsaudit.policy/1'\n")
        known = self.write("known.toml", run("check", "--print-default-policy", text=False).stdout)
        hard, soft = self.path("hard"), self.path("soft")
        os.link(capture, hard)
        os.symlink("stalled.pcap", soft)
        near = os.path.join(self.folder, ".", "stalled.pcap")
        before = {name: self.content(name) for name in os.listdir(self.folder)}
        reads = [*(([command, capture], option, name) for command in ("analyze", "check")
                   for option in ("--text-out", "--json-out", "--ndjson-out", "--csv-out", "--junit-out", "--sarif-out",
                                  "--github-out", "--markdown-out") for name in (capture, near, hard, soft)),
                 (["analyze", other, capture], "--json-out", capture),
                 (["analyze", "-"], "--json-out", capture),
                 (["check", "--policy", policy, capture], "--text-out", policy),
                 (["analyze", "--baseline", known, capture], "--text-out", known),
                 (["check", capture, "--baseline", capture], "--update-baseline", None),
                 (["compare", saved, capture], "--json-out", saved),
                 (["compare", saved, capture], "--json-out", capture),
                 (["compare", "--policy", policy, saved, capture], "--markdown-out", policy),
                 (["verify-offset", "--inside", capture, "--outside", other], "--json-out", capture),
                 (["verify-offset", "--inside", other, "--outside", capture], "--json-out", soft),
                 (["verify-offset", "--inside", capture, "--outside", other, "--table", saved], "--json-out", saved),
                 (["annotate", capture, hard], "OUT", None),
                 (["live", "-i", "lo", "--baseline", known], "--write", known)]
        for arguments, option, name in reads:
            with self.subTest(arguments=arguments, option=option, name=name), open(capture, "rb") as stdin:
                named = [] if option == "OUT" else [option] if name is None else [option, name]
                process = self.expect(USAGE, run(*arguments, *named, stdin=stdin))
                self.assertRegex(process.stderr, rf"\Atsaudit: {option}: \S+ is read as input: name another file\n")
                self.assertEqual({name: self.content(name) for name in os.listdir(self.folder)}, before)

    def test_a_file_is_written_once(self):
        result = self.write("result", b"")
        os.symlink("result", self.path("link"))
        for command, options in [("analyze", ["--json-out", result, "--text-out", self.path("link")]),
                                 ("check", ["--json-out", result, "--baseline", result, "--update-baseline"]),
                                 ("analyze", ["--json-out", self.path("new"), "--text-out", self.path("./new")])]:
            with self.subTest(options=options):
                stderr = self.expect(USAGE, run(command, self.healthy(), *options)).stderr
                self.assertRegex(stderr, r"\Atsaudit: --\S+ and --\S+ name one file, \S+: name another\n")
        self.assertEqual(self.content("result"), b"")
        self.expect(OK, run("analyze", "--json-out", "/dev/null", "--text-out", "/dev/null", self.healthy()))

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def test_devices_are_written_directly(self):
        self.expect(OK, run("analyze", "--json-out", "/dev/null", self.healthy()))
        process = run("analyze", "--format", "csv", "--ndjson-out", "/dev/stderr", self.healthy())
        self.assertEqual(json.loads(process.stderr.splitlines()[-1])["type"], "summary")


class Explain(CliTest):
    def test_segment(self):
        out = self.expect(OK, run("explain", self.stalled(), "--frame", "44")).stdout
        for text in ("frame     44, 10.0.0.1:40000 -> 10.0.0.2:443", "before    ESTABLISHED", "tcp_paws_check",
                     "verdict   drop, TCP_RFC7323_PAWS", "evidence  confirmed, by frame"):
            self.assertIn(text, out)

    def test_rules(self):
        self.assertIn("TS001 paws-drop (error)", self.expect(OK, run("explain", "ts001")).stdout)
        out = self.expect(OK, run("explain", "--all")).stdout
        for number in range(1, 17):
            self.assertIn(f"TS{number:03} ", out)


class SeveralCaptures(CliTest):
    def in_two(self):
        """A connection that moves, as the hosts saw it that had it: each has a part, and their clocks agree."""
        packets = list(frames_of(connection(step=-4_000_000)))
        return [self.write(name, pcap((ns / 10**9, frame) for ns, frame in packets if (ns >= 2 * 10**9) == late))
                for name, late in (("old-host.pcap", False), ("new-host.pcap", True))]

    def flows(self, *captures):
        return json.loads(self.expect(OK, run("analyze", "--format", "json", *captures)).stdout)["flows"]

    def test_old_and_new_host(self):
        old, new = self.in_two()
        self.assertEqual(self.flows(new, old), self.flows(self.stalled()))

    def test_of_the_whole_and_of_a_part(self):
        _, new = self.in_two()
        text = self.expect(OK, run("analyze", self.stalled(), new)).stdout
        alone = self.expect(OK, run("analyze", self.stalled())).stdout
        self.assertRegex(text, r"skipped: \d+ copies")
        judged = [line for line in alone.splitlines() if line.startswith("judged")]
        self.assertTrue(judged)
        self.assertIn(judged[0], text)

    def test_copies_are_explained_by_the_first(self):
        stalled = self.stalled()
        process = self.expect(USAGE, run("explain", stalled, stalled, "--frame", "10"))
        self.assertIn("frame 10 is a copy; another point of the capture showed that segment in frame 9 or soon after", process.stderr)
        self.assertIn("TSval", self.expect(OK, run("explain", stalled, stalled, "--frame", "9")).stdout)

    def test_order_in_time(self):
        frames = [(seconds, segment(CLIENT, SERVER, 1000, 2000, ACK, (seconds, 1))) for seconds in (1, 3, 2, 4)]
        text = run("analyze", self.write("disordered.pcap", pcap(frames))).stdout
        self.assertIn("4 packets; 1 out of order in time, which reordercap mends", " ".join(text.split()))
        self.assertNotIn("out of order", run("analyze", self.stalled()).stdout)


if __name__ == "__main__":
    main()

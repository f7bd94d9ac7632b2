#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit annotate and docs/wireshark: comments where they belong, everything else as it was; tshark is the reader."""
import gzip
import json
import re
import shutil
import signal
import time

from support import *

NAIVE = os.path.join(TOP, "captures/naive-restore.pcap")
LUA = os.path.join(TOP, "docs/wireshark/tsaudit.lua")
END = 0x0A0D0D0A


def tshark(*arguments, env=None):
    process = subprocess.run(["tshark", *arguments], capture_output=True, text=True, timeout=60, check=False,
                             env={**os.environ, **(env or {})})
    assert process.returncode == 0, process.stderr
    return process.stdout


def comments(path):
    """Frame -> comments, as tshark sees them."""
    rows = tshark("-r", path, "-Y", "frame.comment", "-Tfields", "-Eaggregator=|", "-eframe.number", "-eframe.comment")
    return {int(frame): text for frame, text in (row.split("\t") for row in rows.splitlines())}


def bytes_and_times(path):
    fields = tshark("-r", path, "-Tfields", "-eframe.time_epoch", "-eframe.len", "-eframe.cap_len")
    return fields, tshark("-r", path, "-x")


def interfaces(path):
    return tshark("-r", path, "-Tfields", "-eframe.interface_id", "-eframe.interface_name", "-eframe.encap_type")


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def rich_pcapng(order, stated):
    """Two sections' worth of what a pcapng can hold, around the stalled connection of support.py."""
    interface = block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + option(order, 2, b"eth7") +
                      option(order, 9, b"\x09") + option(order, 1, b"an interface") + option(order, 0, b""))
    other = block(order, 1, struct.pack(order + "HHI", 1, 0, 96) + option(order, 9, b"\x86"))
    inside = interface + other + block(order, 0xBADBAD, b"what nobody knows") + block(
        order, 4, struct.pack(order + "HH", 1, 11) + b"\x0a\x00\x00\x01" + b"client\0\0" + struct.pack(order + "HH", 0, 0))
    for number, (ns, data) in enumerate(frames_of(connection(step=-4_000_000))):
        head = struct.pack(order + "IIIII", 0, ns >> 32, ns & 0xFFFFFFFF, len(data), len(data))
        padded = data + b"\0" * (-len(data) % 4)
        if number == 70:
            inside += block(order, 2, struct.pack(order + "HHIIII", 0, 0xFFFF, ns >> 32, ns & 0xFFFFFFFF, len(data),
                                                  len(data)) + padded)
        elif number % 3 == 0:
            inside += block(order, 6, head + padded)
        elif number % 3 == 1:
            inside += block(order, 6, head + padded + option(order, 1, b"mine") + option(order, 2, b"\0\0\0\1") +
                            option(order, 0, b""))
        else:
            inside += block(order, 6, head + padded + option(order, 1, "ä".encode()))  # no end mark
    inside += block(order, 5, struct.pack(order + "III", 0, 0, 0) + option(order, 1, b"statistics"))
    length = len(inside) if stated else 2**64 - 1
    header = struct.pack(order + "IHHQ", 0x1A2B3C4D, 1, 0, length) + option(order, 1, b"a section")
    return block(order, END, header) + inside


def blocks(content):
    at = 0
    while at < len(content):
        if content[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if content[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, size = struct.unpack_from(order + "II", content, at)
        yield order, kind, content[at:at + size]
        at += size


class Annotate(CliTest):
    def annotate(self, source, *options, name="out.pcapng"):
        return self.path(name), self.expect(OK, run("annotate", source, self.path(name), *options)).stdout

    def flagged(self, capture):
        """Frames that an annotation must name, from the other commands."""
        rows = [json.loads(line) for line in run("segments", "--format", "ndjson", capture).stdout.splitlines()]
        dropped = {row["frame"] for row in rows if row["verdict"] == "drop" and "PAWS" in row["reason"]}
        report = json.loads(run("analyze", "--format", "json", capture).stdout)
        return dropped, dropped | {frame for f in report["findings"] for frame in f["frames"]}

    def check(self, source, out):
        dropped, flagged = self.flagged(source)
        self.assertGreater(len(dropped), 5)
        found = {frame: text for frame, text in comments(out).items() if "tsaudit TS" in text}
        self.assertEqual(set(found), flagged)
        for frame in dropped:
            self.assertRegex(found[frame], r"tsaudit TS0(01 paws-drop|11 stale-ack): the \w+ discards it, TCP_RFC7323")
        return found

    def test_pcap_becomes_pcapng(self):
        content = content_of(NAIVE)
        fields = struct.unpack_from("<IHHiIII", content)
        micro = struct.pack("<IHHiIII", 0xA1B2C3D4, *fields[1:])
        swapped = struct.pack(">IHHiIII", *fields)
        for ns, data in frames_of(content):
            micro += struct.pack("<IIII", ns // 10**9, ns % 10**9 // 1000, len(data), len(data)) + data
            swapped += struct.pack(">IIII", ns // 10**9, ns % 10**9, len(data), len(data)) + data
        for name, source in (("ns", NAIVE), ("us", self.write("us.pcap", micro)), ("big", self.write("be.pcap", swapped))):
            with self.subTest(name):
                out, _ = self.annotate(source)
                self.check(source, out)
                self.assertEqual(bytes_and_times(source), bytes_and_times(out))

    def test_pcapng_is_kept_byte_for_byte(self):
        for order in "<>":
            for stated in (True, False):
                with self.subTest(order=order, stated=stated):
                    content = rich_pcapng(order, stated)
                    content += rich_pcapng("<", stated)   # the same again: another flow's worth, other frame numbers
                    source = self.write("in.pcapng", content)
                    out, _ = self.annotate(source)
                    found = self.check(source, out)
                    self.assertEqual(bytes_and_times(source), bytes_and_times(out))
                    self.assertEqual(interfaces(source), interfaces(out))
                    result, frame = content_of(out), 0
                    sections = []
                    for (_, kind, old), (its_order, its_kind, new) in zip(blocks(content), blocks(result), strict=True):
                        self.assertEqual(kind, its_kind)
                        frame += kind in (2, 6)
                        if kind in (2, 6) and frame in found:
                            self.assertEqual(old[8:-4].rstrip(b"\0")[:-4], new[8:][:len(old[8:-4].rstrip(b"\0")) - 4])
                            self.assertEqual(new[4:8], new[-4:])
                            self.assertGreater(len(new), len(old))
                        elif kind == END:
                            sections.append([struct.unpack_from(its_order + "Q", new, 16)[0], 0])
                            self.assertEqual(old[:16] + old[24:], new[:16] + new[24:])
                        else:
                            self.assertEqual(old, new)
                        if kind != END:
                            sections[-1][1] += len(new)
                    for length, real in sections:
                        self.assertEqual(length, real if stated else 2**64 - 1)
                    self.assertIn("mine|tsaudit", next(t for t in found.values() if t.startswith("mine")))

    def test_what_gzip_packed_is_as_if_it_had_not(self):
        content = rich_pcapng("<", True)
        plain, _ = self.annotate(self.write("in.pcapng", content))
        expected = content_of(plain)
        packed, _ = self.annotate(self.write("in.pcapng.gz", gzip.compress(content)))
        self.assertEqual(content_of(packed), expected)

    def test_simple_packets_are_said_to_hold_none(self):
        content = block("<", END, struct.pack("<IHHQ", 0x1A2B3C4D, 1, 0, 2**64 - 1))
        content += block("<", 1, struct.pack("<HHI", 1, 0, 0))
        for _, data in frames_of(connection(step=-4_000_000)):
            content += block("<", 3, struct.pack("<I", len(data)) + data)
        source = self.write("simple.pcapng", content)
        out, said = self.annotate(source)
        self.assertIn("simple packet blocks", said)
        self.assertEqual(content_of(out), content)

    def test_from_stdin_to_stdout(self):
        out, _ = self.annotate(NAIVE)
        with open(NAIVE, "rb") as file:
            process = subprocess.run([TSAUDIT, "annotate", "-", "-"], stdin=file, capture_output=True, timeout=60, check=True)
        self.assertEqual(process.stdout, content_of(out))
        self.assertIn(b"Wireshark: frame.number in {", process.stderr)

    def test_from_a_pipe(self):
        for name, content in (("a.pcap", content_of(NAIVE)), ("a.pcapng", rich_pcapng("<", True)),
                              ("a.gz", gzip.compress(content_of(NAIVE)))):
            with self.subTest(name):
                source = self.write(name, content)
                expected = content_of(self.annotate(source)[0])
                process = subprocess.run(["bash", "-c", '"$0" annotate <(cat "$1") "$2"', TSAUDIT, source, self.path("piped")],
                                         capture_output=True, text=True, timeout=60, check=False)
                self.expect(OK, process)
                self.assertEqual(content_of(self.path("piped")), expected)

    def test_a_pipe_is_called_by_its_name(self):
        for content, options, code, text in ((b"no capture at all", [], INPUT, r"\S+: [^\n/]+"),
                                             (content_of(NAIVE)[:4200], [], INPUT, r"\S+: [^\n/]*cut short[^\n/]*"),
                                             (content_of(NAIVE)[:4200], ["--allow-truncated"], OK, None)):
            with self.subTest(text=text):
                pipe = self.path("pipe")
                os.mkfifo(pipe)
                with subprocess.Popen([TSAUDIT, "annotate", pipe, self.path("out"), *options], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True) as process:
                    with open(pipe, "wb") as file:
                        file.write(content)
                    stderr = process.communicate(timeout=60)[1]
                os.unlink(pipe)
                self.assertEqual(process.returncode, code, stderr)
                self.assertRegex(stderr, rf"\Atsaudit: {text}\n\Z" if text else r"\A\Z")
                self.assertIn(pipe if text else "", stderr)

    def test_a_pipe_that_does_not_end_is_left_by_an_interrupt(self):
        with subprocess.Popen([TSAUDIT, "annotate", "-", self.path("out")], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            process.stdin.buffer.write(content_of(NAIVE))
            process.stdin.flush()
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), INTERRUPTED)
            self.assertEqual(process.stderr.read(), "tsaudit: interrupted\n")
        self.assertFalse(os.path.exists(self.path("out")))

    def test_filter_comments_on_what_it_takes_and_copies_all(self):
        other = pcap((0, segment(("10.0.0.3", 40000 + i), SERVER, 1, 0, SYN, (1, 0))) for i in range(5))
        source = self.write("two.pcap", other + connection(step=-4_000_000)[24:])
        whole, part = (comments(self.annotate(source, "--filter", expression)[0]) for expression in ("tcp", "host 10.0.0.1"))
        self.assertGreater(len(whole), 5)
        self.assertEqual(list(part), list(whole))
        source = self.write("rich.pcapng", rich_pcapng(">", False))
        self.assertEqual(content_of(self.annotate(source, "--filter", "udp")[0]), content_of(source))

    def test_what_does_not_fit_into_memory_is_where_tmpdir_says(self):
        out = self.path("out.pcapng")
        for arguments in ([NAIVE, out], ["-", out]):
            process = self.expect(INTERNAL, run("annotate", *arguments, env={"TMPDIR": "/nothing/there"}))
            self.assertIn("no temporary file in /nothing/there (TMPDIR): No such file or directory", process.stderr)
        self.assertFalse(os.path.exists(out))

    def test_display_filter_selects_the_flagged(self):
        out, said = self.annotate(NAIVE)
        text = re.search(r"Wireshark: (.*)", said).group(1)
        rows = tshark("-r", out, "-Y", text, "-Tfields", "-eframe.number").split()
        self.assertEqual(set(map(int, rows)), set(comments(out)))
        self.assertIn("..", self.annotate(self.made("naive-restore-client"))[1])

    def made(self, name):
        path = self.path(name + ".pcap")
        self.expect(OK, run("synth", name, path))
        return path

    def test_every_rule_comes_through(self):
        for name, code in {"usec-flip": "TS005", "zero-window": "TS014", "tsopt-malformed": "TS010", "stale-ack": "TS011",
                           "time-wait-reuse": "TS015", "naive-restore-ipv6": "TS006"}.items():
            source = self.made(name)
            out, _ = self.annotate(source)
            self.assertTrue(any(f"tsaudit {code} " in text for text in comments(out).values()), name)

    def test_nothing_to_say(self):
        out, said = self.annotate(self.made("healthy"))
        self.assertEqual(comments(out), {})
        self.assertIn("Nothing to comment on", said)

    def test_errors(self):
        self.assertIn("no capture given", self.expect(USAGE, run("annotate")).stderr)
        self.assertIn("no OUT.pcapng given", self.expect(USAGE, run("annotate", NAIVE)).stderr)
        self.expect(USAGE, run("annotate", NAIVE, NAIVE))
        self.expect(INPUT, run("annotate", "nothing-there", self.path("x")))
        cut = self.write("cut.pcap", content_of(NAIVE)[:4200])
        out = self.path("cut.pcapng")
        self.expect(INPUT, run("annotate", cut, out))
        self.assertGreater(len(tshark("-r", out).splitlines()), 10)   # what could be read is there
        self.expect(OK, run("annotate", "--allow-truncated", cut, out))


class Wireshark(CliTest):
    """docs/wireshark/tsaudit.lua"""

    def test_fields_are_what_segments_says(self):
        rows = run("segments", "--format", "ndjson", NAIVE).stdout
        path = self.write("rows.ndjson", rows.encode())
        names = ["verdict", "reason", "ts_recent", "delta", "evidence", "flow"]
        shown = tshark("-r", NAIVE, "-X", "lua_script:" + LUA, "-Y", "tsaudit.verdict", "-Tfields", "-eframe.number",
                       *(f"-etsaudit.{name}" for name in names), env={"TSAUDIT_SEGMENTS": path})
        wanted = []
        for row in map(json.loads, rows.splitlines()):
            wanted.append("\t".join(str("" if row[name] is None else row[name]) for name in ["frame", *names]))
        self.assertEqual(shown.splitlines(), wanted)

    def test_filter(self):
        rows = run("segments", "--format", "ndjson", NAIVE).stdout
        path = self.write("rows.ndjson", rows.encode())
        shown = tshark("-r", NAIVE, "-X", "lua_script:" + LUA, "-o", "tsaudit.file:" + path, "-Tfields", "-eframe.number",
                       "-Y", 'tsaudit.reason == "TCP_RFC7323_PAWS" && tsaudit.evidence == "confirmed" && tsaudit.delta < -1')
        wanted = [row["frame"] for row in map(json.loads, rows.splitlines())
                  if row["reason"] == "TCP_RFC7323_PAWS" and row["evidence"] == "confirmed"]
        self.assertGreater(len(wanted), 3)
        self.assertEqual(list(map(int, shown.split())), wanted)
        data = tshark("-r", NAIVE, "-X", "lua_script:" + LUA, "-o", "tsaudit.file:" + path, "-Tfields", "-eframe.number",
                      "-Y", 'tsaudit.rule == "TS001" && tcp.len > 0')
        self.assertGreater(len(data.split()), 1)

    def test_without_a_file_nothing_breaks(self):
        plain = tshark("-r", NAIVE)
        self.assertEqual(plain, tshark("-r", NAIVE, "-X", "lua_script:" + LUA))


if __name__ == "__main__":
    if not shutil.which("tshark"):
        skip("tshark is not installed")
    main()

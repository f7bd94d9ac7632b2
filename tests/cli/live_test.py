#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit live, on interfaces of namespaces: what it says while it captures, what it says in the end, what it writes."""
import json
import queue
import re
import threading
import time

from live import *

REPLAY = """
import socket, sys, time
sys.path.insert(0, sys.argv[1])
from support import frames_of
with open(sys.argv[2], "rb") as file:
    frames = list(frames_of(file.read()))
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
    out.bind(("router", 0))
    begin = time.monotonic()
    for ns, frame in frames[:-1]:
        time.sleep(max(0, begin + (ns - frames[0][0]) / 1e9 - time.monotonic()))
        out.send(frame)
    sys.stdin.readline()
    out.send(frames[-1][1])
"""
RESTORE = os.path.join(TOP, "captures/naive-restore.pcap")


def ignore_interrupts():
    """As a shell does before what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Live(LiveTest):
    def live(self, *arguments, **options):
        """tsaudit live on what is between the hosts; the lines of its stderr, as they come; None at its end."""
        process = subprocess.Popen(["ip", "netns", "exec", self.between, TSAUDIT, "live", *arguments], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.lines = queue.Queue()

        def read():
            for line in process.stderr:
                self.lines.put(line.rstrip("\n"))
            self.lines.put(None)
        reader = threading.Thread(target=read)
        reader.start()

        def clean_up():
            if process.poll() is None:
                process.kill()
            reader.join()
            for stream in process.stdout, process.stderr:
                stream.close()
        self.addCleanup(clean_up)
        self.wait_for_capture(arguments[arguments.index("-i") + 1])
        return process

    def wait_for_capture(self, device):
        """Until a packet socket is open there."""
        for _ in range(200):
            sockets = subprocess.run(["ip", "netns", "exec", self.between, "ss", "-H0", "-e"], capture_output=True, text=True,
                                     check=True).stdout
            if f":{device} " in sockets or (device == "any" and sockets.strip()):
                return
            time.sleep(0.05)
        self.fail(f"no capture on {device}: {sockets}")

    def end(self, process, code, how=signal.SIGINT):
        process.send_signal(how)
        out = process.stdout.read()
        self.assertEqual(process.wait(30), code)
        return out

    def replay(self, capture):
        """As host `a` would send it, and at that pace; the last frame when it may, on a line of stdin."""
        process = self.inside_of(self.a, sys.executable, "-c", REPLAY, os.path.dirname(__file__), capture,
                                 stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        return process

    def finish(self, replay):
        replay.communicate("\n", timeout=30)
        self.assertEqual(replay.returncode, 0)

    def test_stall_is_told_while_it_lasts(self):
        self.hosts()
        written = self.path("written.pcap")
        process = self.live("-i", "inside", "-w", written, "--format", "json")
        replay = self.replay(RESTORE)
        line = self.lines.get(timeout=30)
        self.assertRegex(line, r"^\d\d:\d\d:\d\d 10\.77\.0\.2:40000 -> 10\.77\.0\.1:50000: Timestamps stalled this "
                               r"connection: the server discarded \d segments of the client by PAWS from frame \d+ on")
        self.assertRegex(self.lines.get(timeout=30), r"^ +to do: tsoffset add inet 10\.77\.0\.2:40000 10\.77\.0\.1:50000 "
                                                     r"\+1000001$")
        self.finish(replay)
        time.sleep(0.5)
        report = json.loads(self.end(process, OK))
        self.assertIsNone(self.lines.get(timeout=30))
        capture, = report["captures"]
        self.assertEqual((capture["name"], capture["format"]), ("inside", "live"))
        self.assertEqual(report["stopped_at_frame"], 0)
        again = json.loads(self.expect(OK, run("analyze", "--format", "json", written)).stdout)
        self.assertEqual(again["captures"][0]["packets"], capture["packets"])
        self.assertEqual(again["flows"], report["flows"])
        self.assertEqual([finding["message"] for finding in again["findings"]],
                         [finding["message"] for finding in report["findings"]])
        self.assertIn("until its last segment", json.dumps(report["findings"]))

    def forward(self, enabled):
        self.ip("netns", "exec", self.between, "sysctl", "-qw", f"net.ipv4.ip_forward={enabled}")

    def test_what_goes_on_again_is_told(self):
        self.hosts()
        process = self.live("-i", "any")

        def stop_for_a_while():
            time.sleep(1)
            self.forward(0)
            self.assertRegex(self.lines.get(timeout=30), r" 10\.78\.1\.1:\d+ -> 10\.78\.2\.1:5000: Timestamps are not the "
                                                         r"problem: no progress for [\d.]+ s so far: no answer")
            self.forward(1)
            line = self.lines.get(timeout=60)   # a retransmission may take a while
            self.assertTrue(line.endswith(" -> 10.78.2.1:5000: goes on again."), line)
        self.record_a_talk(meanwhile=stop_for_a_while)
        self.assertIn("no progress for", " ".join(self.end(process, OK, signal.SIGTERM).split()))

    def test_nothing_is_said_of_what_is_well(self):
        self.hosts()
        process = self.live("-i", "inside")
        self.record_a_talk()
        out = self.end(process, OK)
        self.assertIsNone(self.lines.get(timeout=30))
        self.assertTrue(out.startswith("Timestamps are not the problem: PAWS discarded none"), out)

    def test_duration(self):
        self.hosts()
        begin = time.monotonic()
        process = self.live("-i", "inside", "--duration", "1.5")
        self.assertEqual(process.wait(30), OK)
        self.assertGreaterEqual(time.monotonic() - begin, 1.5)

    def test_gate(self):
        self.hosts()
        process = self.live("-i", "inside", "--fail-on", "error", "-q", preexec_fn=ignore_interrupts)
        self.finish(self.replay(RESTORE))
        time.sleep(0.5)
        self.assertTrue(self.end(process, FINDINGS).startswith("Timestamps stalled 1 of 1 flow"))
        self.assertIsNone(self.lines.get(timeout=30))

    def test_what_cannot_be(self):
        self.hosts()
        command = ["ip", "netns", "exec", self.between, TSAUDIT, "live", "--duration", "5"]
        for arguments, code, text in (
                ([], USAGE, "--interface is required; there are lo, inside, outside, any"),
                (["-i", "absent"], INPUT, "absent: "),
                (["-i", "inside", "--filter", "tcp prot 80"], USAGE, "inside: filter 'tcp prot 80': "),
                (["-i", "inside", "-w", "-"], USAGE, "--write wants a file"),
                (["-i", "inside", "-w", self.path("no/folder")], INTERNAL, self.path("no/folder")),
                (["-i", "inside", "-w", "/dev/full"], INTERNAL, "/dev/full: No space left on device")):
            with self.subTest(" ".join(arguments)):
                process = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(process.returncode, code, process.stderr)
                self.assertRegex(process.stderr, "^tsaudit: " + re.escape(text))


if __name__ == "__main__":
    live_main()

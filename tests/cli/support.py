# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: running tsaudit, and captures small enough to be written down here."""
import os
import struct
import subprocess
import sys
import tempfile
import unittest

TSAUDIT = os.path.abspath(os.environ["TSAUDIT"])
TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))

OK, FINDINGS, USAGE, INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 4, 130

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 443)


def run(*arguments, **options):
    """The finished process; stdout and stderr as text, unless `text` says otherwise."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60, **options}
    if "input" in options:
        del options["stdin"]
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS")}
    environment.update(options.pop("env", {}))
    return subprocess.run([TSAUDIT, *map(str, arguments)], env=environment, check=False, **options)


def segment(source, target, seq, ack, flags, ts=None, payload=b"", syn_options=b""):
    """An Ethernet frame with one TCP segment. `ts` is (TSval, TSecr). Checksums are left 0, as offloading does."""
    options = (b"\x01\x01\x08\x0a" + struct.pack(">II", *ts) if ts else b"") + syn_options
    options += b"\0" * (-len(options) % 4)
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], seq, ack, (20 + len(options)) // 4 << 4, flags, 64000, 0, 0)
    address = lambda text: bytes(map(int, text.split(".")))
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp) + len(options) + len(payload), 0, 0x4000, 64, 6, 0,
                     address(source[0]), address(target[0]))
    mac = lambda text: b"\x52\x54\0\0\0" + address(text)[3:]
    return mac(target[0]) + mac(source[0]) + b"\x08\0" + ip + tcp + options + payload


def pcap(packets):
    """A nanosecond pcap of (seconds, frame)."""
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    for seconds, frame in packets:
        ns = round(seconds * 1_000_000_000)
        out += struct.pack("<IIII", ns // 1_000_000_000, ns % 1_000_000_000, len(frame), len(frame)) + frame
    return out


def connection(step=0, timestamps=True):
    """A client that sends 100 bytes every 100 ms; after two seconds its TSval is off by `step` ticks. If that is old,
    the server refuses, and the client retransmits."""
    stamp = lambda value, echo: (value % 2**32, echo % 2**32) if timestamps else None
    clock = lambda seconds: 5_000_000 + round(seconds * 1000)
    packets = [(0, segment(CLIENT, SERVER, 999, 0, SYN, stamp(clock(0), 0))),
               (0.0001, segment(SERVER, CLIENT, 1999, 1000, SYN | ACK, stamp(900_000, clock(0)))),
               (0.0002, segment(CLIENT, SERVER, 1000, 2000, ACK, stamp(clock(0), 900_000)))]
    recent, seq = clock(0), 1000
    for number in range(1, 41):
        now = number / 10
        value = clock(now) + (step if now > 2 else 0)
        echo = 900_000 + round((now - 0.1) * 1000)
        packets.append((now, segment(CLIENT, SERVER, seq, 2000, PSH | ACK, stamp(value, echo), b"x" * 100)))
        if value >= recent or not timestamps:
            recent, seq = value, seq + 100
        packets.append((now + 0.0002, segment(SERVER, CLIENT, 2000, seq, ACK, stamp(900_000 + round(now * 1000), recent))))
    return pcap(packets)


class CliTest(unittest.TestCase):
    """Each test has a folder of its own, and captures in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tsaudit-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def healthy(self):
        return self.write("healthy.pcap", connection())

    def stalled(self):
        return self.write("stalled.pcap", connection(step=-4_000_000))

    def expect(self, code, process):
        self.assertEqual(process.returncode, code, f"stdout: {process.stdout!r}\nstderr: {process.stderr!r}")
        return process


def main():
    unittest.main(verbosity=2)


def skip(reason):
    print("SKIPPED:", reason)
    sys.exit(77)

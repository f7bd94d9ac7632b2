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


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


def pcap(packets):
    """A nanosecond pcap of (seconds, frame)."""
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    for seconds, frame in packets:
        ns = round(seconds * 1_000_000_000)
        out += struct.pack("<IIII", ns // 1_000_000_000, ns % 1_000_000_000, len(frame), len(frame)) + frame
    return out


def frames_of(pcap_bytes):
    """(ns, frame) of what pcap() makes."""
    at = 24
    while at < len(pcap_bytes):
        seconds, ns, size, _ = struct.unpack_from("<IIII", pcap_bytes, at)
        yield seconds * 10**9 + ns, pcap_bytes[at + 16:at + 16 + size]
        at += 16 + size


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


def again(capture, port=50123, seq=0x9ABCDEF0, ticks=0xFFFF0000, seconds=1_000_000, endpoint=40000):
    """The same traffic as another run would show it: another client port, other ISNs, other timestamps, another time.
    Checksums are made anew."""
    with open(capture, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    out, at = bytearray(data[:24]), 24
    while at < len(data):
        sec, sub, length, wire = struct.unpack_from(order + "IIII", data, at)
        packet = bytearray(data[at + 16:at + 16 + length])
        at += 16 + length
        if packet[12:14] == b"\x08\0" and packet[23] == 6:
            start = 14 + (packet[14] & 15) * 4
            end = 14 + int.from_bytes(packet[16:18], "big")
            for where in (0, 2):
                if int.from_bytes(packet[start + where:start + where + 2], "big") == endpoint:
                    packet[start + where:start + where + 2] = port.to_bytes(2, "big")
            def add(offset, number):
                value = int.from_bytes(packet[offset:offset + 4], "big")
                packet[offset:offset + 4] = ((value + number) % 2**32).to_bytes(4, "big")
            add(start + 4, seq)
            if packet[start + 13] & ACK:
                add(start + 8, seq)
            option = start + 20
            while option < start + (packet[start + 12] >> 4) * 4:
                kind = packet[option]
                if kind == 0:
                    break
                size = 1 if kind == 1 else packet[option + 1]
                if kind == 5:  # SACK
                    for block in range(option + 2, option + size, 4):
                        add(block, seq)
                if kind == 8:
                    add(option + 2, ticks)
                    if packet[option + 6:option + 10] != b"\0\0\0\0":
                        add(option + 6, ticks)
                option += size
            packet[start + 16:start + 18] = b"\0\0"
            pseudo = packet[26:34] + b"\0\x06" + (end - start).to_bytes(2, "big") + packet[start:end]
            pseudo += b"\0" * (len(pseudo) % 2)
            total = sum(struct.unpack(f">{len(pseudo) // 2}H", bytes(pseudo)))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            packet[start + 16:start + 18] = (~total & 0xFFFF).to_bytes(2, "big")
        out += struct.pack(order + "IIII", sec + seconds, sub, length, wire) + packet
    return bytes(out)


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

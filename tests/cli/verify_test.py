#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsaudit verify-offset: the rescue that the module made passes, and each way to break it is named with its frame."""
import copy
import importlib.util
import json

from support import *

RESCUE = os.path.join(TOP, "captures/rescue")
INSIDE, OUTSIDE, TABLE = (os.path.join(RESCUE, name) for name in
                          ("rescue-inside.pcap", "rescue-outside.pcap", "rescue-table.json"))


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Packet:
    """An Ethernet frame with IPv4 and TCP, and its time."""

    def __init__(self, time_ns, data):
        self.time_ns, self.data = time_ns, bytearray(data)
        self.tcp_at = 14 + (data[14] & 15) * 4
        self.is_tcp = data[12:14] == b"\x08\0" and data[23] == 6
        if not self.is_tcp:
            return
        self.header = (data[self.tcp_at + 12] >> 4) * 4
        self.end = 14 + struct.unpack_from(">H", data, 16)[0]
        at, stop = self.tcp_at + 20, self.tcp_at + self.header
        self.ts_at = None
        while at < stop and data[at]:
            if data[at] == 8:
                self.ts_at = at + 2
            at += 1 if data[at] == 1 else data[at + 1]

    seq = property(lambda self: struct.unpack_from(">I", self.data, self.tcp_at + 4)[0])
    ack = property(lambda self: struct.unpack_from(">I", self.data, self.tcp_at + 8)[0])
    source = property(lambda self: bytes(self.data[26:30]))
    flags = property(lambda self: self.data[self.tcp_at + 13])
    payload = property(lambda self: bytes(self.data[self.tcp_at + self.header:self.end]))
    ts = property(lambda self: struct.unpack_from(">II", self.data, self.ts_at))

    def add_to_ts(self, tsval=0, tsecr=0):
        value, echo = self.ts
        struct.pack_into(">II", self.data, self.ts_at, (value + tsval) % 2**32, (echo + tsecr) % 2**32)
        self.mend()

    def mend(self):
        """Right lengths and checksums."""
        self.data[24:26] = b"\0\0"
        struct.pack_into(">H", self.data, 24, 0xFFFF ^ ones_sum(bytes(self.data[14:self.tcp_at])))
        self.data[self.tcp_at + 16:self.tcp_at + 18] = b"\0\0"
        struct.pack_into(">H", self.data, self.tcp_at + 16,
                         0xFFFF ^ ones_sum(self.pseudo() + bytes(self.data[self.tcp_at:self.end])))

    def pseudo(self):
        return bytes(self.data[26:34]) + struct.pack(">HH", 6, self.end - self.tcp_at)

    def offload(self):
        struct.pack_into(">H", self.data, self.tcp_at + 16, ones_sum(self.pseudo()))

    def append(self, other):
        """Takes over the data of the segment that follows, as TSO and GRO do."""
        self.data = self.data[:self.end] + other.payload
        self.data[self.tcp_at + 13] |= other.flags
        self.end = len(self.data)
        struct.pack_into(">H", self.data, 16, self.end - 14)
        self.mend()


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    unit = {0xA1B23C4D: 1, 0xA1B2C3D4: 1000}[struct.unpack_from("<I", content)[0]]
    at, packets = 24, []
    while at < len(content):
        seconds, fraction, size, _ = struct.unpack_from("<IIII", content, at)
        packets.append(Packet(seconds * 10**9 + fraction * unit, content[at + 16:at + 16 + size]))
        at += 16 + size
    return packets


def merged(packets, at_most):
    """Consecutive segments of one sender with equal ACK and TSopt, as one."""
    out, last = [], {}
    for packet in packets:
        packet = copy.deepcopy(packet)
        before = packet.is_tcp and last.get(packet.source)
        if before and packet.payload and before.payload and before.ack == packet.ack and before.ts == packet.ts and \
                before.seq + len(before.payload) == packet.seq and len(before.payload + packet.payload) <= at_most:
            before.append(packet)
            continue
        out.append(packet)
        if packet.is_tcp:
            last[packet.source] = packet
    return out


class Verify(CliTest):
    def setUp(self):
        super().setUp()
        self.inside, self.outside = read(INSIDE), read(OUTSIDE)

    def save(self, name, packets):
        return self.write(name, pcap_of(packets))

    def verify(self, code, *options, inside=None, outside=None):
        inside = inside or self.save("inside.pcap", self.inside)
        outside = outside or self.save("outside.pcap", self.outside)
        process = run("verify-offset", "--inside", inside, "--outside", outside, "--format", "json", *options)
        self.expect(code, process)
        return json.loads(process.stdout)

    def findings(self, report):
        return {f["rule"]: f for c in report["connections"] for f in c["findings"]}

    def of_local(self, packets, after=None):
        """Indices of segments that the moved host sent, with TSopt; those after the move only, if told."""
        local = bytes((10, 0, 1, 2))
        return [i for i, p in enumerate(packets)
                if p.is_tcp and p.source == local and p.ts_at and (not after or p.time_ns >= after)]

    def of_remote(self, packets, after):
        return [i for i, p in enumerate(packets)
                if p.is_tcp and p.source == bytes((10, 0, 2, 2)) and p.ts_at and p.time_ns >= after]

    def move_ns(self):
        """When the first segment of the moved host passed outside: where TSval inside goes back."""
        newest = 0
        for i in self.of_local(self.inside):
            value = self.inside[i].ts[0]
            if value < newest - 500_000:
                return self.inside[i].time_ns
            newest = max(newest, value)
        self.fail("no move in the capture")

    # What must pass

    def test_rescue_holds(self):
        for options in ([], ["--table", TABLE]):
            report = self.verify(OK, *options, inside=INSIDE, outside=OUTSIDE)
            self.assertEqual(self.findings(report), {})
            connection, = report["connections"]
            self.assertEqual(connection["from_client"]["tsval_offset"], 1_000_000)
            self.assertEqual(connection["from_server"]["tsecr_offset"], 1_000_000)
            self.assertEqual(connection["from_server"]["tsval_offset"], 0)
            self.assertTrue(connection["client_is_inside"])
            self.assertEqual(report["totals"]["missing"], 0)
            self.assertEqual(report["totals"]["pairs"], len([p for p in self.inside if p.is_tcp]))
            for way in ("outward", "inward"):
                self.assertGreater(report["latency"][way]["count"], 50)
                self.assertGreater(report["latency"][way]["median_ns"], 0)
                self.assertLessEqual(report["latency"][way]["median_ns"], report["latency"][way]["p99_ns"])
            first = self.of_local(self.inside, self.move_ns())[0] + 1
            self.assertEqual(connection["from_client"]["since"]["inside"], first)

    def test_text_gives_the_answer_first(self):
        out = self.expect(OK, run("verify-offset", "--inside", INSIDE, "--outside", OUTSIDE, "--table", TABLE)).stdout
        self.assertRegex(out, r"\AThe offset holds: 1 of 1 connection rewritten")
        self.assertIn("+1,000,000", out)

    def test_segments_that_are_several_on_the_other_side(self):
        """TSO inside, GRO outside, and both with different sizes."""
        for inside, outside in ((64000, 0), (0, 64000), (64000, 9000), (3000, 5000)):
            with self.subTest(inside=inside, outside=outside):
                a, b = (merged(p, size) if size else p for p, size in ((self.inside, inside), (self.outside, outside)))
                report = self.verify(OK, inside=self.save("a.pcap", a), outside=self.save("b.pcap", b))
                self.assertEqual(self.findings(report), {})
                connection, = report["connections"]
                self.assertGreater(connection["from_client"]["regrouped"] + connection["from_server"]["regrouped"], 5)

    def test_data_are_compared_across_regrouping(self):
        small = next(p for p in self.outside if p.is_tcp and len(p.payload) > 1000 and p.time_ns > self.move_ns())
        small.data[small.tcp_at + small.header + 77] ^= 1
        small.mend()
        report = self.verify(FINDINGS, inside=self.save("a.pcap", merged(self.inside, 64000)))
        self.assertEqual(set(self.findings(report)), {"TS023"})

    def test_checksums_left_to_the_nic_are_right(self):
        for i in self.of_local(self.inside):
            self.inside[i].offload()
        report = self.verify(OK)
        self.assertGreater(report["connections"][0]["from_client"]["checksum_offloaded"], 50)

    def test_reordering_on_the_way(self):
        indices = [i for i in self.of_local(self.outside) if self.outside[i].payload][10:60:6]
        for i in indices:
            a, b = self.outside[i], self.outside[i + 1]
            self.outside[i], self.outside[i + 1] = b, a
            a.time_ns, b.time_ns = b.time_ns, a.time_ns
        self.assertNotIn("TS025", self.findings(self.verify(OK)))

    def test_captures_that_overlap_in_part(self):
        report = self.verify(OK, inside=self.save("a.pcap", self.inside[:-15]),
                             outside=self.save("b.pcap", self.outside[25:]))
        directions = [report["connections"][0][name] for name in ("from_client", "from_server")]
        self.assertEqual(sum(d["missing"] for d in directions), 0)
        self.assertGreater(sum(d["at_edges"] for d in directions), 30)

    def test_clocks_that_differ(self):
        for packet in self.outside:
            packet.time_ns += 3600 * 10**9
        report = self.verify(OK)
        self.assertEqual(self.findings(report), {})
        self.assertAlmostEqual(report["clock_difference_ns"] / 1e9, 3600, places=3)

    def test_times_that_jump(self):
        """A clock that was set, or a damaged file: far ahead for one packet, and far back for good."""
        for packets in (self.inside, self.outside):
            segments = [p for p in packets if p.is_tcp]
            segments[40].time_ns += 10**15
            for packet in segments[100:]:
                packet.time_ns -= 3600 * 10**9
        self.assertEqual(self.findings(self.verify(OK)), {})

    # What must fail, with rule and frame

    def broken(self, rule, frames=None, *options):
        report = self.verify(FINDINGS, *options)
        finding = self.findings(report).get(rule)
        self.assertIsNotNone(finding, report["connections"][0]["findings"])
        if frames is not None:
            shown = finding["frames"][:len(frames)]
            self.assertEqual([{k: v for k, v in f.items() if v} for f in shown], frames)
        return self.findings(report)

    def inside_of(self, outside_index):
        """Index inside of the same segment."""
        wanted = self.outside[outside_index]
        ids = lambda p: (p.source, p.seq, p.ack, bytes(p.data[18:20]), len(p.payload), p.flags)
        return next(i for i, p in enumerate(self.inside) if p.is_tcp and ids(p) == ids(wanted))

    def test_one_segment_is_off_by_one(self):
        at = self.of_local(self.outside, self.move_ns())[20]
        self.outside[at].add_to_ts(tsval=1)
        for options in ((), ("--table", TABLE)):
            found = self.broken("TS012", [{"inside": self.inside_of(at) + 1, "outside": at + 1}], *options)
            self.assertEqual(found["TS012"]["count"], 1)

    def test_offset_is_off_by_one(self):
        after = self.of_local(self.outside, self.move_ns())
        for i in after:
            self.outside[i].add_to_ts(tsval=1)
        self.broken("TS012", [{"inside": self.inside_of(after[0]) + 1, "outside": after[0] + 1}], "--table", TABLE)
        self.assertIn("by +1,000,001".replace(",", ""), self.broken("TS013")["TS013"]["message"])

    def test_only_one_direction(self):
        move = self.move_ns()
        changed = [i for i in self.of_remote(self.inside, move)]
        for i in changed:
            if self.inside[i].ts[1]:
                self.inside[i].add_to_ts(tsecr=1_000_000)
        found = self.broken("TS013")
        self.assertEqual(set(found), {"TS013"})
        self.assertIn("left alone", found["TS013"]["message"])
        self.assertIn(found["TS013"]["frames"][0]["inside"] - 1, changed)

    def test_offset_varies(self):
        after = self.of_local(self.outside, self.move_ns())
        for i in after[len(after) // 2:]:
            self.outside[i].add_to_ts(tsval=7)
        self.broken("TS012", [{"inside": self.inside_of(after[len(after) // 2]) + 1,
                               "outside": after[len(after) // 2] + 1}])

    def test_echo_of_zero(self):
        at = self.of_local(self.outside, self.move_ns())[0]
        self.assertEqual(self.outside[at].ts[1], 0)
        self.outside[at].add_to_ts(tsecr=-1_000_000)
        self.broken("TS013", [{"inside": self.inside_of(at) + 1, "outside": at + 1}])

    def test_offset_is_too_small(self):
        move = self.move_ns()
        for i in self.of_local(self.outside, move):
            self.outside[i].add_to_ts(tsval=-500_000)
        for i in self.of_remote(self.outside, move):
            if self.outside[i].ts[1]:
                self.outside[i].add_to_ts(tsecr=-500_000)
        self.assertEqual(set(self.broken("TS003")), {"TS003"})

    def test_a_tick_that_linux_forgives(self):
        """Nothing is rewritten, and the restored host lost one tick, as TCP_TIMESTAMP does: analyze calls it a note."""
        moved = os.path.join(TOP, "captures/healthy.pcap")
        report = self.verify(OK, inside=moved, outside=moved)
        found, = report["connections"][0]["findings"]
        self.assertEqual([found["rule"], found["severity"], found["frames"][0]["outside"]], ["TS003", "note", 19])
        self.assertIn("go back by 1 tick,", found["message"])
        self.verify(FINDINGS, "--fail-on", "note", inside=moved, outside=moved)
        text = self.expect(OK, run("verify-offset", "--inside", moved, "--outside", moved)).stdout
        self.assertTrue(text.startswith("Nothing is rewritten"), text)

    def test_a_second_tick_is_not_forgiven(self):
        """Nor does the one before hide it."""
        plain = []
        for number, value in enumerate((5000, 5010, 5009, 5020, 5018)):
            plain.append((number / 10, segment(CLIENT, SERVER, 1000 + 10 * number, 7000, ACK | PSH, (value, 1), b"x" * 10)))
        capture = self.write("ticks.pcap", pcap(plain))
        found = self.verify(FINDINGS, inside=capture, outside=capture)["connections"][0]["findings"]
        self.assertEqual([(each["severity"], each["count"], each["frames"][0]["outside"]) for each in found],
                         [("error", 1, 5), ("note", 1, 3)])
        self.assertEqual(found[0]["message"], "the peer sees TSval go back by 2 ticks")

    def test_bad_checksum(self):
        at = self.of_local(self.outside, self.move_ns())[30]
        self.outside[at].data[self.outside[at].tcp_at + 16] ^= 0x40
        found = self.broken("TS024", [{"inside": self.inside_of(at) + 1, "outside": at + 1}])
        self.assertEqual(set(found), {"TS024"})

    def test_one_byte_of_data(self):
        at = next(i for i in self.of_local(self.outside, self.move_ns()) if len(self.outside[i].payload) > 100)
        packet = self.outside[at]
        packet.data[packet.tcp_at + packet.header + 50] ^= 1
        packet.mend()
        found = self.broken("TS023", [{"inside": self.inside_of(at) + 1, "outside": at + 1}])
        self.assertEqual((set(found), found["TS023"]["message"]), ({"TS023"}, "differs in data"))

    def test_window_changed(self):
        at = self.of_local(self.outside, self.move_ns())[5]
        self.outside[at].data[self.outside[at].tcp_at + 15] ^= 3
        self.outside[at].mend()
        found = self.broken("TS023", [{"inside": self.inside_of(at) + 1, "outside": at + 1}])
        self.assertIn("window", found["TS023"]["message"])

    def test_one_packet_is_missing(self):
        at = self.of_local(self.outside, self.move_ns())[25]
        frame = self.inside_of(at) + 1
        del self.outside[at]
        found = self.broken("TS025", [{"inside": frame}])
        self.assertEqual((set(found), found["TS025"]["count"]), ({"TS025"}, 1))
        self.verify(OK, "--allow-loss", "1")

    def test_entry_that_does_nothing(self):
        self.write("table.json", b'[{"local":"10.0.1.2:%d","remote":"10.0.2.2:443","offset":5}]' % self.port())
        self.assertIn("TS012", self.findings(self.verify(FINDINGS, "--table", self.path("table.json"))))

    def port(self):
        packet = self.inside[self.of_local(self.inside)[0]]
        return struct.unpack_from(">H", packet.data, packet.tcp_at)[0]

    # Other captures, and what is no answer

    def synth(self, name):
        paths = []
        for end in ("client", "server"):
            paths.append(self.path(f"{name}-{end}.pcap"))
            self.expect(OK, run("synth", "--at", end, name, paths[-1]))
        return dict(inside=paths[0], outside=paths[1])

    def test_scenarios(self):
        for name, rules in {"offset-constant": set(), "offset-not-constant": {"TS012"}, "offset-not-inverse": {"TS013"},
                            "healthy": set(), "loss": {"TS025"}, "reordering": set()}.items():
            with self.subTest(name):
                report = self.verify(FINDINGS if rules else OK, **self.synth(name))
                self.assertEqual(set(self.findings(report)) - {"TS003"}, rules)
        report = self.verify(OK, "--allow-loss", "100", **self.synth("loss"))
        self.assertEqual(self.findings(report)["TS025"]["severity"], "note")
        self.assertGreater(report["totals"]["missing"], 2)

    def test_retransmissions_are_told_apart(self):
        """Lost outside are the first transmissions, so that the twin of each retransmission is the retransmission."""
        report = self.verify(OK, "--allow-loss", "100", **self.synth("loss"))
        for connection in report["connections"]:
            self.assertEqual(connection["from_server"]["tsval_offset"], 0)

    def test_many_that_are_almost_alike_are_not_looked_through_each_time(self):
        def alike(name, flags):
            frame = segment(CLIENT, SERVER, 5000, 7000, flags, (1, 1))
            return self.write(name, pcap([]) + b"".join(pcap([(number / 1e6, frame)])[24:] for number in range(40_000)))
        inside, outside = alike("inside.pcap", ACK), alike("outside.pcap", ACK | FIN)
        self.expect(FINDINGS, run("verify-offset", "--inside", inside, "--outside", outside, timeout=20))

    def test_what_the_capture_lost_itself_is_said(self):
        paths = self.synth("loss")
        lossy = self.path("lossy.pcapng")
        self.expect(OK, run("synth", "--at", "server", "loss", lossy))
        statistics = struct.pack("<III", 0, 0, 0) + struct.pack("<HHQ", 5, 8, 7)
        with open(lossy, "ab") as file:
            file.write(struct.pack("<II", 5, 12 + len(statistics)) + statistics + struct.pack("<I", 12 + len(statistics)))
        report = self.verify(FINDINGS, inside=paths["inside"], outside=lossy)
        self.assertEqual([capture["lost_in_capture"] for capture in report["inside"] + report["outside"]], [0, 7])
        text = run("verify-offset", "--inside", paths["inside"], "--outside", lossy).stdout
        self.assertIn("lossy.pcapng lacks 7 packets", text)

    def test_nothing_in_common_is_no_success(self):
        report = self.verify(FINDINGS, inside=self.healthy())
        self.assertEqual(report["totals"]["pairs"], 0)
        empty = self.write("empty.pcap", pcap([]))
        self.assertIn("--min-flows", run("verify-offset", "--inside", empty, "--outside", empty).stderr)
        self.expect(FINDINGS, run("verify-offset", "--inside", empty, "--outside", empty))
        self.verify(OK, "--min-flows", "0", inside=empty, outside=empty)

    def test_input_errors(self):
        arguments = ["verify-offset", "--inside", INSIDE, "--outside"]
        self.expect(INPUT, run(*arguments, "nothing-there.pcap"))
        with open(OUTSIDE, "rb") as file:
            cut = self.write("cut.pcap", file.read()[:20_000])
        process = self.expect(INPUT, run(*arguments, cut))
        self.assertRegex(process.stdout, r"\AAs far as was read: ", "what follows may be otherwise")
        for content, says in ((b"{", "no table"), (b'[{"local":"x"}]', "entry 1"),
                              (b'[{"local":"1.2.3.4:5","remote":"1.2.3.4:6","offset":99999999999}]', "32 bits")):
            table = self.write("bad.json", content)
            process = self.expect(USAGE, run(*arguments, OUTSIDE, "--table", table))
            self.assertIn(says, process.stderr)

    @unittest.skipUnless(importlib.util.find_spec("jsonschema"), "python3-jsonschema is not installed")
    def test_schema(self):
        import jsonschema
        with open(os.path.join(TOP, "docs/tsaudit-verify.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        for report in (self.verify(OK, "--table", TABLE, inside=INSIDE, outside=OUTSIDE),
                       self.verify(FINDINGS, inside=self.healthy())):
            jsonschema.validate(report, schema)


def pcap_of(packets):
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    for packet in packets:
        out += struct.pack("<IIII", packet.time_ns // 10**9, packet.time_ns % 10**9, len(packet.data), len(packet.data))
        out += packet.data
    return out


if __name__ == "__main__":
    main()

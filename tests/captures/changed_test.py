#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""changed_test.py TSAUDIT CAPTURES: the captures that ship, changed as captures and networks change what they show:
packets left out, doubled, out of order, without link addresses, with a coarser clock. What tsaudit no longer knows, it may
not know; but nobody moves who did not, no error is made up, and hardly a segment that was taken is discarded: only where a
hole is in the handshake, or data come after their own ACK."""
import collections
import csv
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

NANOSECONDS = 0xA1B23C4D
MIRRORED_NS = 10_000    # a mirror port shows a packet again this much later
DISORDER_NS = 200_000   # two processors write packets that are no further apart in any order
SEEDS = 3
DISCARDS = 1 / 1000     # of all verdicts, that the changes may make up
# What is echoed may come after its echo, just where the clock has made a step.
MAY_BE_TOLD = {"disordered": {"TS008"}}

Packet = collections.namedtuple("Packet", "frame time length data")  # frame: of the original; negative: its double


def packets_of(path):
    content = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", content)
    unit = 1 if magic == NANOSECONDS else 1000
    at, packets = 24, []
    while at < len(content):
        seconds, fraction, captured, length = struct.unpack_from("<IIII", content, at)
        packets.append(Packet(len(packets) + 1, seconds * 10**9 + fraction * unit, length, content[at + 16:at + 16 + captured]))
        at += 16 + captured
    return link, packets


def write(path, link, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, 1 << 18, link))
        for p in packets:
            file.write(struct.pack("<IIII", p.time // 10**9, p.time % 10**9, len(p.data), p.length) + p.data)


def lost(share):
    return lambda packets, dice: [p for p in packets if dice.random() >= share]


def doubled(packets, _):
    doubles = [p._replace(frame=-p.frame, time=p.time + MIRRORED_NS) for p in packets]
    return sorted(packets + doubles, key=lambda p: p.time)


def disordered(packets, dice):
    packets, times = list(packets), [p.time for p in packets]
    for i in range(len(packets) - 1):
        if times[i + 1] - times[i] < DISORDER_NS and dice.random() < 0.1:
            packets[i], packets[i + 1] = packets[i + 1], packets[i]
    return [p._replace(time=time) for p, time in zip(packets, times)]


def nameless(packets, _):
    return [p._replace(data=bytes(12) + p.data[12:]) for p in packets]


def coarse(packets, _):
    return [p._replace(time=p.time // 1000 * 1000) for p in packets]


CHANGES = {"1 % lost": lost(0.01), "10 % lost": lost(0.1), "doubled": doubled, "disordered": disordered,
           "nameless": nameless, "coarse": coarse}
BY_CHANCE = {"1 % lost", "10 % lost", "disordered"}


def tsaudit(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def told_of(program, capture):
    """Verdict of each frame; rules of the errors; moves."""
    rows = csv.DictReader(tsaudit(program, "segments", "--format", "csv", capture).splitlines())
    report = json.loads(tsaudit(program, "analyze", "--format", "json", capture))
    errors = {f["rule"] for f in report["findings"] if f["severity"] == "error"}
    moves = sum(len(flow["migrations"]) for flow in report["flows"])
    return {int(row["frame"]): row for row in rows}, errors, moves


def main(program, captures):
    compared, discarded, wrong = 0, [], []
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder) / "changed.pcap"
        for capture in sorted(pathlib.Path(captures).glob("*.pcap")):
            link, packets = packets_of(capture)
            verdicts, errors, moves = told_of(program, capture)
            for name, change in CHANGES.items():
                for seed in range(SEEDS if name in BY_CHANCE else 1):
                    now = change(packets, random.Random(seed))
                    write(changed, link, now)
                    its_verdicts, its_errors, its_moves = told_of(program, changed)
                    where = f"{capture.stem}, {name}, seed {seed}"
                    for number, packet in enumerate(now, 1):
                        old, new = verdicts.get(packet.frame), its_verdicts.get(number)
                        if not old or not new:
                            continue
                        compared += 1
                        if old["verdict"] == "accept" and new["verdict"] == "drop" and new["evidence"] != "contradicted":
                            discarded.append(f"{where}: frame {number}, once {packet.frame}: {new['reason']}")
                    for rule in sorted(its_errors - errors - MAY_BE_TOLD.get(name, set())):
                        wrong.append(f"{where}: {rule}")
                    if its_moves > moves:
                        wrong.append(f"{where}: {its_moves} moves, of {moves}")
    if len(discarded) > DISCARDS * compared:
        wrong += discarded
    print(*wrong, f"{compared} verdicts compared, {len(discarded)} discards made up", sep="\n")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

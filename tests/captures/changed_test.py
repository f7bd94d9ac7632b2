#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""changed_test.py TSAUDIT CAPTURES: the captures that ship, changed as captures and networks change what they show:
packets left out, doubled, out of order, without link addresses, with a coarser clock, or one that is set. What tsaudit no longer knows, it may
not know; but nobody moves who did not, no error is made up, and hardly a segment that was taken is discarded: only where a
hole is in the handshake, or data come after their own ACK."""
import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from changes import BY_CHANCE, CHANGES, packets_of, write

SEEDS = 3
DISCARDS = 1 / 1000     # of all verdicts, that the changes may make up
# What is echoed may come after its echo, just where the clock has made a step. And where the capture's clock is set in a
# silence right after the handshake, no rate is known that would tell.
MAY_BE_TOLD = {"disordered": {"TS008"}, "set forward": {"TS005"}}


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

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus_test.py TSAUDIT CAPTURES: tsaudit's answers to the captures that ship, against MANIFEST.json and the
kernel's truth: each segment's verdict, the rules that were found and no others, the sentence, and the bytes."""
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys

# Reasons of tests that come after those that tsaudit models.
LATER = {"TCP_OFOMERGE", "TCP_OFO_DROP", "TCP_OLD_DATA", "TCP_ZEROWINDOW", "PROTO_MEM", "QUEUE_PURGE", "TCP_ABORT_ON_DATA", "TCP_FASTOPEN",
         "NO_SOCKET", "IP_INADDRERRORS", "OTHERHOST"}
NOT_JUDGED = {"NOT_SPECIFIED", "never arrived", "NO_SOCKET", "IP_INADDRERRORS", "OTHERHOST"}


def tsaudit(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, arguments))}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def profile(release):
    return "linux-" + re.match(r"\d+\.\d+", release)[0]


def check_verdicts(program, capture, entry, folder):
    """Each segment that the kernel judged, joined by the frame that the truth names."""
    rows = {}
    for line in tsaudit(program, "segments", "--format", "ndjson", "--profile", profile(entry["kernel"]), capture).splitlines():
        row = json.loads(line)
        if "verdict" in row:
            rows[row["frame"]] = row
    kernel_drops, own_drops, compared = collections.Counter(), collections.Counter(), 0
    for line in (folder / entry["truth"]).read_text().splitlines():
        truth = json.loads(line)
        frame = truth.get("frames", {}).get(entry["vantage"])
        if truth["type"] != "segment" or frame is None or truth["verdict"] in NOT_JUDGED:
            continue
        row = rows[frame]
        for name in ("seq", "ack", "len", "tsval"):
            assert truth.get(name) is None or row[name] == truth[name], f"frame {frame} is not the segment that the truth says"
        compared += 1
        dropped = truth["verdict"] != "taken" and truth["verdict"] not in LATER
        # In front of the receiver, and from one side alone, arrival and order are not known: there "accept" and "unknown"
        # may be wrong for a segment that was discarded, but "drop" may not.
        exact = entry["vantage"] == truth["at"] and not entry["one_sided"]
        if exact:
            kernel_drops[truth["verdict"]] += dropped
            # Of a request, which may look like a connection.
            outside = truth["verdict"] == "TCP_OVERWINDOW" and row["reason"] in ("TCP_OLD_SEQUENCE", "TCP_INVALID_SEQUENCE")
            reason = truth["verdict"] if outside else "TCP_INVALID_SYN" if row["reason"] == "SYN_CHALLENGE" else row["reason"]
            own_drops[reason] += row["verdict"] == "drop"
        if exact or row["verdict"] == "drop":
            assert (row["verdict"] == "drop") == dropped, \
                f"frame {frame}: {row['verdict']} {row['reason']}; the kernel: {truth['verdict']}"
    assert compared, "nothing to compare"
    own_drops, kernel_drops = +own_drops, +kernel_drops  # without what is 0
    assert own_drops == kernel_drops, f"tsaudit: {dict(own_drops)}; the kernel: {dict(kernel_drops)}"


def check(program, folder, entry):
    capture, expected = folder / entry["file"], entry["expected"]
    assert hashlib.sha256(capture.read_bytes()).hexdigest() == entry["sha256"], "the file is not the one of the manifest"
    answer = json.loads(tsaudit(program, "analyze", "--format", "json", capture))
    found = sorted({finding["rule"] for finding in answer["findings"]})
    assert found == expected["rules"], f"found {' '.join(found) or 'nothing'}, expected {' '.join(expected['rules']) or 'nothing'}"
    moves = sum(len(flow["migrations"]) for flow in answer["flows"])
    assert moves == expected["moves"], f"found {moves} moves, expected {expected['moves']}"
    sentences = [flow["summary"] for flow in answer["flows"]]
    says = expected.get("says", "")
    assert any(re.search(says, sentence) for sentence in sentences), f"says {sentences}, expected '{says}'"
    assert answer["totals"]["contradicted"] == 0, "contradicted by the receiver's own answers"
    if entry["truth"]:
        check_verdicts(program, capture, entry, folder)


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    entries = json.loads((folder / "MANIFEST.json").read_text())["captures"]
    listed = {entry["file"] for entry in entries} | {entry["truth"] for entry in entries}
    failures = [f"{path.name}: not in MANIFEST.json" for path in sorted(folder.glob("*.pcap*")) if path.name not in listed]
    for entry in entries:
        try:
            check(program, folder, entry)
        except AssertionError as error:
            failures.append(f"{entry['file']}: {error}")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > 20 << 20:
        failures.append(f"{size >> 20} MB of captures: more than 20")
    print("\n".join(failures) or f"{len(entries)} captures, all as the kernels and the manifest say")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

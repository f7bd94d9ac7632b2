# SPDX-License-Identifier: Apache-2.0
"""Holds what tsaudit says of a capture against what the peer's kernel counted and CRIU's images held."""
import json
import os
import shutil
import subprocess

SIGNALS = {"announcement", "mac", "tsecr-zero", "repair-probe", "tsval-step", "gap"}
# What the peer counts, and tsaudit's reason for it. PAWSEstab before Linux 6.14 includes stale pure ACKs.
PAWS_COUNTERS = {"PAWSEstab": "TCP_RFC7323_PAWS", "PAWSOldAck": "TCP_RFC7323_PAWS_ACK"}


def analyze(tsaudit, capture, *options):
    result = subprocess.run([tsaudit, "analyze", "--format", "json", *options, capture], capture_output=True, text=True,
                            check=False)
    if result.returncode:
        raise AssertionError(f"tsaudit {capture}: exit code {result.returncode}: {result.stderr}")
    return json.loads(result.stdout)


def paws_drops(counters):
    return sum(counters.get(name, 0) for name in PAWS_COUNTERS)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def record(folder, capture, truth):
    """Adds a capture to those that ship."""
    os.makedirs(folder, exist_ok=True)
    manifest = os.path.join(folder, "MANIFEST.json")
    entries = []
    if os.path.exists(manifest):
        with open(manifest, encoding="utf-8") as file:
            entries = json.load(file)["captures"]
    entries = [entry for entry in entries if entry["file"] != truth["file"]] + [truth]
    with open(manifest, "w", encoding="utf-8") as file:
        json.dump({"captures": sorted(entries, key=lambda entry: entry["file"])}, file, indent=2)
        file.write("\n")
    shutil.copy(capture, folder)


def check_reasons(analysis, expected):
    """For an analysis that was told the peer's kernel."""
    verdicts = [direction["verdicts"] for flow in analysis["flows"] for direction in flow["directions"]]
    for counter, reason in PAWS_COUNTERS.items():
        judged, counted = sum(reasons.get(reason, 0) for reasons in verdicts), expected["tcp_ext"].get(counter, 0)
        expect(judged == counted, f"{judged} segments are {reason}, {counter} is {counted}")


def check(analysis, expected):
    """`expected`, as in captures/criu/MANIFEST.json:
      tcp_ext    what the peer's counters grew by
      moves      how often the process was moved
      stalled    whether the peer discarded what came after (the last of) them
      steps      for each role of the moved process: what its clock was set to, less what it was at the dump, in ticks;
                 null where the clock ticks at another rate afterwards
    """
    counted = paws_drops(expected["tcp_ext"])
    totals = analysis["totals"]
    expect(totals["dropped"] == counted,
           f"{totals['dropped']} discarded by tsaudit's verdicts, {counted} by the kernel's")
    for wrong in ("contradicted", "unknown"):
        expect(totals[wrong] == 0, f"{totals[wrong]} segments are {wrong}")

    flows = [flow for flow in analysis["flows"] if flow["timestamps"] == "yes"]
    expect(len(flows) == 2, f"{len(flows)} flows with timestamps, not 2")
    seen = set()
    for flow in flows:
        place = f"flow {flow['id']}"
        for direction in flow["directions"]:
            echoes = direction["ts_recent_check"]
            # What tsaudit itself puts down to the order in which the tap saw them is no error of the model.
            expect(echoes["compared"] == echoes["equal"] + echoes["missed"]["reorder"],
                   f"{place}: TSecr as modelled in {echoes['equal']} of {echoes['compared']}")
        moves = flow["migrations"]
        expect(len(moves) == expected["moves"], f"{place}: {len(moves)} moves found, not {expected['moves']}")
        rules = {finding["rule"] for finding in analysis["findings"] if finding["flow"] == flow["id"]}
        for rule in ("TS006", "TS007"):
            expect(rule in rules, f"{place}: no {rule}")
        role = moves[0]["endpoint"]
        seen.add(role)
        should = dict.fromkeys(("TS001", "TS002", "TS003"), expected["stalled"])
        should["TS005"] = None in expected["steps"][role]
        for rule, there in should.items():
            expect((rule in rules) == there, f"{place}: {rule} is {'there' if rule in rules else 'missing'}")
        for move, step in zip(moves, expected["steps"][role]):
            names = {signal["name"] for signal in move["signals"]}
            expect(move["endpoint"] == role, f"{place}: the {move['endpoint']} moved")
            expect(SIGNALS <= names, f"{place}: no signal of {', '.join(sorted(SIGNALS - names))}")
            if step is None:
                continue
            # The old clock would have gone on meanwhile. What is left is the time between CRIU's reading or setting
            # a clock and the last or first segment.
            gap = move["gap_ns"] / 1e6
            expect(abs(move["tsval_step"] - step + gap) < gap + 100,
                   f"{place}: step of {move['tsval_step']} ticks, the clock was set {step} ticks on after {gap:.0f} ms")
            # The offset undoes the step.
            needed = move["offset"]
            expect(needed["min"] <= -step + 1 and needed["min"] <= needed["suggested"] <= needed["max"],
                   f"{place}: an offset of {needed} for a clock that was set {step} ticks on")
    expect(seen == {"client", "server"}, f"moved: {', '.join(sorted(seen))}")

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""captures_test.py TSAUDIT FOLDER: tsaudit's answers to the captures of CRIU's moves that ship, against what the peer's
kernel counted and CRIU's images held when they were made."""
import copy
import hashlib
import json
import os
import sys

import checks


def wrong_truths(truth):
    """None of them may pass: else the checks check nothing."""
    for name, change in (("one more discarded", lambda t: t["tcp_ext"].update(PAWSEstab=t["tcp_ext"].get("PAWSEstab", 0) + 1)),
                         ("one move more", lambda t: t.update(moves=t["moves"] + 1)),
                         ("stalled or not", lambda t: t.update(stalled=not t["stalled"])),
                         ("another rate", lambda t: t["steps"].update(
                             {role: [None if step is not None else 0 for step in steps] for role, steps in t["steps"].items()}))):
        wrong = copy.deepcopy(truth)
        change(wrong)
        yield name, wrong


def main():
    tsaudit, folder = sys.argv[1:]
    with open(os.path.join(folder, "MANIFEST.json"), encoding="utf-8") as file:
        entries = json.load(file)["captures"]
    checks.expect(sorted(name for name in os.listdir(folder) if name.endswith(".pcapng")) ==
                  [entry["file"] for entry in entries], "the captures are not those of MANIFEST.json")
    for truth in entries:
        path = os.path.join(folder, truth["file"])
        with open(path, "rb") as file:
            checks.expect(hashlib.sha256(file.read()).hexdigest() == truth["sha256"], f"{path}: changed")
        told = checks.analyze(tsaudit, path, "--receiver", truth["receiver"])
        for analysis in (told, checks.analyze(tsaudit, path)):
            try:
                checks.check(analysis, truth)
                if analysis is told:
                    checks.check_reasons(told, truth)
            except AssertionError as error:
                raise AssertionError(f"{path}: {error}") from error
        for name, wrong in wrong_truths(truth):
            try:
                checks.check(told, wrong)
            except AssertionError:
                continue
            raise AssertionError(f"{path}: passes with a wrong truth: {name}")
    print(f"{len(entries)} captures")


if __name__ == "__main__":
    main()

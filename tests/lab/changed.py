#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""changed.py OUT FOLDER...: sessions of the lab, each once for every change that captures and networks make to what the
peer's capture shows, with the truth as it was."""
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "captures"))
from changes import CHANGES, packets_of, write

PLACE = "peer"


def main(out, folders):
    for number, folder in enumerate(map(pathlib.Path, folders)):
        link, packets = packets_of(folder / f"{PLACE}.pcap")
        truth = [json.loads(line) for line in open(folder / "truth.ndjson")]
        for name, change in CHANGES.items():
            changed = pathlib.Path(out) / f"{number}-{name.replace(' ', '')}"
            changed.mkdir(parents=True)
            now = change(packets, random.Random(number))
            write(changed / f"{PLACE}.pcap", link, now)
            frame_of = {packet.frame: frame for frame, packet in enumerate(now, 1)}
            with open(changed / "truth.ndjson", "w") as file:
                for line in truth:
                    frame = frame_of.get(line.get("frames", {}).get(PLACE))
                    frames = {"frames": {PLACE: frame} if frame else {}} if "frames" in line else {}
                    file.write(json.dumps(line | frames) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window under a real X server: it opens on a capture of a naive restore, and in a picture of the screen the
crosses of discarded segments stand in the rows and columns that the segments' times and TSvals say."""
import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

GUI, TSAUDIT, CAPTURES = (os.environ[name] for name in ("TSAUDIT_GUI", "TSAUDIT", "CAPTURES"))
CAPTURE = os.path.join(CAPTURES, "naive-restore.pcap")
CROSS = (0xD0, 0x3B, 0x00)  # Theme::mark(paws), light

for program in ("Xvfb", "import", "convert"):
    if not shutil.which(program):
        print(f"SKIPPED: {program} is not installed")
        sys.exit(77)


def start_server():
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                              pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        return server, ":" + pipe.readline().strip()


def screen(display):
    shot = subprocess.run(["import", "-display", display, "-window", "root", "ppm:-"], capture_output=True, check=True)
    data = shot.stdout
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while data[end:end + 1] not in (b" ", b"\n"):
            end += 1
        fields.append(data[at:end])
        at = end + 1
    width, height = int(fields[1]), int(fields[2])
    step = 2 if int(fields[3]) > 255 else 1
    return width, height, data[at:][::step]


def crosses(width, height, pixels):
    """Centres of connected blobs of the cross' colour that are as large as a mark, below the menus."""
    like = set()
    for y in range(60, height):
        for x in range(180, width):
            at = 3 * (y * width + x)
            if sum(abs(a - b) for a, b in zip(pixels[at:at + 3], CROSS)) < 40:
                like.add((x, y))
    found = []
    while like:
        todo, blob = [like.pop()], []
        while todo:
            x, y = todo.pop()
            blob.append((x, y))
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    if (x + dx, y + dy) in like:
                        like.remove((x + dx, y + dy))
                        todo.append((x + dx, y + dy))
        if len(blob) < 8:
            continue
        xs, ys = [x for x, _ in blob], [y for _, y in blob]
        if 7 <= max(xs) - min(xs) <= 14 and 7 <= max(ys) - min(ys) <= 14:
            found.append(((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2))
    return found


def main():
    rows = list(csv.DictReader(io.StringIO(subprocess.run(
        [TSAUDIT, "segments", "--format", "csv", CAPTURE], capture_output=True, text=True, check=True).stdout)))
    dropped = [row for row in rows if row["verdict"] == "drop" and row["reason"] == "TCP_RFC7323_PAWS"
               and (int(row["len"]) or set(row["flags"]) & set("SF"))]
    assert len(dropped) >= 3, rows
    times = [int(row["time_ns"]) for row in dropped]
    server, display = start_server()
    folder = tempfile.TemporaryDirectory()
    environment = dict(os.environ, DISPLAY=display, QT_QPA_PLATFORM="xcb", XDG_CONFIG_HOME=folder.name,
                       XDG_RUNTIME_DIR=folder.name)
    os.chmod(folder.name, 0o700)
    gui = subprocess.Popen([GUI, "--colours", "light", "--size", "1280x800", CAPTURE], env=environment,
                           stderr=subprocess.PIPE, text=True)
    try:
        deadline, matched = time.monotonic() + 40, False
        while time.monotonic() < deadline and not matched:
            time.sleep(0.5)
            assert gui.poll() is None, f"tsaudit-gui ended: {gui.stderr.read()}"
            found = crosses(*screen(display))
            # The last discarded segments stand apart; the first lie over each other at the cut. Of each plot they
            # must be in one line (TSval goes on by a few hundred of a million ticks), as far apart as their times.
            by_line = {}
            for x, y in found:
                by_line.setdefault(round(y / 4), []).append(x)
            for line in by_line.values():
                line.sort()
                if len(line) < 3:
                    continue
                scale = (line[-1] - line[0]) / (times[-1] - times[0])
                wanted = [line[0] + (t - times[0]) * scale for t in times]
                matched |= all(min(abs(w - x) for x in line) <= 3 for w in wanted)
        print(f"{len(dropped)} segments discarded that are no pure ACKs; crosses at {sorted(found)}")
        assert matched, "the crosses are not where the segments are"
    finally:
        gui.send_signal(signal.SIGTERM)
        gui.wait(10)
        server.terminate()
        server.wait(10)
        folder.cleanup()


if __name__ == "__main__":
    main()

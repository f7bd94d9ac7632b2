#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow of 10 million segments, with all that is made for its plots, stays under 1.5 GB."""
import json
import os
import subprocess
import sys

with open("/proc/meminfo", encoding="ascii") as file:
    free_kb = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
if free_kb < 2_500_000:
    print(f"SKIPPED: needs 2.5 GB of free memory, there are {free_kb // 1000} MB")
    sys.exit(77)
result = subprocess.run([os.environ["GUI_BENCH"], "memory"], capture_output=True, text=True, check=True)
print(result.stdout)
measured = json.loads(result.stdout)
assert measured["segments"] == 10_000_000, measured
assert measured["peak_mb"] < 1500, measured

"""Run one contender's task once a line of standard input, under any Python: ``loop.py CONTENDER.py TASK FOLDER``.

A contender's file defines one function a task: it loads what it needs from the folder, which is not timed, and returns
the function that is timed. That one returns numbers, by which the contenders' answers are held against each other.
"""

import contextlib
import json
import resource
import runpy
import sys
import time
from pathlib import Path

script, name, folder = sys.argv[1:4]
with contextlib.redirect_stdout(sys.stderr):
    run = runpy.run_path(script)[name](Path(folder))
loaded = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e9
print("ready", flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        value = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        json.dumps({"seconds": wall, "cpu": cpu, "peak_gb": peak, "grown_gb": peak - loaded, "value": value}),
        flush=True,
    )

"""Run one contender's task once a line of standard input, under any Python: ``loop.py CONTENDER.py TASK FOLDER``.

A contender's file defines one function a task: it loads what it needs from the folder, which is not timed, and returns
the function that is timed. That one returns numbers, by which the contenders' answers are held against each other.
"""

import json
import resource
import runpy
import sys
import time
from pathlib import Path

script, name, folder = sys.argv[1:4]
run = runpy.run_path(script)[name](Path(folder))
print("ready", flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    value = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"seconds": wall, "cpu": cpu, "peak_gb": peak, "value": value}), flush=True)

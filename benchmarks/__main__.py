"""Run every benchmark, or those named: ``python -m benchmarks [NAME …]``."""

import runpy
import sys
from pathlib import Path

names = sys.argv[1:] or sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
sys.argv = sys.argv[:1]
for name in names:
    print(f"== {name}")
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")

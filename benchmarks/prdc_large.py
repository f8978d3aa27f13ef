"""Seconds and peak memory of precision, recall, density and coverage on large sets: ``python -m benchmarks.prdc_large``.

Features: rectified correlated Gaussians, seeded, written in parts as .npy by a process of its own and mapped into memory,
so that the peak is that of a program which measures: Python, torch, the pages of both files and the work.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PART = 2000


def write_features(path: Path, n: int, d: int, shift: float, seed: int) -> None:
    """Write n features [n, d] part by part."""
    mixing = np.random.default_rng(0).standard_normal((d, d), dtype=np.float32)
    mixing *= np.arange(1, d + 1, dtype=np.float32) ** -0.5
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (n, d))
    rng = np.random.default_rng(seed)
    for start in range(0, n, PART):
        noise = rng.standard_normal((min(PART, n - start), d), dtype=np.float32)
        rows[start : start + PART] = np.maximum(noise @ mixing.T + np.float32(shift), 0)
    rows.flush()


def measure(folder: Path, memory: str) -> None:
    """Print the four metrics with their intervals, seconds and the peak resident memory of this process."""
    from gantlet.core.limits import memory_bytes
    from gantlet.evaluation.compute import compute
    from gantlet.evaluation.evidence import Evidence
    from gantlet.evaluation.stats.feature_bank import FeatureBank

    real, fake = (FeatureBank(np.load(folder / f"{side}.npy", mmap_mode="r")) for side in ("real", "fake"))
    started, cpu = time.perf_counter(), time.process_time()
    evidence = Evidence(real, fake, memory=memory_bytes(memory))
    for estimate in compute(evidence, ["precision", "recall", "density", "coverage"]):
        print(f"  {estimate.metric:<10} {estimate.text}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{real.n:,} + {fake.n:,}, d = {real.dim}: {time.perf_counter() - started:.0f} s, CPU "
        f"{time.process_time() - cpu:.0f} s, peak {peak:.3f} GB, load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Write the features in one process and measure in another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50_000, help="rows a side")
    parser.add_argument("--d", type=int, default=2048)
    parser.add_argument("--memory", default="2GB", help="as of gantlet evaluate --memory")
    parser.add_argument("--folder", type=Path, help="measure the features in this folder; for this program itself")
    options = parser.parse_args()
    if options.folder:
        measure(options.folder, options.memory)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, (side, shift) in enumerate((("real", 0.0), ("fake", 0.2)), start=1):
            write_features(folder / f"{side}.npy", options.n, options.d, shift, seed)
        words = [sys.executable, "-m", "benchmarks.prdc_large", "--folder", name, "--memory", options.memory]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    main()

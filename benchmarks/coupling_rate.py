"""How fast noise finds its data row: ``python -m benchmarks.coupling_rate --targets 60000 6000 --dim 100 --seconds 5``.

Pairs per CPU second of `Coupling.pair` on one thread for one class of N rows, beside what the bare product of float32 matrices takes on
this machine: no search through all N rows can be faster than that.
"""

import argparse
import time

import numpy as np
import torch

from gantlet.transport import Coupling

ROWS = 2048


def product_rate(n: int, dim: int, seconds: float) -> float:
    """Return GFLOP per CPU second of a float32 product [ROWS, dim] × [dim, n]."""
    x, y = torch.randn(ROWS, dim), torch.randn(n, dim)
    out = torch.empty(ROWS, n)
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds or not count:
        torch.mm(x, y.T, out=out)
        count += 1
    return 2e-9 * ROWS * n * dim * count / (time.process_time() - start)


def pair_rate(n: int, dim: int, seconds: float) -> float:
    """Return pairs per CPU second."""
    data = np.random.default_rng(0).standard_normal((n, dim))
    coupling = Coupling.of_potentials(data, -np.square(data).sum(axis=1) / 2)
    noise = torch.randn(ROWS, dim)
    coupling.pair(noise[:32])
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds or not count:
        coupling.pair(noise)
        count += ROWS
    return count / (time.process_time() - start)


def main() -> None:
    """Print one line per number of targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, nargs="+", default=[60_000, 6_000])
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for n in given.targets:
        rate, pairs = product_rate(n, given.dim, given.seconds), pair_rate(n, given.dim, given.seconds)
        bound = rate * 1e9 / (2 * n * given.dim)
        print(
            f"N {n}, d {given.dim}: {pairs:,.0f} pairs per CPU s; bare float32 product {rate:.0f} GFLOP/s, {bound:,.0f} pairs/s"
        )


if __name__ == "__main__":
    main()

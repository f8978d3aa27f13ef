"""Our own bars of semi-discrete transport: ``python benchmarks/semidiscrete.py [newton] [space] [normal] [grid] [pairs] [throughput]
[large]``; all but the last, which takes half an hour of processor time, where none is named.

Processor seconds stand beside wall seconds, since the machine may be shared.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from gantlet.transport import solve
from gantlet.transport.cells import assign
from gantlet.transport.continuous import Box, Gaussian
from gantlet.transport.extension import Extension
from gantlet.transport.ground_truth import l2_uvp, log_sum_exp_pair

LARGE = "semidiscrete-stochastic[tolerance=0.05,steps=1100,rounds=1,rate=1,audit=4]"


def newton() -> None:
    """Square to N uniform points."""
    _uniform(2, 1000, 10_000, 100_000)


def space() -> None:
    """Cube to N uniform points."""
    _uniform(3, 1000, 10_000)


def _uniform(dim: int, *sizes: int) -> None:
    for n in sizes:
        cpu = time.process_time()
        found = solve(Box.unit(dim), np.random.default_rng(0).uniform(size=(n, dim)), method="semidiscrete-newton")
        cpu = time.process_time() - cpu
        say(
            "newton" if dim == 2 else "space",
            n=n,
            seconds=found.seconds,
            processor=cpu,
            mass_error=found.details["mass_error"],
            steps=found.iterations,
        )


def normal() -> None:
    """N(0, I) to 10,000 normal points in 16 dimensions."""
    y = np.random.default_rng(0).standard_normal((10_000, 16))
    cpu = time.process_time()
    found = solve(Gaussian.standard(16), y, method="semidiscrete-stochastic")
    proof = found.certificate
    say(
        "normal", seconds=found.seconds, processor=time.process_time() - cpu, chi2=proof.chi2, chi2_high=proof.chi2_high
    )


def grid() -> None:
    """5 × 5 grid through the extension, at three scales."""
    centres = np.stack(np.meshgrid(np.arange(-4, 5, 2.0), np.arange(-4, 5, 2.0)), axis=-1).reshape(-1, 2)
    y = centres[np.arange(1000) % 25] + 0.05 * np.random.default_rng(0).standard_normal((1000, 2))
    for method in ("semidiscrete-newton", "semidiscrete-stochastic"):
        for scale in (0.1, 1.0, 10.0):
            found = solve(Box.unit(2), scale * y, method=method)
            assert found.brenier is not None
            drawn = Extension.of(found.brenier).sample(10_000)
            distance = np.linalg.norm(drawn.points[:, None] / scale - centres, axis=2)
            near = distance.min(axis=1)
            modes = len(np.unique(distance.argmin(axis=1)[near < 0.15]))
            say(
                "grid",
                method=method,
                scale=scale,
                modes=modes,
                bridging=float((near > 0.3).mean()),
                kept=drawn.accepted,
            )


def pairs() -> None:
    """Log-sum-exp pairs, 5,000 targets; ε chosen on 4,000 held-out points, scored on 10,000 others."""
    for dim in (2, 4, 8, 16, 32):
        pair = log_sum_exp_pair(dim)
        y, x, test = pair.draw_target(5000, 0, "fit"), pair.draw(4000, 0, "held-out"), pair.draw(10_000, 0, "test")
        linear, found = (solve(pair.source, y, method=m) for m in ("gaussian", "semidiscrete-stochastic"))
        assert linear.map is not None and found.brenier is not None
        top = found.brenier.leaders(x, 2)[0]
        choices = float(np.median(top[:, 0] - top[:, 1])) * 2.0 ** np.arange(8)
        scores = [l2_uvp(found.brenier.smooth(x, float(e)), pair.map(x)) for e in choices]
        epsilon, truth = float(choices[int(np.argmin(scores))]), pair.map(test)
        ours, other = l2_uvp(found.brenier.smooth(test, epsilon), truth), l2_uvp(linear.map(test), truth)
        say("pairs", d=dim, smooth=ours, hard=l2_uvp(found.brenier.map(test), truth), linear=other, ratio=other / ours)


def large() -> None:
    """N(0, I) to 60,000 normal points in 100 dimensions: one round, since a batch is a fifteenth of the targets."""
    y = np.random.default_rng(0).standard_normal((60_000, 100))
    cpu = time.process_time()
    found = solve(Gaussian.standard(100), y, method=LARGE)
    cpu, proof = time.process_time() - cpu, found.certificate
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    say("large", seconds=found.seconds, processor=cpu, chi2=proof.chi2, chi2_high=proof.chi2_high, peak_gb=peak)


def throughput() -> None:
    """Pairs of points and targets a second, d = 100, against two matrix products: the machine's best (2048³) and one of
    the same shape, which writes its scores to memory. Processor seconds, interleaved; medians.
    """
    x, y, h, square = torch.randn(4096, 100), torch.randn(20_000, 100), torch.randn(20_000), torch.randn(2048, 2048)
    turned, pairs = y.T.contiguous(), 2 * 4096 * 20_000 * 100
    work: dict[str, tuple[Callable[[], object], int]] = {
        "square": (lambda: torch.mm(square, square), 2 * 2048**3),
        "same_shape": (lambda: torch.mm(x, turned), pairs),
        "assign": (lambda: assign(x, y, h), pairs),
    }
    rates: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(15):
        for name, (run, flops) in work.items():
            start = time.process_time()
            run()
            rates[name].append(flops / (time.process_time() - start) / 1e9)
    medians = {name: float(np.median(rate)) for name, rate in rates.items()}
    shares = {f"of_{name}": medians["assign"] / medians[name] for name in ("square", "same_shape")}
    say("throughput", **medians, **shares, threads=torch.get_num_threads())


def say(what: str, **values: object) -> None:
    """Print one JSON object."""
    rounded = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in values.items()}
    print(json.dumps({"what": what, **rounded, "load": round(os.getloadavg()[0], 1)}), flush=True)


if __name__ == "__main__":
    bars = {bar.__name__: bar for bar in (newton, space, normal, grid, throughput, pairs, large)}
    for name in sys.argv[1:] or [bar for bar in bars if bar != "large"]:
        bars[name]()

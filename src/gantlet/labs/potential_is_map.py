"""The potential is the map: with quadratic cost the generator can be written from the discriminator, T = x − ∇φ(x)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import torch_stream
from gantlet.evaluation.inference.seeds import over_seeds, upper
from gantlet.labs import LABS
from gantlet.labs.critics import Kind
from gantlet.labs.lab import Lab, Setting
from gantlet.transport import audit, solve
from gantlet.transport.critic_audit import CriticAudit, mean_cosine
from gantlet.transport.ground_truth import Pair, l2_uvp, log_sum_exp_pair

SOURCE = "Gu's survey of GANs and optimal transport; Lei et al. 2019, arXiv:1710.05488; score: Korotin et al. 2021, arXiv:2106.01954"
CLAIM = "With quadratic cost the generator need not be trained: the critic's potential gives it, T(x) = x − ∇φ(x)."
TOLERANCE = (
    "the map of the quadratic-cost critic (wgan-qc) has an L2-UVP below the linear map's in every dimension, at the upper end of "
    "the 95 % interval over seeds"
)
KINDS = {
    "wgan": Kind("wgan", after="weight-clipping[clip=0.1]"),
    "wgan-gp": Kind("wgan", penalty="gradient-penalty"),
    "wgan-qc": Kind("wgan-qc[cost=1]"),
}
MAPS = (*KINDS, "linear", "semidiscrete")
BATCH = 128


def critic_network(dim: int, seed: int) -> nn.Sequential:
    """Return a critic [b, d] → [b, 1] of two hidden layers of 128; smooth, since its gradient is the map."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_stream(seed, "init").initial_seed())
        return nn.Sequential(
            nn.Linear(dim, 128), nn.Softplus(2.0), nn.Linear(128, 128), nn.Softplus(2.0), nn.Linear(128, 1)
        )


def train_critic(kind: str, pair: Pair, steps: int, seed: int) -> nn.Sequential:
    """Return a critic trained between source (fake) and target (real) of a pair, without a generator."""
    network = critic_network(pair.source.dim, seed)
    game = KINDS[kind].game(network, torch_stream(seed, "penalty"))
    fakes, reals = pair.draw(BATCH * steps, seed, "train"), pair.draw_target(BATCH * steps, seed, "train")
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, (0.5, 0.9))
    for step in range(steps):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        real, fake = (torch.from_numpy(side[rows]).float() for side in (reals, fakes))
        loss = game.critic_loss(real, fake)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        game.stepped()
    return network


@LABS.register("potential-is-map", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class PotentialIsMap(Lab):
    """Claim: with quadratic cost the generator can be written from the discriminator, T(x) = x − ∇φ(x).

    Measured: L2-UVP (100·E|T̂ − T|²/Var, 100 for a constant) and cosine of displacements of x + ∇D(x) for critics of wgan
    (clipped), wgan-gp and wgan-qc with K = 1, trained between N(0, I) and its image under a known curved map, d = 2 … 32; the
    linear map and the semi-discrete map for comparison. W₁ critics give a direction only, so read their cosine.

    Tolerance: wgan-qc's L2-UVP below the linear map's in every dimension, at the upper end of the interval.
    """

    def run(self, setting: Setting) -> LabResult:
        """Train three critics in each dimension, audit their gradients."""
        seeds, dims = setting.seeds(2, 3, 5), (2, 4) if setting.size == "smoke" else (2, 4, 8, 16, 32)
        steps, n = setting.of(100, 1500, 20_000), setting.of(300, 1000, 10_000)
        results: dict[tuple[str, int], list[tuple[float, float]]] = {(name, d): [] for name in MAPS for d in dims}
        for done, seed in enumerate(seeds):
            for dim in dims:
                pair = log_sum_exp_pair(dim, seed)
                x, y = pair.draw(n, seed, "test"), pair.draw_target(n, seed, "test")
                for kind in KINDS:
                    network = train_critic(kind, pair, steps, seed)
                    result: CriticAudit = audit(_flat(network), x, y, true_map=pair.map)
                    results[kind, dim].append((float(result.uvp or 0.0), float(result.cosine or 0.0)))
                for name, method in (("linear", "gaussian"), ("semidiscrete", "semidiscrete-stochastic[rounds=2]")):
                    solution = solve(pair.source, pair.draw_target(n, seed, "fit"), method=method)
                    assert solution.map is not None
                    moved, truth = solution.map(x), pair.map(x)
                    results[name, dim].append((l2_uvp(moved, truth), mean_cosine(moved - x, truth - x)))
            setting.progress("critics and maps", done + 1, len(seeds))
        scores = {
            key: over_seeds(f"L2-UVP of {key[0]}, d = {key[1]}", [u for u, _ in v], unit="%")
            for key, v in results.items()
        }
        cosines = {key: float(np.mean([c for _, c in value])) for key, value in results.items()}
        return conclude(setting, seeds, scores, cosines)


def _flat(network: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*network, nn.Flatten(0))


Key = tuple[str, int]


def conclude(
    setting: Setting, seeds: tuple[int, ...], scores: dict[Key, Estimate], cosines: dict[Key, float]
) -> LabResult:
    """Return the verdict: the quadratic-cost critic against the linear map in every dimension."""
    dims = sorted({dim for _, dim in scores})

    def value(name: str, dim: int) -> float:
        return float(scores[name, dim].value or 0.0)

    behind = [dim for dim in dims if upper(scores["wgan-qc", dim]) >= value("linear", dim)]
    comparison = "; ".join(f"d = {d}: {value('wgan-qc', d):.3g} % against {value('linear', d):.3g} %" for d in dims)
    where = f"not below the linear map in dimension {', '.join(map(str, behind))}" if behind else "below it everywhere"
    rows: list[tuple[Cell, ...]] = [
        (dim, name, value(name, dim), scores[name, dim].low, scores[name, dim].high, cosines[name, dim])
        for dim in dims
        for name in MAPS
    ]
    worst = max((scores["wgan-qc", dim] for dim in dims), key=upper)
    return LabResult(
        "potential-is-map", CLAIM, SOURCE, "L2-UVP of x + ∇D(x), wgan-qc", None, "no number in the source", worst, TOLERANCE,
        "not reproduced" if behind else "reproduced", f"wgan-qc against the linear map, {where}: {comparison}",
        ("d", "map", "L2-UVP, %", "low", "high", "cosine"), tuple(rows), (_draw(setting, scores, cosines, dims),),
        setting.size, seeds,
    )  # fmt: skip


def _draw(setting: Setting, scores: dict[Key, Estimate], cosines: dict[Key, float], dims: list[int]) -> str:
    picture, (error, direction) = figure.new(1, 2, width=4.2, height=3.4)
    for index, name in enumerate(MAPS):
        look = {"color": figure.COLOURS[index], "marker": figure.MARKERS[index], "markersize": 4, "linewidth": 1.4}
        values = [float(scores[name, dim].value or 0.0) for dim in dims]
        error.plot(dims, values, label=name, **look)  # type: ignore[arg-type]
        direction.plot(dims, [cosines[name, dim] for dim in dims], label=name, **look)  # type: ignore[arg-type]
    for axis in (error, direction):
        axis.set_xscale("log", base=2)
        axis.set_xticks(dims, [str(dim) for dim in dims])
    error.set_yscale("log")
    error.axhline(100, color="black", linewidth=0.8, linestyle=":")
    direction.legend(fontsize=7.5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.label(error, "Error of the map (100: a constant)", "dimension", "L2-UVP, %")
    figure.label(direction, "Cosine of displacements", "dimension", "mean cosine")
    return figure.save(picture, setting.out / "potential-is-map.png")

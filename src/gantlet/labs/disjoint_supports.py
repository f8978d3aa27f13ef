"""Two lines that do not meet: the Jensen–Shannon divergence is stuck at log 2 and has no gradient, the Wasserstein distance has neither problem."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.drawing import figure
from gantlet.core.errors import ConfigError
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import torch_stream
from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.penalties import PENALTIES

SOURCE = "Arjovsky et al. 2017, arXiv:1701.07875, Example 1; Arjovsky & Bottou 2017, arXiv:1701.04862"
CLAIM = (
    "For disjoint supports the Jensen–Shannon divergence is log 2 however far apart they are, and the generator's gradient "
    "vanishes; the Wasserstein distance is the distance, and its gradient does not vanish."
)
DISTANCES = (0.25, 0.5, 1.0, 2.0)
STARVED, FED = 0.05, 0.8
TOLERANCE = (
    f"at every distance and seed, after training: JSD within 5 % of log 2 and |gradient| ≤ {STARVED} for minimax; "
    f"W₁ within 20 % of the distance and |gradient| ≥ {FED} for the Wasserstein critic (exact: 1)"
)


@dataclass(frozen=True)
class Reading:
    """One trained network at one distance: the estimated divergence, and the size of its gradient by the distance."""

    value: float
    gradient: float


@LABS.register("disjoint-supports", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class DisjointSupports(Lab):
    """Claim: on disjoint supports JSD = log 2 with a vanishing gradient, whereas W₁ = θ with gradient 1.

    Real: (0, U[0, 1]); generated: (θ, U[0, 1]), θ the generator's only parameter. Closed form: JSD = log 2 for θ ≠ 0, W₁ =
    |θ|. Trained: one small network as the `minimax` discriminator and as the `wgan` critic with `gradient-penalty`; the
    reading is each network's estimate of the divergence, and the gradient of the generator's loss by θ.

    Tolerance: JSD within 5 % of log 2 and gradient ≤ 0.05; W₁ within 20 % of θ and gradient ≥ 0.8, at every distance
    and seed.

    Args: steps: of each training; 0 means the default of the size. Raises: ConfigError for a negative number.
    """

    steps: int = 0

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ConfigError(f"disjoint-supports: expected steps ≥ 0; got {self.steps}")

    def run(self, setting: Setting) -> LabResult:
        """Train both networks at each distance with every seed; compare with the closed form."""
        seeds = setting.seeds(1, 5, 10)
        steps = self.steps or setting.of(400, 1_500, 5_000)
        results: dict[str, np.ndarray] = {}
        for name, critic in (("minimax", minimax), ("wgan", wasserstein)):
            readings = [[critic(theta, steps, seed) for theta in DISTANCES] for seed in seeds]
            results[f"{name} value"] = np.array([[r.value for r in row] for row in readings])
            results[f"{name} gradient"] = np.array([[r.gradient for r in row] for row in readings])
            setting.progress(f"training critics: {name}", 1 + (name == "wgan"), 2)
        return self._conclude(setting, seeds, results)

    def _conclude(self, setting: Setting, seeds: tuple[int, ...], results: dict[str, np.ndarray]) -> LabResult:
        jsd, starved = results["minimax value"] / math.log(2), results["minimax gradient"]
        w1, fed = results["wgan value"] / np.array(DISTANCES), results["wgan gradient"]
        checks = {
            "JSD stuck": bool((np.abs(jsd - 1) <= 0.05).all()),
            "its gradient gone": bool((starved <= STARVED).all()),
            "W₁ is the distance": bool((np.abs(w1 - 1) <= 0.2).all()),
            "its gradient there": bool((fed >= FED).all()),
        }
        rows: list[tuple[Cell, ...]] = [
            (theta, math.log(2), float(results["minimax value"][:, i].mean()), float(starved[:, i].mean()), theta,
             float(results["wgan value"][:, i].mean()), float(fed[:, i].mean()))
            for i, theta in enumerate(DISTANCES)
        ]  # fmt: skip
        ratio = over_seeds(
            "|gradient| of minimax / of wgan, largest over distances", (starved / fed).max(axis=1).tolist()
        )
        failed = [name for name, holds in checks.items() if not holds]
        why = f"fails: {', '.join(failed)}" if failed else "all four hold at every distance and seed"
        return LabResult(
            "disjoint-supports", CLAIM, SOURCE, ratio.metric, 0.0, "the exact gradient of log 2", ratio, TOLERANCE,
            "not reproduced" if failed else "reproduced", why,
            ("θ", "JSD, exact", "JSD, trained", "|gradient|", "W₁, exact", "W₁, trained", "|gradient| "), tuple(rows),
            (self._draw(setting, results),), setting.size, seeds,
        )  # fmt: skip

    def _draw(self, setting: Setting, results: dict[str, np.ndarray]) -> str:
        picture, (values, gradients) = figure.new(1, 2, width=4.2)
        values.plot((0, *DISTANCES), (0, *DISTANCES), color="gray", linestyle=":", label="W₁, exact")
        values.axhline(math.log(2), color="gray", linestyle="--", label="JSD, exact: log 2")
        figure.line(values, DISTANCES, results["minimax value"], "JSD, trained", 0)
        figure.line(values, DISTANCES, results["wgan value"], "W₁, trained", 1)
        values.legend(fontsize=7.5, frameon=False)
        figure.label(values, "Estimate of the critic", "distance θ of the supports", "divergence")
        figure.line(gradients, DISTANCES, np.maximum(results["minimax gradient"], 1e-12), "minimax", 0)
        figure.line(gradients, DISTANCES, results["wgan gradient"], "wgan, gradient penalty", 1)
        gradients.set_yscale("log")
        gradients.legend(fontsize=7.5, frameon=False)
        figure.label(gradients, "Gradient of the generator", "distance θ of the supports", "|d loss / dθ|")
        return figure.save(picture, setting.out / "disjoint-supports.png")


Loss = Callable[[nn.Module, Tensor, Tensor, torch.Generator], Tensor]


def segments(
    theta: float | Tensor, n: int, stream: torch.Generator
) -> tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"]]:
    """Return n points of each side: (0, u) and (θ, u')."""
    real, fake = (torch.rand(n, 1, generator=stream) for _ in range(2))
    return torch.cat([torch.zeros(n, 1), real], 1), torch.cat([torch.zeros(n, 1) + theta, fake], 1)


def train_critic(theta: float, steps: int, seed: int, loss: Loss) -> tuple[nn.Module, torch.Generator]:
    """Return a network of two hidden layers of 64 after ``steps`` steps of Adam on a critic's loss."""
    stream = torch_stream(seed, f"disjoint-{theta}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream.initial_seed())
        layers = [nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)]
        critic = nn.Sequential(*layers, nn.Flatten(0))
    optimizer = torch.optim.Adam(critic.parameters(), 2e-3, (0.5, 0.99))
    for _ in range(steps):
        value = loss(critic, *segments(theta, 128, stream), stream)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return critic, stream


def reading(critic: nn.Module, theta: float, objective: Any, stream: torch.Generator) -> tuple[float, float]:
    """Return the discriminator's loss on fresh points, and |d generator's loss / dθ|."""
    place = torch.tensor(theta, requires_grad=True)
    real, fake = segments(place, 4_096, stream)
    on_real, on_fake = critic(real), critic(fake)
    (slope,) = torch.autograd.grad(objective.generator_loss(on_real, on_fake).mean(), place)
    return float(objective.discriminator_loss(on_real, on_fake).mean().detach()), abs(float(slope))


def minimax(theta: float, steps: int, seed: int) -> Reading:
    """Return JSD = log 2 − loss/2 of a trained discriminator, and the saturating generator's gradient."""
    game = OBJECTIVES.build("minimax")
    critic, stream = train_critic(theta, steps, seed, lambda d, x, y, _: game.discriminator_loss(d(x), d(y)).mean())
    loss, gradient = reading(critic, theta, game, stream)
    return Reading(math.log(2) - loss / 2, gradient)


def wasserstein(theta: float, steps: int, seed: int) -> Reading:
    """Return W₁ = −loss of a trained critic, and its generator's gradient."""
    game, penalty = OBJECTIVES.build("wgan"), PENALTIES.build("gradient-penalty[weight=10]")

    def loss(d: nn.Module, x: Tensor, y: Tensor, stream: torch.Generator) -> Tensor:
        term: Tensor = penalty(lambda images, _: d(images), x, y, None, stream)
        return game.discriminator_loss(d(x), d(y)).mean() + term

    critic, stream = train_critic(theta, steps, seed, loss)
    value, gradient = reading(critic, theta, game, stream)
    return Reading(-value, gradient)

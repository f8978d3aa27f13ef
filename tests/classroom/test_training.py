"""The page trains as gantlet's own loop does: same first weights, same batches, same losses and weights after 200 steps."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from gantlet.classroom.games import DEPTH, GAMES, WIDTH, settings
from gantlet.data.mixture import mixture_of
from gantlet.training.penalties import PENALTIES

pytestmark = pytest.mark.browser
STEPS, AGREED = 200, 1e-4
EXACT = 1e-7
"""Both sides compute in float64 here: they agree far closer than asked, so that a wrong formula cannot pass."""


def largest(ours: list[float], theirs: list[float]) -> float:
    return float(np.abs(np.array(ours) - np.array(theirs)).max())


@pytest.mark.parametrize(("game", "activation"), [*((game, "relu") for game in GAMES), ("rpgan", "tanh")])
def test_200_steps_equal_those_of_the_loop(page: Any, loop: Any, game: str, activation: str) -> None:
    with loop.double():
        expected = loop.exported(game, STEPS, activation)
    given = {name: expected[name] for name in ("config", "first", "batches")}
    found = page.evaluate("given => window.gantlet.train(given)", {**given, "steps": STEPS})
    names = [name for name in ("d_loss", "g_loss", "r1", "r2", "gradient-penalty") if name in expected["losses"][0]]
    assert set(names) == set(found["losses"][0])
    assert len(names) == {"nonsaturating": 2, "wgan-clip": 2, "wgan-gp": 3, "rpgan": 4}[game]
    for name in names:
        difference = largest([line[name] for line in found["losses"]], [line[name] for line in expected["losses"]])
        assert difference < EXACT < AGREED, name
    for player in ("generator", "discriminator"):
        first, last = expected["first"][player], expected["last"][player]
        assert largest(first, last) > 0.05, "the training moves the weights"
        assert largest(found["last"][player], last) < EXACT


def test_the_loop_in_float32_is_followed_too(page: Any, loop: Any) -> None:
    """In tanh networks, whose slope has no kinks, rounding of the loop's own float32 stays below what is asked."""
    expected = loop.exported("rpgan", STEPS, "tanh")
    given = {name: expected[name] for name in ("config", "first", "batches")}
    found = page.evaluate("given => window.gantlet.train(given)", {**given, "steps": STEPS})
    for player in ("generator", "discriminator"):
        assert 0 < largest(found["last"][player], expected["last"][player]) < AGREED


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    ("penalty", "spec"), [("r1", "r1[gamma=0.7]"), ("gradient-penalty", "gradient-penalty[weight=0.7]")]
)
def test_backward_twice_equals_autograd(page: Any, penalty: str, spec: str, activation: str) -> None:
    torch.manual_seed(0)
    kind = torch.nn.Tanh if activation == "tanh" else (lambda: torch.nn.LeakyReLU(0.2))
    sizes = [2, *[WIDTH] * DEPTH]
    layers = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), kind())]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 1), torch.nn.Flatten(0)).double()
    points = torch.randn(16, 2, dtype=torch.float64)
    stream = torch.Generator().manual_seed(1)
    # real and fake are the same points, so that every point between them is known: the points themselves
    loss = PENALTIES.build(spec)(lambda x, _: network(x), points, points, None, stream)
    network.zero_grad()
    loss.backward()
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters()]
    given = {
        "config": {**settings("rpgan"), "activation": activation},
        "values": torch.cat([p.detach().flatten() for p in network.parameters()]).tolist(),
        "points": points.flatten().tolist(),
        "penalty": penalty,
        "weight": 0.7,
    }
    found = page.evaluate("given => window.gantlet.penaltyGradient(given)", given)
    assert found["loss"] == pytest.approx(loss.item(), abs=1e-13)
    expected = torch.cat([g.flatten() for g in grads])
    assert expected.abs().max() > 1e-2
    assert largest(found["gradient"], expected.tolist()) < 1e-13


@pytest.mark.parametrize("kind", ["ring", "swiss-roll"])
def test_the_pages_own_points_have_the_mixtures_moments(page: Any, kind: str) -> None:
    data, n = page.evaluate(f"window.gantlet.shapes['{kind}']"), 20_000
    points = np.array(page.evaluate("given => window.gantlet.draws(given)", {"seed": 5, "n": n, "data": data})).reshape(
        -1, 2
    )
    mixture = mixture_of(kind, 0.03, 2.0) if kind == "ring" else mixture_of(kind)
    mean, cov = mixture.moments
    error = np.sqrt(np.diag(cov) / n)
    assert (np.abs(points.mean(0) - mean) < 4.5 * error).all()
    assert np.abs(np.cov(points.T) - cov).max() < 0.06 * np.trace(cov)
    near = mixture.nearest(points)[1] <= 3
    assert near.mean() > 1 - np.exp(-4.5) - 4.5 * np.sqrt(0.011 / n)

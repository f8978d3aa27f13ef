"""two-modes, ring-and-grid, gp-is-local: their counts and slopes against what is known exactly, verdicts both ways."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.errors import TrainingDiverged
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.labs import gp_is_local, ring_and_grid, two_modes
from gantlet.labs.collapse_arms import ARMS, DECISIVE, config
from gantlet.labs.gp_is_local import Slopes, measure_slopes
from gantlet.labs.lab import Setting
from gantlet.labs.mixtures import ModeMeasures, measure_modes, mixture_points
from gantlet.labs.run import run_lab


def test_counts_of_a_mixture_are_those_of_its_samples() -> None:
    """All at two of eight centres, and one point between: 2 modes, quality 10/11, KL = Σ q log(8 q) of the nearest modes."""
    _, distribution = mixture_points("mixture[kind=ring,n=100]")
    points = np.concatenate(
        [np.repeat(distribution.centres[:1], 6, 0), np.repeat(distribution.centres[3:4], 4, 0), [[0.5, 0.01]]]
    )
    measures = measure_modes(points, distribution)
    q = np.array([7, 4]) / 11
    assert measures.modes == 2 and measures.quality == pytest.approx(10 / 11)
    assert measures.kl == pytest.approx(float((q * np.log(8 * q)).sum()), abs=1e-9)
    assert measures.counts.tolist() == [6, 0, 0, 4, 0, 0, 0, 0]


def test_true_draws_find_every_mode_at_the_ideal_quality() -> None:
    data, distribution = mixture_points("mixture[kind=grid,scale=0.25,n=20000]")
    measures = measure_modes(data.points, distribution)
    spread = np.sqrt(np.exp(-4.5) * (1 - np.exp(-4.5)) / 20_000)
    assert measures.modes == 25 and abs(measures.quality - (1 - np.exp(-4.5))) < 5 * spread and measures.kl < 0.003


class Norm(nn.Module):
    """D(x) = 3·|x|: its slope is 3 everywhere but at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.layer.weight.copy_(torch.diag(torch.tensor([3.0, 1.0])))

    def forward(self, points: torch.Tensor) -> DiscriminatorOutput:
        return DiscriminatorOutput(3 * points.norm(dim=1), points)


def test_slopes_of_a_known_critic() -> None:
    real, fake = torch.randn(64, 2) + 5, torch.randn(64, 2) + 5
    slopes = measure_slopes(Norm(), real, fake, 0)
    assert np.allclose(slopes.on, 3, atol=1e-5) and np.allclose(slopes.off, 3, atol=1e-5)
    assert slopes.product == pytest.approx(3) and len(slopes.off) == 128**2


def test_gp_is_local_judges_slopes(tmp_path: Path) -> None:
    where = np.zeros((16, 2))

    def slopes(off: float, product: float) -> Slopes:
        return Slopes(np.full(8, 1.0), np.full(16, off), where, product)

    setting = Setting("smoke", out=tmp_path)
    both = {(kind, name): [slopes(*by)] for kind in gp_is_local.DATA
            for name, by in (("gradient penalty", (1.5, 20.0)), ("spectral norm", (0.9, 1.0)))}  # fmt: skip
    assert gp_is_local.conclude(setting, (0,), both).verdict == "reproduced"
    both["ring", "spectral norm"] = [slopes(0.9, 1.3)]
    result = gp_is_local.conclude(setting, (0,), both)
    assert result.verdict == "not reproduced" and "8 Gaussians, spectral norm" in result.why


def test_two_modes_counts_what_was_learned_and_lost(tmp_path: Path) -> None:
    """A rarer mode's share of 0 counts as lost only where half of the samples are good."""
    looks = np.zeros((2, 3))
    setting = Setting("smoke", out=tmp_path)
    good = {name: [0.9, 0.9] for name in two_modes.ARMS}
    result = two_modes.conclude(setting, (0, 1), dict.fromkeys(two_modes.ARMS, looks), good)
    assert result.verdict == "reproduced" and result.ours.value == 1 and result.rows[0][:3] == ("minimax", 2, 2)
    bad = {name: [0.1, 0.1] for name in two_modes.ARMS}
    result = two_modes.conclude(setting, (0, 1), dict.fromkeys(two_modes.ARMS, looks), bad)
    assert result.verdict == "not reproduced" and result.ours.value == 0


@pytest.mark.parametrize(
    ("plain", "remedies", "kl", "verdict", "part"),
    [
        (1, (6, 8, 7), 0.02, "reproduced", "unrolled, 5 steps 6 [6, 6] modes, KL 0.020"),
        (7, (8, 8, 8), 0.02, "not reproduced", "GAN does not collapse"),
        (1, (8, 5, 8), 0.02, "not reproduced", "not as claimed: VEEGAN"),
        (1, (8, 8, 8), 0.05, "not reproduced", "not as claimed: unrolled, 5 steps, VEEGAN, PacGAN4"),
    ],
)
def test_ring_and_grid_judges_the_first_game_on_the_ring(
    tmp_path: Path, plain: int, remedies: tuple[int, ...], kl: float, verdict: str, part: str
) -> None:
    points, counts = np.zeros((5, 2), np.float32), np.ones(8, np.int64)

    def runs(modes: int, reverse: float) -> list[tuple[ModeMeasures, np.ndarray]]:
        return [(ModeMeasures(modes, 0.9, reverse, counts), points)] * 2

    results: ring_and_grid.Results = {("grid", arm): runs(25, 0.0) for arm in ARMS}  # no part in the verdict
    results |= {("ring", arm): runs(1, 2.0) for arm in ARMS}
    results["ring", "GAN"] = runs(plain, 2.0)
    results |= {("ring", arm): runs(modes, kl) for arm, modes in zip(DECISIVE[1:], remedies, strict=True)}
    result = ring_and_grid.conclude(Setting("smoke", out=tmp_path), (0, 1), results)
    assert result.verdict == verdict and part in result.why and len(result.rows) == 2 * len(ARMS)


def test_a_training_that_diverges_finds_no_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*_: object) -> None:
        raise TrainingDiverged("step 3: loss is not finite")

    monkeypatch.setattr(ring_and_grid, "train_and_sample", diverge)
    result = run_lab("ring-and-grid", Setting("smoke", out=tmp_path))
    assert [row[3] for row in result.rows] == [0.0] * 4 and result.rows[0][-1] == pytest.approx(np.log(8))


def test_the_first_game_is_one_game() -> None:
    """Metz's rates and layers in all four arms; the rest of an arm is its remedy alone."""
    configs = [vars(config(arm, Setting("laptop"), 0)) for arm in DECISIVE]
    differing = {key for found in configs for key in found if found[key] != configs[0][key]}
    assert differing == {"objective", "techniques"}
    assert (configs[0]["lr_generator"], configs[0]["lr_discriminator"]) == (1e-3, 1e-4)
    assert configs[0]["network"] == "mlp[width=128,depth=2,judging=1,init=orthogonal,gain=0.8]"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows"), [("two-modes", 7), ("ring-and-grid[own_games=true,grid=true]", 24), ("gp-is-local", 4)]
)
def test_smoke(tmp_path: Path, name: str, rows: int) -> None:
    result = run_lab(name, Setting("smoke", out=tmp_path))
    assert len(result.rows) == rows and (tmp_path / result.figures[0]).stat().st_size > 10_000

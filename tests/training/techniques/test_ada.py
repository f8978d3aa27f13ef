"""ada: p by hand, changes against scipy and NumPy, twice differentiable, and how often each is made."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from tiny import config
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.game import Game
from gantlet.training.state import TrainState
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.image_changes import Chance, blit, chance, color, cutout, geometry, resampled

EYE = torch.eye(3, dtype=torch.float64)


def pictures(n: int = 4, channels: int = 3, side: int = 8) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(n, channels, side, side)))


def test_p_follows_the_sign_of_real_logits() -> None:
    technique, network = TECHNIQUES.build("ada[target=0.5,every=2,images=100]"), nn.Linear(1, 1)
    memory, fake = technique.memory(network, network), torch.zeros(4)
    sure, unsure = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, -2.0, 3.0, -4.0])
    found = []
    for logits in (sure, sure, sure, sure, unsure, unsure, unsure, unsure, unsure, unsure):
        technique.observe(memory, logits, fake)
        found.append(technique.at(memory).p)
    # 8 logits per two steps: ± 8/100, not below 0
    assert found == pytest.approx([0, 0.08, 0.08, 0.16, 0.16, 0.08, 0.08, 0, 0, 0])


def test_a_schedule_is_half_a_cosine_over_real_images() -> None:
    technique, network = TECHNIQUES.build("ada[over=16,p=0.1,end=0.5]"), nn.Linear(1, 1)
    memory, found = technique.memory(network, network), []
    for _ in range(5):
        technique.observe(memory, torch.ones(4), torch.ones(4))
        found.append(technique.at(memory).p)
    expected = [0.5 - 0.4 * (1 + math.cos(math.pi * t / 4)) / 2 for t in (1, 2, 3, 4, 4)]
    assert found == pytest.approx(expected)


def test_nothing_changes_at_p_zero_and_all_at_one() -> None:
    x = pictures()
    for policy in ("blit", "geometry", "color", "cutout", "blit+geometry+color+cutout"):
        still = TECHNIQUES.build(f"ada[policy={policy}]").augment(x, torch.Generator().manual_seed(0))
        assert torch.equal(still, x)
        changed = TECHNIQUES.build(f"ada[policy={policy},p=1]").augment(x, torch.Generator().manual_seed(0))
        assert changed.shape == x.shape and torch.isfinite(changed).all() and not torch.equal(changed, x)


def test_resampling_is_bilinear_between_mirrored_edges() -> None:
    """scipy's map_coordinates of order 1 reads the same places; mode "mirror" mirrors at the centres of the edge pixels."""
    x, turn = pictures(), 0.7
    place = torch.tensor([[1.3 * math.cos(turn), -math.sin(turn), 0.3], [math.sin(turn), 0.8 * math.cos(turn), -0.2],
                          [0, 0, 1]], dtype=torch.float64)  # fmt: skip
    found = resampled(x, place.repeat(4, 1, 1)).numpy()
    ticks = (2 * np.arange(8) + 1) / 8 - 1
    right, down = np.meshgrid(ticks, ticks)
    where = place[:2].numpy() @ np.stack([right.ravel(), down.ravel(), np.ones(64)])
    spots = ((where + 1) * 8 - 1) / 2
    for image, read in zip(x.numpy(), found, strict=True):
        for plane, channel in zip(image, read, strict=True):
            expected = map_coordinates(plane, spots[::-1], order=1, mode="mirror").reshape(8, 8)
            np.testing.assert_allclose(channel, expected, atol=1e-9)


def dice(n: int, seed: int = 0) -> Chance:
    return chance(torch.zeros(n, 1, 8, 8, dtype=torch.float64), torch.Generator().manual_seed(seed))


def test_blits_move_whole_pixels() -> None:
    """Every blit is a mirror, quarter turn and move: the interior's values are a permutation of the image's own."""
    x = pictures(64)
    found = resampled(x, blit(EYE.repeat(64, 1, 1), 1.0, dice(64), 8))
    for image, changed in zip(x, found, strict=True):
        distance = (changed.flatten()[:, None] - image.flatten()).abs().min(1).values
        assert float(distance.max()) < 1e-9
    quarter = Chance(torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[0.9, 0.3, 0.5, 0.5]]), torch.zeros(1, 1))
    turned = resampled(x[:1], blit(EYE.repeat(1, 1, 1), 0.5, Chance(*(t.double() for t in quarter)), 8))
    torch.testing.assert_close(turned[0], torch.rot90(x[0], 1, (1, 2)), rtol=0, atol=1e-9)


def test_geometry_is_made_as_often_as_it_should() -> None:
    """Scale, stretch and move each with p, both turns together with p: (1 − p)⁴ of the maps stay (paper, App. B)."""
    p, n = 0.3, 20_000
    maps = geometry(EYE.repeat(n, 1, 1), p, dice(n))
    still = (maps == EYE).all(2).all(1).double().mean()
    # standard deviation √(.24·.76/20000) = .003: 5 of them
    assert float(still) == pytest.approx((1 - p) ** 4, abs=0.015)


def test_colours_turn_about_gray() -> None:
    x, drawn = pictures(), dice(4)
    hue = drawn._replace(gates=torch.ones_like(drawn.gates))
    hue.gates[:, 11] = 0
    turned = color(x, 0.5, hue)
    torch.testing.assert_close(turned.mean(1), x.mean(1))  # the luma stays
    torch.testing.assert_close(turned.norm(dim=1), x.norm(dim=1))  # and the length: it is a rotation
    third = hue._replace(uniform=torch.full_like(hue.uniform, 5 / 6))  # 2π/3: channels change places
    torch.testing.assert_close(color(x, 0.5, third), x.roll(1, 1))
    bright = drawn._replace(gates=torch.ones_like(drawn.gates))
    bright.gates[:, 8] = 0
    torch.testing.assert_close(color(x, 0.5, bright) - x, (0.2 * drawn.normal[:, 4])[:, None, None, None].expand_as(x))


def test_cutout_is_a_square_of_half_the_side() -> None:
    drawn = dice(1)
    drawn.uniform[:, 8:10] = 0.5
    drawn.gates[:, 13] = 0
    found = cutout(torch.ones(1, 1, 8, 8, dtype=torch.float64), 1.0, drawn)
    expected = np.ones((8, 8))
    expected[2:6, 2:6] = 0
    np.testing.assert_array_equal(found[0, 0].numpy(), expected)


def test_changes_are_differentiable_twice() -> None:
    technique = TECHNIQUES.build("ada[p=1,policy=blit+geometry+color+cutout]")
    x = pictures(2, side=4).requires_grad_(True)

    def changed(t: torch.Tensor) -> torch.Tensor:
        return technique.augment(t, torch.Generator().manual_seed(0)).square()

    assert torch.autograd.gradcheck(changed, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(changed, x, fast_mode=True)


@pytest.mark.parametrize(
    ("objective", "network"), [("rpgan", "dcgan[width=4,norm=none]"), ("ebgan", "autoencoder[width=4]")]
)
def test_refuses_logits_without_a_sign(objective: str, network: str) -> None:
    def state(technique: str) -> TrainState:
        settings: TrainConfig = config("nowhere", objective=objective, network=network, techniques=(technique,),
                                       penalties=(), conditioning="none")  # fmt: skip
        return TrainState.fresh(settings, Game.of(settings), ImageShape(8, 1), 0)

    with pytest.raises(ConfigError, match="give p a schedule"):
        state("ada")
    assert float(state("ada[over=100,p=0.2]").memory["ada"]["p"]) == 0.2

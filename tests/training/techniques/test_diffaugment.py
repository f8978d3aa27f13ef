"""diffaugment: each change against a loop over images and pixels; the same for real and fake; differentiable."""

import numpy as np
import pytest
import torch

from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.diffaugment import color, cutout, translation


def images(n: int = 6, channels: int = 3, size: int = 16) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, size=(n, channels, size, size)))


def stream(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_color_is_brightness_then_saturation_then_contrast() -> None:
    x, source = images(), stream()
    drawn = [torch.rand(6, 1, 1, 1, generator=source, dtype=torch.float64).flatten().numpy() for _ in range(3)]
    expected = x.numpy().copy()
    for i in range(6):
        expected[i] += drawn[0][i] - 0.5
        gray = expected[i].mean(0)
        expected[i] = gray + (expected[i] - gray) * 2 * drawn[1][i]
        expected[i] = expected[i].mean() + (expected[i] - expected[i].mean()) * (0.5 + drawn[2][i])
    np.testing.assert_allclose(color(x, stream()).numpy(), expected, atol=1e-12)


def test_translation_moves_whole_pixels_by_up_to_an_eighth() -> None:
    x = images(64)
    down, right = torch.randint(-2, 3, (64, 2), generator=stream()).T.tolist()
    assert set(down) == set(right) == {-2, -1, 0, 1, 2}
    moved = translation(x, stream()).numpy()
    for i in range(64):
        expected = np.zeros((3, 16, 16))
        for row in range(16):
            for column in range(16):
                if 0 <= row + down[i] < 16 and 0 <= column + right[i] < 16:
                    expected[:, row, column] = x[i, :, row + down[i], column + right[i]]
        np.testing.assert_array_equal(moved[i], expected)


def test_cutout_blanks_half_the_side() -> None:
    x = images(200).abs() + 0.1
    blank = (cutout(x, stream()) == 0).all(1).numpy()
    tops, lefts = torch.randint(0, 17, (200, 2), generator=stream()).T.numpy() - 4
    for i in range(200):
        expected = np.zeros((16, 16), bool)
        expected[max(tops[i], 0) : tops[i] + 8, max(lefts[i], 0) : lefts[i] + 8] = True
        np.testing.assert_array_equal(blank[i], expected)
    kept = cutout(x, stream())
    assert torch.equal(kept[~(kept == 0)], x[~(kept == 0)])


@pytest.mark.parametrize("policy", ["color", "translation", "cutout", "color+translation+cutout"])
def test_gradients_reach_the_images(policy: str) -> None:
    technique = TECHNIQUES.build(f"diffaugment[policy={policy}]")
    x = images(2, 1, 8).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda t: technique.augment(t, stream()), x, fast_mode=True)

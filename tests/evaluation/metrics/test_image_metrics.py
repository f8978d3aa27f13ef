"""psnr, ssim, ms_ssim_diversity and sharpness against scikit-image, SciPy and closed forms; pairs by name and order."""

import numpy as np
import pytest
from scipy.ndimage import laplace
from scipy.signal import convolve2d
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.ms_ssim_diversity import WEIGHTS, ms_ssim
from gantlet.evaluation.metrics.psnr import psnr
from gantlet.evaluation.metrics.sharpness import sharpness
from gantlet.evaluation.metrics.ssim import ssim
from gantlet.evaluation.pairs import paired_rows
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.images import ImageRows


def image(seed: int, height: int = 40, width: int = 33, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((height, width, channels)).cumsum(axis=0).cumsum(axis=1)
    return np.clip(128 + 4 * noise, 0, 255).astype(np.uint8)


def bank(pixels: list[np.ndarray], names: list[str] | None = None, labels: np.ndarray | None = None) -> FeatureBank:
    n = len(pixels)
    features = np.random.default_rng(0).standard_normal((n, 3)).astype(np.float32)
    return FeatureBank(features, None, labels, names or [], ImageRows(lambda i: pixels[i], np.arange(n)))


def noisy(pixels: np.ndarray, seed: int, spread: float) -> np.ndarray:
    moved = pixels + np.random.default_rng(seed).normal(0, spread, pixels.shape)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_and_psnr_equal_scikit_image(channels: int) -> None:
    real = image(1, channels=channels)
    fake = noisy(real, 2, 20)
    oracle = structural_similarity(
        real, fake, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=2
    )
    # The same sums in another order: float64 rounding, enlarged by 255² over C₂ = 58.
    assert ssim(real, fake) == pytest.approx(oracle, abs=1e-10)
    assert psnr(real, fake) == pytest.approx(peak_signal_noise_ratio(real, fake, data_range=255), abs=1e-10)


def test_equal_images_and_wrong_shapes() -> None:
    real = image(1)
    assert ssim(real, real) == pytest.approx(1.0, abs=1e-12)
    assert psnr(real, real) == np.inf
    with pytest.raises(ShapeError, match="one shape"):
        psnr(real, real[1:])
    with pytest.raises(ShapeError, match="11×11"):
        ssim(real[:8], real[:8])


def gaussian(size: int) -> np.ndarray:
    x = np.arange(size) - (size - 1) / 2
    window = np.exp(-np.add.outer(x**2, x**2) / (2 * (1.5 * size / 11) ** 2))
    return window / window.sum()


def literal_ms_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Return MS-SSIM of two gray images by two-dimensional convolutions, in float64."""
    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        window = gaussian(min(11, *x.shape))

        def blur(a: np.ndarray, window: np.ndarray = window) -> np.ndarray:
            return convolve2d(a, window, mode="valid")

        mx, my = blur(x), blur(y)
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        cs = (2 * (blur(x * y) - mx * my) + c2) / (blur(x * x) - mx**2 + blur(y * y) - my**2 + c2)
        luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        product *= max(0.0, float((cs * luminance if scale == 4 else cs).mean())) ** weight
        even = [side // 2 * 2 for side in x.shape]
        x, y = (a[: even[0], : even[1]].reshape(even[0] // 2, 2, even[1] // 2, 2).mean(axis=(1, 3)) for a in (x, y))
    return product


@pytest.mark.parametrize("side", [16, 32, 75, 180])
def test_ms_ssim_equals_a_literal_computation(side: int) -> None:
    import torch

    first = image(3, side, side, 1)
    pixels = np.stack([first, noisy(first, 4, 10), noisy(first, 5, 40), image(6, side, side, 1)])
    found = ms_ssim(torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2))
    planes = pixels[:, :, :, 0].astype(np.float64)
    expected = [[literal_ms_ssim(a, b) for b in planes] for a in planes]
    # float32: 1e-7·127² = 2e-3 absolute on a covariance beside C₂ = 58, so 3e-5 a window and less in the mean.
    assert found == pytest.approx(np.array(expected), abs=3e-5)
    assert found == pytest.approx(found.T)


def test_collapse_is_seen_as_similarity() -> None:
    various = bank([image(seed, 32, 32) for seed in range(130)])
    alike = bank([noisy(image(1, 32, 32), seed, 10) for seed in range(130)])
    found = compute(Evidence(various, alike), ["ms_ssim_diversity"])[0]
    assert found.value is not None and found.low is not None
    assert found.low > found.details["real"] + 0.2


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    gray = image(1, channels=1)
    assert sharpness(gray) == pytest.approx(laplace(gray[:, :, 0].astype(float))[1:-1, 1:-1].var(), rel=1e-12)
    coloured = np.repeat(gray, 3, axis=2)
    assert sharpness(coloured) == pytest.approx(sharpness(gray), rel=1e-9)
    sharp = [image(seed) for seed in range(20)]
    blurred = bank([np.clip(s // 2 + np.roll(s, 1, 0) // 2, 0, 255).astype(np.uint8) for s in sharp])
    found = compute(Evidence(bank(sharp), blurred), ["sharpness"])[0]
    assert found.details["ratio"] < 1


def test_pairs_are_found_by_name_whatever_the_order() -> None:
    reals = [image(seed) for seed in range(12)]
    fakes = [noisy(real, seed, 10) for seed, real in enumerate(reals)]
    order = np.random.default_rng(0).permutation(12)
    real = bank(reals, [f"{i}.jpg" for i in range(12)])
    fake = bank([fakes[i] for i in order[:9]], [f"{i}.png" for i in order[:9]])
    evidence = Evidence(real, fake, given={"pairs": paired_rows(real, fake, "names")})
    found = {e.metric: e for e in compute(evidence, ["psnr", "ssim"])}
    assert found["psnr"].value == pytest.approx(np.mean([psnr(reals[i], fakes[i]) for i in order[:9]]))
    assert found["ssim"].value == pytest.approx(np.mean([ssim(reals[i], fakes[i]) for i in order[:9]]))
    assert found["ssim"].details == {"pairs": 9}


def test_no_pairs_where_a_name_or_a_label_disagrees() -> None:
    names = ["a.png", "b.png", "c.png"]
    real = bank([image(i) for i in range(3)], names, np.array([0, 1, 1]))
    assert paired_rows(real, bank([image(9)] * 2, ["a.png", "z.png"]), "names") is None
    assert paired_rows(real, bank([image(9)] * 2, ["a.png", "b.png"], np.array([1, 1])), "names") is None
    assert paired_rows(real, bank([image(9)] * 2), "names") is None
    assert paired_rows(real, bank([image(9)] * 3, names), "none") is None
    assert paired_rows(real, bank([image(9)] * 3), "order").tolist() == [0, 1, 2]
    with pytest.raises(ConfigError, match="got 3 and 2"):
        paired_rows(real, bank([image(9)] * 2), "order")
    unpaired = compute(Evidence(real, bank([image(9)] * 3)), ["psnr"])[0]
    assert "--pairs order" in unpaired.notes[0]


def test_equal_pairs_and_other_sizes_are_told() -> None:
    reals = [image(i) for i in range(4)]
    same = Evidence(bank(reals), bank(reals), given={"pairs": np.arange(4)})
    assert "all 4 pairs are equal" in compute(same, ["psnr"])[0].notes[0]
    some = Evidence(
        bank(reals), bank([*reals[:1], *(noisy(r, 1, 9) for r in reals[1:])]), given={"pairs": np.arange(4)}
    )
    assert compute(some, ["psnr"])[0].notes == ("1 pair is equal (infinite ratio) and was left out",)
    smaller = Evidence(bank(reals), bank([r[:20] for r in reals]), given={"pairs": np.arange(4)})
    assert [("one shape" in e.notes[0]) for e in compute(smaller, ["psnr", "ssim"])] == [True, True]
    tiny = Evidence(bank([r[:8, :8] for r in reals]), bank([r[:8, :8] for r in reals]))
    assert "16 pixels" in compute(tiny, ["ms_ssim_diversity"])[0].notes[0]

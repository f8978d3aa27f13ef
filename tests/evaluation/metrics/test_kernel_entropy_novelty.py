"""KEN against modes that were planted, the eigenvalues of the paper's own matrix, and its interval."""

import numpy as np
import pytest
from covering import Case, covers

from gantlet.core.errors import ConfigError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.kernel_entropy_novelty import novelty
from gantlet.evaluation.metrics.rke import width
from gantlet.evaluation.stats.feature_bank import FeatureBank

CENTRES = 30 * np.eye(6, dtype=np.float32)


def modes(rng: np.random.Generator, n: int, shares: list[float]) -> FeatureBank:
    label = rng.choice(6, n, p=shares)
    return FeatureBank((CENTRES[label] + rng.standard_normal((n, 6))).astype(np.float32), names=[f"mode{k}-{i}" for i, k in enumerate(label)])  # fmt: skip


def test_eigenvalues_are_those_of_the_papers_block_matrix() -> None:
    rng = np.random.default_rng(0)
    fake, real = modes(rng, 40, [0.5, 0.5, 0, 0, 0, 0]), modes(rng, 30, [0.5, 0, 0.5, 0, 0, 0])
    s2, eta = width(real, 0.5), 1.5
    x, y = fake.features.astype(float), real.features.astype(float)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-np.square(a[:, None] - b).sum(2) / (2 * s2))

    cross = kernel(x, y) * (eta / (40 * 30)) ** 0.5
    block = np.block([[kernel(x, x) / 40, cross], [-cross.T, -kernel(y, y) * eta / 30]])
    values = np.sort(np.linalg.eigvals(block).real)[::-1]
    positive = values[values > 1e-8]
    found = novelty(fake, real, s2, eta)
    np.testing.assert_allclose(found.eigenvalues[: len(positive)][:10], positive[:10], atol=1e-7)
    assert found.value == pytest.approx((positive * np.log(positive.sum() / positive)).sum(), abs=1e-3)


def test_new_and_missing_modes_are_named() -> None:
    rng = np.random.default_rng(1)
    real, fake = modes(rng, 300, [0.25, 0.25, 0.25, 0.25, 0, 0]), modes(rng, 300, [0.2, 0.2, 0.2, 0, 0.25, 0.15])
    found = compute(Evidence(real, fake), ["kernel_entropy_novelty"])[0]
    named = [{name.split("-")[0] for name in mode["images"]} for mode in found.details["modes"][:2]]
    assert named == [{"mode4"}, {"mode5"}]
    assert {name.split("-")[0] for name in found.details["missing"][0]["images"]} == {"mode3"}
    assert found.details["modes"][0]["eigenvalue"] == pytest.approx(0.25, abs=0.06)
    same = compute(Evidence(real, modes(rng, 300, [0.25, 0.25, 0.25, 0.25, 0, 0])), ["kernel_entropy_novelty"])[0]
    assert same.value is not None and found.value is not None and same.value < found.value / 2


def test_options_and_few_images() -> None:
    bank = modes(np.random.default_rng(2), 20, [0.5, 0.5, 0, 0, 0, 0])
    with pytest.raises(ConfigError, match="sigma, eta > 0"):
        compute(Evidence(bank, bank), ["kernel_entropy_novelty[eta=0]"])
    few = compute(Evidence(bank, bank.take(np.arange(5))), ["kernel_entropy_novelty"])[0]
    assert few.value is None and "needs 10 samples" in few.notes[0]


@pytest.mark.parametrize("case", ["null", "away"])
@pytest.mark.parametrize("n", [60, 120, 240])
@covers("kernel_entropy_novelty")
def test_the_interval_covers_the_mean_of_fresh_draws(n: int, case: str) -> Case:
    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([n, repeat])
        shares = [0.25, 0.25, 0.25, 0.25, 0, 0] if case == "null" else [0.2, 0.2, 0.2, 0, 0.25, 0.15]
        return Evidence(modes(rng, n, [0.25, 0.25, 0.25, 0.25, 0, 0]), modes(rng, n, shares), seed=repeat)

    return Case(draw)

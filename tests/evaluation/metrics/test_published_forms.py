"""Options that give published numbers: splits and chunks of IS, KID subsets, CMMD, Xu's MMD, k of precision, the ∞ forms."""

import numpy as np
import pytest
from prdc import compute_prdc
from scipy.stats import linregress

from gantlet.core.errors import ConfigError, UnknownName
from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute, resolve
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.extrapolation import at_infinity, sample_sizes
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.stats.feature_bank import FeatureBank


def bank(n: int, seed: int, shift: float = 0.0, d: int = 8) -> FeatureBank:
    rng = np.random.default_rng(seed)
    features = (rng.standard_normal((n, d)) + shift).astype(np.float32)
    return FeatureBank(features, rng.dirichlet(np.ones(5), n).astype(np.float32))


def one(spec: str, real: FeatureBank, fake: FeatureBank) -> Estimate:
    found = compute(Evidence(real, fake), [spec])[0]
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.low <= found.value <= found.high
    return found


def literal_inception_score(p: np.ndarray) -> float:
    return float(np.exp((p * np.log(p / p.mean(0))).sum(1).mean()))


def test_inception_score_by_chunks_in_the_order_given_and_by_shuffled_splits(torch_fidelity) -> None:
    fake = bank(530, 1)
    p = fake.probabilities.astype(float)
    chunks = [literal_inception_score(p[i : i + 200]) for i in range(0, 530, 200)]
    # float32 probabilities divided by their sums in float64 here, not there: 1e-7.
    assert one("inception_score[chunk=200]", bank(40, 0), fake).value == pytest.approx(np.mean(chunks), rel=1e-6)
    import torch

    logits = torch.log(torch.from_numpy(p))
    oracle = torch_fidelity("metric_isc").isc_features_to_metric(logits)
    found = one("inception_score[splits=10,shuffle=2020]", bank(40, 0), fake)
    assert found.value == pytest.approx(oracle["inception_score_mean"], rel=1e-6)
    assert found.details["parts_std"] == pytest.approx(oracle["inception_score_std"], rel=1e-6)
    assert found.details["options"] == {"splits": 10, "shuffle": 2020}


def test_kid_by_subsets_is_torch_fidelitys(torch_fidelity) -> None:
    real, fake = bank(300, 1), bank(280, 2, 0.3)
    import torch

    oracle = torch_fidelity("metric_kid").kid_features_to_metric(
        torch.from_numpy(fake.features), torch.from_numpy(real.features), kid_subsets=20, kid_subset_size=100
    )
    found = one("kernel_distance[subsets=20,size=100,seed=2020]", real, fake)
    assert found.value == pytest.approx(oracle["kernel_inception_distance_mean"], rel=1e-6)
    assert found.details["subsets_std"] == pytest.approx(oracle["kernel_inception_distance_std"], rel=1e-6)


def literal_rbf(real: np.ndarray, fake: np.ndarray, width: float) -> float:
    """Return the biased MMD² with exp(−|x − y|²/(2·width))."""

    def mean(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.square(a[:, None] - b[None]).sum(-1) / (2 * width)).mean())

    return mean(real, real) + mean(fake, fake) - 2 * mean(real, fake)


def test_cmmd_and_xus_root() -> None:
    real, fake = bank(60, 1), bank(50, 2, 0.5)
    r, f = real.features.astype(float), fake.features.astype(float)
    found = one("mmd_rbf[sigma=10,relative=false,form=biased,scale=1000]", real, fake)
    # float32 distances: 1e-6 relative on |x|² = 8 over 2·100, times 1000 on a value near 10.
    assert found.value == pytest.approx(1000 * literal_rbf(r, f, 100.0), abs=2e-3)
    width = float(np.square(r[:, None] - r[None]).sum(-1).mean())
    assert one("mmd_rbf[form=root]", real, fake).value == pytest.approx(literal_rbf(r, f, width) ** 0.5, abs=1e-5)
    with pytest.raises(ConfigError, match="form"):
        compute(Evidence(real, fake), ["mmd_rbf[form=cube]"])


def test_precision_and_recall_with_five_neighbours_are_prdcs() -> None:
    real, fake = bank(150, 1), bank(130, 2, 0.4)
    oracle = compute_prdc(real.features.astype(float), fake.features.astype(float), nearest_k=5)
    for name in ("precision", "recall"):
        assert one(f"{name}[k=5]", real, fake).value == pytest.approx(oracle[name], abs=1e-12)
        assert one(f"{name}[k=3]", real, fake) == replace_details(one(name, real, fake), {"options": {"k": 3}})


def replace_details(estimate: Estimate, more: dict) -> Estimate:
    from dataclasses import replace

    return replace(estimate, details={**estimate.details, **more})


def test_the_root_of_the_frechet_distance() -> None:
    real, fake = bank(100, 1), bank(100, 2, 0.5)
    plain, root = one("frechet_distance", real, fake), one("frechet_distance[root=true]", real, fake)
    assert (root.value, root.low, root.high) == pytest.approx(
        tuple(v**0.5 for v in (plain.value, plain.low, plain.high))
    )


def test_extrapolation_is_exact_for_a_bias_of_one_over_n() -> None:
    sizes = sample_sizes(20_000)
    assert (sizes[0], sizes[-1], len(sizes)) == (5000, 20_000, 15)
    assert sample_sizes(1000)[0] == 500
    assert at_infinity(sizes, 3.0 + 700.0 / sizes) == pytest.approx((3.0, 0.0), abs=1e-9)
    noisy = 3.0 + 700.0 / sizes + np.random.default_rng(0).standard_normal(len(sizes))
    theirs = linregress(1 / sizes, noisy)
    assert at_infinity(sizes, noisy) == pytest.approx((theirs.intercept, theirs.intercept_stderr**2), rel=1e-9)


def test_frechet_distance_infinity_takes_the_fakes_bias_away() -> None:
    real, fake = bank(20_000, 1, d=24), bank(600, 2, 0.4, d=24)
    truth = 24 * 0.4**2
    plain = frechet_distance(real.moments, fake.moments)
    found = one("frechet_distance_infinity", real, fake)
    assert plain > truth * 1.15
    # The line in 1/n leaves the second order and the noise of a single draw: a twentieth each.
    assert abs(found.value - truth) < 0.4 * (plain - truth)


def test_inception_score_infinity_lies_above_the_plain_score_where_that_is_biased_down() -> None:
    fake = bank(400, 3)
    found = one("inception_score_infinity", bank(40, 0), fake)
    assert len(found.details["scores"]) == 15
    assert found.value == pytest.approx(one("inception_score", bank(40, 0), fake).value, rel=0.05)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UnknownName, match="option of metric 'precision'"):
        resolve("precision[kk=3]")
    assert resolve("precision[k=4]")[1] == {"k": 4}

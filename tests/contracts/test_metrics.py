"""What every registered metric promises: documentation, determinism, invariance, honest intervals, loud failure."""

from dataclasses import replace

import numpy as np
import pytest

from gantlet.core.errors import DataError, NonFiniteError, ShapeError, UnknownName
from gantlet.core.mixture import Mixture
from gantlet.core.registry import Entry
from gantlet.evaluation.compute import compute, missing_needs
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.needs import NEEDS
from gantlet.evaluation.pairs import paired_rows
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.images import ImageRows
from gantlet.evaluation.stats.latent import LatentSpace
from gantlet.evaluation.subsets import GIVEN_FAKE, GIVEN_REAL


def bank(n: int, seed: int, shift: float = 0.0) -> FeatureBank:
    rng = np.random.default_rng(seed)
    features = (rng.standard_normal((n, 6)) + shift).astype(np.float32)
    pixels = rng.integers(0, 256, (n, 16, 16, 1), dtype=np.uint8)
    images = ImageRows(lambda i: pixels[i], np.arange(n))
    names = [f"{i:02d}.png" for i in range(n)]
    probabilities = rng.dirichlet(np.ones(4), n).astype(np.float32)
    return FeatureBank(features, probabilities, np.arange(n) * 7 % 4, names, images)


def latents() -> LatentSpace:
    mixing = np.random.default_rng(9).standard_normal((3, 6)).astype(np.float32)
    return LatentSpace(3, lambda z, _: z @ mixing)


def evidence(real: FeatureBank, fake: FeatureBank, seed: int = 0) -> Evidence:
    rng = np.random.default_rng(5)
    told = Predictions(rng.integers(0, 3, 60), rng.integers(0, 3, 60), "a test", 60)
    pairs = paired_rows(real, fake, "names")
    return Evidence(
        real,
        fake,
        seed=seed,
        given={
            "train_on_real": told,
            "train_on_fake": told,
            "mixture": Mixture(np.eye(6), 1.0),
            "pairs": np.zeros(fake.n, np.int64) if pairs is None else pairs,
            "generator": latents(),
        },
    )


@pytest.fixture(params=[0.0, 1.0], ids=["null", "apart"])
def pair(request: pytest.FixtureRequest) -> tuple[FeatureBank, FeatureBank]:
    return bank(90, 0), bank(70, 1, request.param)


@pytest.mark.parametrize("entry", METRICS.entries(), ids=METRICS.names())
def test_documentation_is_complete(entry: Entry) -> None:
    assert "Source" in entry.document
    assert "When it lies:" in entry.document
    assert "Interval:" in entry.document
    assert entry.meta.needs
    assert entry.meta.unit
    assert isinstance(entry.meta.lower_is_better, bool)


@pytest.mark.parametrize("name", METRICS.names())
def test_value_lies_in_its_interval_and_says_what_made_it(name: str, pair: tuple[FeatureBank, FeatureBank]) -> None:
    estimate = compute(evidence(*pair), [name])[0]
    assert estimate.metric == name
    assert estimate.value is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= estimate.value <= estimate.high
    assert estimate.interval != "none"
    assert estimate.estimand in (METRICS.entry(name).meta.estimand, GIVEN_REAL, GIVEN_FAKE)
    assert estimate.n_real >= 0
    assert estimate.n_fake > 0
    entry = METRICS.entry(name)
    stamped = (estimate.unit, estimate.lower_is_better, estimate.version)
    assert stamped == (entry.meta.unit, entry.meta.lower_is_better, entry.meta.version)


@pytest.mark.parametrize("name", METRICS.names())
def test_a_number_carries_the_rows_that_it_used(
    name: str, pair: tuple[FeatureBank, FeatureBank], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled: list[tuple[int, int]] = []
    sample = Evidence.sample

    def few(self: Evidence, cap: int, balanced: bool = False) -> tuple[FeatureBank, FeatureBank, tuple[str, ...]]:
        real, fake, notes = sample(self, min(cap, 60), balanced)
        sampled.append((real.n, fake.n))
        return real, fake, notes

    monkeypatch.setattr(Evidence, "sample", few)
    estimate = compute(evidence(*pair), [name])[0]
    if sampled:
        assert (estimate.n_real, estimate.n_fake) == (60, 60)
    else:  # every row of a side, none, the 60 that a classifier was asked about, 70 pairs, or 2,000 paths of a generator
        assert estimate.n_real in (0, 60, 70, 90)
        assert estimate.n_fake in (60, 70, 2000)


def test_every_metric_says_whether_compare_can_pair_it() -> None:
    for entry in METRICS.entries():
        assert bool(entry.meta.influence) != bool(entry.meta.unpaired), entry.name


def test_every_need_is_registered() -> None:
    for entry in METRICS.entries():
        assert set(entry.meta.needs) <= set(NEEDS.names()), entry.name


@pytest.mark.parametrize("name", METRICS.names())
def test_the_order_of_rows_does_not_matter(name: str, pair: tuple[FeatureBank, FeatureBank]) -> None:
    rng = np.random.default_rng(3)
    shuffled = [side.take(rng.permutation(side.n)) for side in pair]
    one, other = compute(evidence(*pair), [name])[0], compute(evidence(*shuffled), [name])[0]
    # Sums in another order: float64 rounding, enlarged by the cancellation of FD and KID to 1e-10 of the traces.
    for part in ("value", "low", "high"):
        assert getattr(one, part) == pytest.approx(getattr(other, part), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", METRICS.names())
def test_one_seed_gives_one_answer(name: str, pair: tuple[FeatureBank, FeatureBank]) -> None:
    assert compute(evidence(*pair, seed=7), [name]) == compute(evidence(*pair, seed=7), [name])


@pytest.mark.parametrize("name", METRICS.names())
def test_two_samples_a_side_give_a_number_or_a_reason(name: str) -> None:
    estimate = compute(evidence(bank(2, 0), bank(2, 1)), [name])[0]
    assert estimate.value is not None or "undefined: " in estimate.notes[0]


@pytest.mark.parametrize("name", METRICS.names())
def test_what_is_missing_is_named(name: str) -> None:
    features = np.random.default_rng(0).standard_normal((30, 3)).astype(np.float32)
    bare = Evidence(FeatureBank(features), FeatureBank(features + 1))
    estimate = compute(bare, [name])[0]
    assert (estimate.value is None) == bool(missing_needs(METRICS.entry(name), bare))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", METRICS.names())
def test_read_only_and_reversed_features_are_fine(name: str, pair: tuple[FeatureBank, FeatureBank]) -> None:
    copies = []
    for side in pair:
        features = side.features[::-1].copy()[::-1]
        features.flags.writeable = False
        copies.append(replace(side, features=features))
    assert compute(evidence(*copies), [name]) == compute(evidence(*pair), [name])


@pytest.mark.parametrize("part", ["features", "probabilities"])
def test_nan_never_gets_in(part: str) -> None:
    parts = {"features": np.ones((5, 2), np.float32), "probabilities": np.full((5, 2), 0.5, np.float32)}
    parts[part][3, 1] = np.nan
    with pytest.raises(NonFiniteError, match=f"{part} row 3"):
        FeatureBank(**parts)


def test_constant_real_features_and_other_dimensions_are_refused() -> None:
    constant = FeatureBank(np.ones((9, 6), np.float32))
    with pytest.raises(DataError, match="all 9 real feature rows are equal"):
        Evidence(constant, bank(9, 0))
    with pytest.raises(ShapeError, match="6 columns, fake ones 2"):
        Evidence(bank(9, 0), FeatureBank(np.ones((9, 2), np.float32)))


@pytest.mark.parametrize("name", METRICS.names())
def test_constant_fakes_are_measured(name: str) -> None:
    fakes = replace(bank(1, 1).take(np.zeros(40, np.int64)), labels=np.arange(40) % 4)
    estimate = compute(evidence(bank(60, 0), fakes), [name])[0]
    assert estimate.value is not None


def test_compute_takes_all_names_once_reports_progress_and_refuses_unknown_ones() -> None:
    seen: list[str] = []
    found = compute(evidence(bank(40, 0), bank(40, 1)), ["recall", "all", "recall"], seen.append)
    assert seen == [estimate.metric for estimate in found]
    assert seen[0] == "recall"
    assert sorted(seen) == METRICS.names()
    with pytest.raises(UnknownName, match="did you mean 'precision'"):
        compute(evidence(bank(40, 0), bank(40, 1)), ["recall", "precisoin"])


@pytest.mark.parametrize("name", [entry.name for entry in METRICS.entries() if entry.meta.influence])
def test_influence_functions_have_one_value_a_row(name: str, pair: tuple[FeatureBank, FeatureBank]) -> None:
    found = METRICS.entry(name).meta.influence(evidence(*pair))
    assert found.real is not None or found.fake is not None
    assert found.variance > 0

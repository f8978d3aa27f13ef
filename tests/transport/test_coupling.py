"""Couplings of noise with data: exact shares, classes for themselves, one pair for one noise in every process."""

import math
import pickle
import time

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch.utils.data import DataLoader, Dataset

from gantlet.core.errors import ConfigError, DataError, NonFiniteError, ShapeError, TooFewSamples
from gantlet.transport import Coupling, MinibatchCoupling
from gantlet.transport.continuous import Gaussian
from gantlet.transport.coupling import Pairing
from gantlet.transport.minibatch_coupling import matching

RNG = np.random.default_rng(0)
LABELS = np.arange(300) % 3
DATA = RNG.standard_normal((300, 4)) + 3.0 * LABELS[:, None]
NOISE = np.random.default_rng(1).standard_normal((30_000, 4))
QUICK = "semidiscrete-stochastic[steps=200,batch=2048,tolerance=0.05]"


@pytest.fixture(scope="module")
def whole() -> Coupling:
    return Coupling.fit(DATA, method=QUICK)


@pytest.fixture(scope="module")
def by_class() -> Coupling:
    return Coupling.fit(torch.from_numpy(DATA).float().view(300, 2, 2), LABELS, method=QUICK)


def test_each_row_gets_its_share_of_the_noise_by_the_map(whole: Coupling) -> None:
    pairs = whole.pair(NOISE)
    assert isinstance(whole, Pairing) and whole.converged and 0 < whole.chi2 <= 0.05
    np.testing.assert_array_equal(DATA[pairs], whole.parts[0].potential.map(NOISE))
    shares = np.bincount(pairs, minlength=300) / 30_000
    # E Σ (ŵ − w)²/ν = 299/30,000 besides χ², five standard errors (598^½/30,000) above.
    assert 300 * np.square(shares - 1 / 300).sum() <= whole.chi2 + 299 / 30_000 + 5 * 598**0.5 / 30_000
    # Optimal between the noise and what it is paired with: no two pairs gain by an exchange.
    cost = np.square(NOISE[:300, None] - DATA[pairs[:300]]).sum(-1)
    rows, columns = linear_sum_assignment(cost)
    assert cost.trace() == pytest.approx(cost[rows, columns].sum(), rel=1e-12)


def test_each_class_is_coupled_for_itself(by_class: Coupling) -> None:
    labels = torch.arange(30_000) % 3
    pairs = by_class.pair(torch.from_numpy(NOISE).view(-1, 2, 2), labels)
    assert isinstance(pairs, torch.Tensor) and pairs.dtype == torch.int64
    np.testing.assert_array_equal(LABELS[pairs.numpy()], labels.numpy())
    for part in by_class.parts:
        shares = np.bincount(pairs.numpy()[labels == part.label], minlength=300)[part.label == LABELS] / 10_000
        assert 100 * np.square(shares - 1 / 100).sum() <= 0.05 + 99 / 10_000 + 5 * 198**0.5 / 10_000


@pytest.mark.parametrize("method", ["exact", "sinkhorn"])
def test_mini_batches_repeat_and_miss_nothing_and_keep_the_noise_of_a_class(method: str) -> None:
    plain, conditional = MinibatchCoupling.fit(DATA, method=method), MinibatchCoupling.fit(DATA, LABELS, method=method)
    labels = np.arange(300) % 3
    towards = {"plain": [], "conditional": []}
    for k in range(20):
        noise = NOISE[300 * k : 300 * (k + 1)]
        pairs = plain.pair(noise)
        assert len(np.unique(pairs)) == 300
        towards["plain"].append(noise[LABELS[pairs] == 0].mean())
        pairs = conditional.pair(noise, labels)
        assert len(np.unique(pairs)) == 300 and (LABELS[pairs] == labels).all()
        towards["conditional"].append(noise[LABELS[pairs] == 0].mean())
    # torchcfm#117: coupled with all classes at once, the noise of class 0, which lies lowest, is no longer N(0, I).
    assert np.mean(towards["plain"]) < -0.3
    assert abs(np.mean(towards["conditional"])) < 5 / (20 * 100 * 4) ** 0.5


def test_exact_and_entropic_matchings() -> None:
    x, y = NOISE[:40], DATA[:40]
    cost = np.square(x[:, None] - y).sum(-1)
    np.testing.assert_array_equal(matching(x, y), linear_sum_assignment(cost)[1])
    sharp = matching(x, y, "sinkhorn[epsilon=0.0005,iterations=20000]")
    assert cost[np.arange(40), sharp].sum() <= cost[np.arange(40), matching(x, y)].sum() * 1.02
    # At a large ε each of the six permutations of three rows is as likely as another.
    rng = np.random.default_rng(2)
    seen = [tuple(matching(x[:3], y[:3], "sinkhorn[epsilon=1000]", rng)) for _ in range(1200)]
    counts = np.unique(seen, axis=0, return_counts=True)[1]
    assert len(counts) == 6 and (np.abs(counts - 200) < 5 * (1200 * 5 / 36) ** 0.5).all()
    np.testing.assert_array_equal(matching(x, y, "none"), np.arange(40))


def test_equal_rows_share_their_cell() -> None:
    data = np.repeat(DATA[:4], [1, 1, 2, 4], axis=0)
    pairs = Coupling.fit(data, method="semidiscrete-stochastic[audit=5000,tolerance=0.005]").pair(NOISE)
    shares = np.bincount(pairs, minlength=8) / 30_000
    # χ² ≤ .005: |w − ν| ≤ (.005 ν)^½ for the four cells; binomial, five standard errors.
    np.testing.assert_allclose(shares, 1 / 8, atol=(0.005 / 8) ** 0.5 + 5 * (0.11 / 30_000) ** 0.5)
    weighted = Coupling.fit(
        DATA[:4], weights=[1, 2, 3, 4.0], method="semidiscrete-stochastic[audit=5000,tolerance=0.005]"
    )
    shares = np.bincount(weighted.pair(NOISE), minlength=4) / 30_000
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.3, 0.4], atol=0.05)


class Noise(Dataset):
    """Noise with its pair, drawn in the worker."""

    def __init__(self, coupling: Pairing) -> None:
        self.coupling = coupling

    def __len__(self) -> int:
        return 8

    def __getitem__(self, k: int):  # type: ignore[no-untyped-def]
        return k, int(self.coupling.pair(NOISE[k : k + 1])[0])


def test_a_state_and_a_worker_pair_as_the_original(whole: Coupling, by_class: Coupling, tmp_path) -> None:  # type: ignore[no-untyped-def]
    torch.save(by_class.state_dict(), tmp_path / "state.pt")
    again = Coupling.from_state_dict(torch.load(tmp_path / "state.pt"))
    labels = np.arange(500) % 3
    np.testing.assert_array_equal(again.pair(NOISE[:500], labels), by_class.pair(NOISE[:500], labels))
    assert again.converged and again.chi2 == by_class.chi2 and repr(again) == repr(by_class)
    for coupling in (whole, MinibatchCoupling.fit(DATA)):
        copy = pickle.loads(pickle.dumps(coupling))
        np.testing.assert_array_equal(copy.pair(NOISE[:50]), coupling.pair(NOISE[:50]))
    loaded = {
        int(k): int(row) for batch in DataLoader(Noise(whole), num_workers=1) for k, row in zip(*batch, strict=True)
    }
    assert loaded == {k: int(whole.pair(NOISE[k : k + 1])[0]) for k in range(8)}


def test_data_come_as_batches_too_and_wrong_calls_are_refused_in_words(whole: Coupling, by_class: Coupling) -> None:
    batches = ((torch.from_numpy(part), None) for part in np.split(DATA, 3))
    streamed = MinibatchCoupling.fit(batches)
    np.testing.assert_array_equal(streamed.rows, DATA)
    np.testing.assert_array_equal(MinibatchCoupling.fit(list(np.split(DATA, 3))).rows, DATA)
    for call, error, says in (
        (lambda: whole.pair(NOISE, LABELS), ConfigError, "fitted without labels"),
        (lambda: by_class.pair(NOISE), ConfigError, "fitted by class"),
        (lambda: by_class.pair(NOISE[:2], [0, 7]), DataError, "class 7 has no data"),
        (lambda: by_class.pair(NOISE[:2], [0]), ShapeError, "one per row"),
        (lambda: whole.pair(NOISE[:, :3]), ShapeError, "4 numbers per row"),
        (lambda: whole.pair(np.full((2, 4), np.nan)), NonFiniteError, "noise"),
        (lambda: Coupling.fit(DATA, LABELS[:5]), ShapeError, "one per row"),
        (lambda: Coupling.fit(DATA, LABELS + 0.5), DataError, "integers"),
        (lambda: Coupling.fit(DATA[:0]), TooFewSamples, "at least 1"),
        (lambda: Coupling.fit([DATA, DATA[:, :2]]), ShapeError, "one size"),
        (lambda: Coupling.fit(DATA, method="exact"), ConfigError, "expected points on both sides"),
        (lambda: Coupling.fit(DATA, source=Gaussian.standard(3)), ShapeError, "dimension 3, target 4"),
        (lambda: MinibatchCoupling.fit(DATA, method="sliced"), ConfigError, "mini-batch coupling"),
    ):
        with pytest.raises(error, match=says):
            call()


def test_progress_and_a_time_limit_that_returns_the_best_with_its_certificate() -> None:
    rng = np.random.default_rng(0)
    data, labels = rng.standard_normal((400, 3)), np.arange(400) % 2
    told: list[tuple[str, int, int]] = []
    began = time.monotonic()
    coupling = Coupling.fit(
        data, labels, tolerance=1e-6, time_limit=2, progress=lambda what, done, most: told.append((what, done, most))
    )
    assert time.monotonic() - began < 30  # without a limit: minutes
    assert not coupling.converged and 1e-6 < coupling.chi2 < math.inf
    assert told and {what for what, _, _ in told} <= {"class 0", "class 1"}
    assert all(0 < done <= most for _, done, most in told)
    assert (labels[coupling.pair(rng.standard_normal((50, 3)), np.zeros(50, int))] == 0).all()

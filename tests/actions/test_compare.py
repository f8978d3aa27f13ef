"""gantlet compare: planted differences are found, equal sets show no difference, wrong calls get one sentence."""

import dataclasses
import json
import math

import numpy as np
import pytest
from scipy.stats import norm

import gantlet
from gantlet.actions.compare import difference_of
from gantlet.actions.winners import by_variance, conclude
from gantlet.cli import main
from gantlet.core.results.comparison import Difference
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.misses import Miss
from gantlet.data.arrays import array_source
from gantlet.data.source import ImageSource
from gantlet.data.subset import cut
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.modes import same_modes
from gantlet.evaluation.stats.feature_bank import FeatureBank

CONFIG = gantlet.EvaluateConfig(
    features="pixels[size=8]", metrics=("frechet_distance", "frechet_distance_debiased"), cache=False
)


def images(name: str, n: int, seed: int, shift: float = 0.0) -> ImageSource:
    """Return n correlated 8×8 images of mean 110 + shift and standard deviation about 20."""
    noise = np.random.default_rng(seed).standard_normal((n, 8, 8))
    smooth = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)) * 12
    pixels = np.clip(np.rint(110 + shift + smooth), 0, 255).astype(np.uint8)
    return array_source(f"{name}{seed}", pixels[:, :, :, None])


def test_a_planted_difference_is_found_and_its_side_named() -> None:
    result = gantlet.compare(images("a", 600, 1, shift=3), images("b", 600, 2, shift=9), images("real", 600, 3), CONFIG)
    assert {d.better for d in result.differences} == {"A"}
    assert all(d.paired for d in result.differences)
    assert result.verdict.startswith("A is better by frechet_distance, the primary metric: ")
    assert "A is better on 1 (frechet_distance_debiased)" in result.verdict and result.primary == "frechet_distance"
    swapped = gantlet.compare(
        images("b", 600, 2, shift=9), images("a", 600, 1, shift=3), images("real", 600, 3), CONFIG
    )
    assert {d.better for d in swapped.differences} == {"B"}
    assert [d.difference for d in swapped.differences] == [-d.difference for d in result.differences]


def test_the_command_prints_json_and_refuses_the_same_images(
    capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--features", "pixels", "--metrics", "coverage,precision", "--json"]
    assert main(["compare", "digits", "digits[split=test]", "--real", "digits", *words]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [d["metric"] for d in result["differences"]] == ["coverage", "precision"]
    assert main(["compare", "digits", "digits", "--real", "digits", *words]) == 2
    assert "the same images" in capsys.readouterr().err
    assert main(["compare", "digits", "--real", "digits"]) == 2
    assert "needs a second set" in capsys.readouterr().err


@pytest.mark.slow
def test_a_three_percent_worse_generator_is_found_at_ten_thousand() -> None:
    """Truth by closed form: only the mean moves, so FD = 64 (shift/255)²; 15 → 15.22 is 3 % more."""
    real = images("real", 10_000, 0)
    better = [
        gantlet.compare(
            images("a", 10_000, 2 * s + 1, 60.0), images("b", 10_000, 2 * s + 2, 60.0 * 1.03**0.5), real, CONFIG
        )
        .differences[0]
        .better
        for s in range(10)
    ]
    assert better.count("A") >= 9


@pytest.mark.slow
def test_halves_of_one_set_are_not_told_apart() -> None:
    """At most 7 of 100 may differ significantly: nominal 5 % family-wise, and the real images' share is common to both."""
    rejections = 0
    for seed in range(100):
        whole = images("whole", 1000, 1000 + seed, 2.0)
        halves = [
            array_source(f"half{k}{seed}", np.stack([whole.read(i) for i in range(k, 1000, 2)])) for k in range(2)
        ]
        result = gantlet.compare(*halves, images("real", 500, 5000 + seed), CONFIG)
        rejections += any(d.better for d in result.differences)
    assert rejections <= 7


def classed_bank(n: int, rng: np.random.Generator, shift: float, noise: float) -> FeatureBank:
    logits = rng.standard_normal((n, 5)) * noise + 3 * np.eye(5)[rng.choice(5, n, p=[0.4, 0.3, 0.1, 0.1, 0.1])]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    features = np.concatenate([logits, rng.standard_normal((n, 3))], 1) + shift
    return FeatureBank(features.astype(np.float32), p.astype(np.float32))


PAIRED = [
    "kernel_distance", "inception_score", "mode_score", "density", "coverage", "one_nn_accuracy", "precision", "recall",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "noise"), [(0.0, 1.5), (0.5, 1.0)], ids=["as good as real", "apart from real"])
def test_paired_differences_of_equal_generators_spread_as_their_errors_say(shift: float, noise: float) -> None:
    """z = difference/error has standard deviation 1: 200 repeats know it to 5 %; near the null KID is cautious (0.65)."""
    z: dict[str, list[float]] = {name: [] for name in PAIRED}
    for repeat in range(200):
        rng = np.random.default_rng([5, repeat])
        real = classed_bank(300, rng, 0.0, 1.5)
        evidences = [Evidence(real, classed_bank(300, rng, shift, noise)) for _ in range(2)]
        for a, b in zip(*(compute(evidence, PAIRED) for evidence in evidences), strict=True):
            result = difference_of(evidences, a, b, paired_fakes=False, level=0.95)
            assert result is not None and result.paired
            z[a.metric].append(result.difference / ((result.high - result.low) / (2 * 1.96)))
    for name, values in z.items():
        assert 0.5 < np.std(values) < 1.15, name
        assert np.mean(np.abs(values) > 1.96) <= 0.11, name


def test_metrics_with_influence_functions_are_compared_in_pairs() -> None:
    config = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=tuple(PAIRED), cache=False)
    result = gantlet.compare(images("a", 200, 1, 3), images("b", 200, 2, 40), images("real", 200, 3), config)
    assert all(d.paired for d in result.differences)
    assert {d.metric for d in result.differences} == set(PAIRED) - {"inception_score", "mode_score"}
    options = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=("recall[k=5]",), cache=False)
    result = gantlet.compare(images("a", 200, 1, 3), images("b", 200, 2, 9), images("real", 200, 3), options)
    assert not result.differences[0].paired


UNEQUAL = gantlet.EvaluateConfig(
    features="pixels[size=8]", metrics=("coverage", "recall", "density", "frechet_distance"), cache=False
)


def test_neither_side_wins_by_having_more() -> None:
    """One distribution, 60 images against 480: at 5 % family-wise, 5 or more of 20 runs with a winner have probability .003."""
    real = images("real", 200, 0)
    winners = 0
    for seed in range(20):
        result = gantlet.compare(images("a", 60, 2 * seed + 1), images("b", 480, 2 * seed + 2), real, UNEQUAL)
        winners += any(d.better for d in result.differences)
        assert {(d.n_a, d.n_b) for d in result.differences} == {(60, 60)}
        assert result.notes[0].startswith("B was cut to 60 of its 480 images (seed 0)")
    assert winners <= 4


def test_a_cut_depends_on_the_seed_alone() -> None:
    whole = images("b", 300, 1)
    parts = [cut(whole, 50, seed) for seed in (0, 0, 1)]
    assert parts[0].digest == parts[1].digest != parts[2].digest
    assert list(parts[0].names) == list(parts[1].names)
    first = whole.names.index(parts[0].names[7])
    assert np.array_equal(parts[0].read(7), whole.read(first))
    assert cut(whole, 300, 0) is whole


def test_the_notes_of_both_sides_stay(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "digits", "digits[split=test]", "--real", "digits", "--features", "pixels", "--metrics"]
    assert main([*words, "frechet_distance_debiased", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "A was cut to 360 of its 1,437 images" in result["notes"][0]
    assert main([*words, "frechet_distance_debiased"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "A was cut to 360 of its 1,437 images" in shown
    for difference in result["differences"]:
        for note in difference["notes"]:
            assert " ".join(note.split()) in shown


def test_equal_generators_say_what_could_have_been_found() -> None:
    result = gantlet.compare(images("a", 300, 1), images("b", 300, 2), images("real", 300, 3), CONFIG)
    first = result.differences[0]
    assert "would have been found in 8 of 10 cases" in result.verdict and first.detectable is not None
    assert first.detectable > (first.high - first.low) / 2  # 80% power needs more than the interval's half


@pytest.mark.parametrize(("far", "word", "level"), [(4.0, "worst", 0), (0.0, "best", 1)])
def test_two_coverages_at_an_end_say_that_they_tell_nothing(far: float, word: str, level: int) -> None:
    """Where every row is covered, or none, no row differs: the variance is Wilson's, and never a difference of 0 is 'found'."""
    rng = np.random.default_rng(0)
    real = rng.standard_normal((60, 2)).astype(np.float32)
    sides = [gantlet.points((real if not far else far * 50 + real) + np.float32(1e-4 * side)) for side in (1, 2)]
    result = gantlet.compare(*sides, gantlet.points(real), metrics=["coverage"], cache=False)
    (found,) = result
    assert (found.a, found.b, found.better) == (level, level, "")
    own = [
        gantlet.evaluate(side, gantlet.points(real), metrics=["coverage"], cache=False)["coverage"] for side in sides
    ]
    half = math.hypot(*((each.high if word == "worst" else 1 - each.low) for each in own))  # type: ignore[operator]
    assert half > 0.05
    assert found.high == pytest.approx(half) and found.low == pytest.approx(-half)
    assert (
        f"it is {level} for both, the {word} that it can be, and so does not tell which is better; a difference of"
        in result.verdict
    )


def test_numbers_without_any_spread_are_not_said_to_find_a_difference_of_0() -> None:
    entry = by_variance(
        "x", Estimate("density", 2.0, n_fake=9, lower_is_better=True), Estimate("density", 2.0), 0.0, 0.95, paired=True
    )
    result = conclude([entry], {}, ("a", "b", "real"), "pixels", 0.95)
    assert result.differences[0].detectable is None and result.verdict.endswith("by x, the primary metric (at 95%).")


def test_power_is_that_of_a_normal_test() -> None:
    """By hand: a difference of s·a with standard error e is found with Φ(s·a/e − z) + Φ(−s·a/e − z), z at 1 − .05/2/metrics."""
    entry = by_variance(
        "x",
        Estimate("density", 2.0, n_fake=100, lower_is_better=True),
        Estimate("density", 2.1, n_fake=100),
        0.04,
        0.95,
        paired=True,
    )
    other = dataclasses.replace(entry, a=0.0)
    first, second = conclude([entry, other], {}, ("a", "b", "real"), "pixels", 0.95).differences
    z = norm.isf(0.05 / 4)
    assert [share for share, _ in first.power] == [0.05, 0.1, 0.2, 0.5, 1.0]
    for share, power in first.power:
        assert power == pytest.approx(norm.sf(z - share * 2 / 0.2) + norm.sf(z + share * 2 / 0.2), abs=1e-12)
    assert first.detectable == pytest.approx((z + norm.ppf(0.8)) * 0.2)
    # the error falls as 1/√n: at this number a tenth of 2 is as far from 0 as what is detectable
    assert first.images_for_tenth == math.ceil(100 * (first.detectable / 0.2) ** 2)
    assert second.power == () and second.images_for_tenth is None


def test_beyond_the_aim_is_no_better() -> None:
    """One-nearest-neighbour accuracy far below one half is copying: A, drawn afresh, wins against B, copies of the real images."""
    real = images("real", 200, 3)
    copied = array_source("copied", np.stack([real.decode(i) for i in range(200)]))
    config = gantlet.EvaluateConfig(features="pixels", metrics=("one_nn_accuracy",), cache=False)
    result = gantlet.compare(images("a", 200, 1), copied, real, config)
    (difference,) = result.differences
    assert difference.b < 0.1 and difference.better == "A" and difference.aim == 0.5
    assert any("200 of the 200 images of B are exact copies" in line for line in result.warnings)


def test_counts_of_modes_are_compared_by_splits_of_the_images_and_their_interval_agrees() -> None:
    """A has two classes that B has not, one image and two: half of all splits differ so far or farther, no winner (by the intervals p = .03)."""
    counts = ([9, 1, 2], [11, 0, 0])
    a, b = (
        Estimate("modes", float(np.count_nonzero(c)), 2.9, 3.1, level=0.95, lower_is_better=False, details={"fake": c})
        for c in counts
    )
    found = by_variance("modes", a, b, 0.8, 0.95, paired=False)
    assert found.difference == 2.0 and found.p_value == pytest.approx(same_modes(a, b)) and found.p_value > 0.2
    assert found.low < 0 < found.high


def test_below_five_images_nothing_is_tested() -> None:
    config = dataclasses.replace(CONFIG, metrics=("sharpness",))
    result = gantlet.compare(images("a", 4, 1), images("b", 4, 2), images("real", 60, 3), config)
    assert not result.differences and "below 5 images" in result.left_out["sharpness"]


def test_what_a_side_misses_altogether_is_said_whatever_the_metrics_say() -> None:
    missing = tuple(Miss(str(i), "missing", "0 of 200") for i in range(7))
    rare = (Miss("cat", "rare", "2 of 200"),)
    found = conclude([], {}, ("a", "b", "r"), "pixels", 0.95, misses={"A": rare, "B": missing})
    assert found.verdict.endswith("B shows nothing of 0, 1, 2, 3, 4 and 2 more, which real images show.")
    assert "A shows" not in found.verdict


def test_a_share_of_a_value_about_0_is_not_named() -> None:
    near, far = (
        Difference("kernel_distance", a, a, 0.0, -0.1, 0.1, 0.9, 0.9, "", True, True, n_a=500, n_b=500)
        for a in (-0.0037, 2.0)
    )
    assert "%" not in conclude([near], {}, ("a", "b", "r"), "pixels", 0.95).verdict.partition("(at 95%")[0]
    assert "% of A's 2)" in conclude([far], {}, ("a", "b", "r"), "pixels", 0.95).verdict


def test_where_nothing_could_be_compared_the_verdict_says_why() -> None:
    found = conclude([], {"coverage": "no interval"}, ("a", "b", "r"), "pixels", 0.95)
    assert found.verdict == "A and B were not compared: no metric could be (coverage: no interval)."

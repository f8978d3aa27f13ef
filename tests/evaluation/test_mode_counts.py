"""Mode counts: planted drops are found, honest samples are not accused, Holm agrees with statsmodels' textbook case."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import ModeCount, Report
from gantlet.data.kinds import Source
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.holm import holm, holm_adjusted
from gantlet.evaluation.mode_counts import Assigned, medoids, mode_counts
from gantlet.evaluation.mode_sentences import needed, of_classes, of_modes
from gantlet.evaluation.modes import assign, count_modes
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.verdict import verdict


def test_holm_on_a_worked_example() -> None:
    # Holm 1979: p = .01, .04, .03, .005 at α = .05: .005 ≤ .05/4, .01 ≤ .05/3, .03 > .05/2 ends it.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005]), 0.05).tolist() == [True, False, False, True]
    assert holm(np.array([0.9, 0.8]), 0.05).tolist() == [False, False]


def test_planted_faults_are_named() -> None:
    real = np.repeat(np.arange(4), 250)
    fake = np.concatenate([np.zeros(250, int), np.full(20, 1), np.full(730, 2)]).astype(np.int64)
    assert [m.verdict for m in mode_counts(Assigned(real), Assigned(fake), ["a", "b", "c", "d"])] == [
        "",
        "rare",
        "over-produced",
        "missing",
    ]


def test_honest_samples_are_accused_no_more_often_than_promised() -> None:
    generator = np.random.default_rng(0)
    accused = sum(
        any(
            m.verdict
            for m in mode_counts(*map(Assigned, generator.integers(0, 10, (2, 500))), [str(k) for k in range(10)])
        )
        for _ in range(200)
    )
    # the family-wise error is ≤ 5 %: at most 10 expected of 200; 20 is over 3 standard deviations (√(200·.05·.95) = 3.1) above
    assert accused <= 20


def test_adjusted_p_values_are_holms() -> None:
    # .005·4 = .02, .01·3 = .03, .03·2 = .06, .04·1 → the maximum so far .06
    np.testing.assert_allclose(holm_adjusted(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert holm_adjusted(np.empty(0)).shape == (0,)


def test_medoids_are_the_rows_nearest_to_the_mean_of_their_mode() -> None:
    features = np.array([[0.0], [1.0], [5.0], [10.0], [11.0], [15.0]], dtype=np.float32)
    assert medoids(features, np.array([0, 0, 0, 2, 2, 2]), 3).tolist() == [1, -1, 4]


def classed(path: Path, n: int, seed: int, without: int = -1) -> str:
    """Ten classes that differ in shade, as images with labels 0 … 9."""
    rng = np.random.default_rng(seed)
    labels = np.array([k for k in range(10) if k != without])[np.arange(n) % (9 if without >= 0 else 10)]
    shades = 25 * labels[:, None, None, None] + rng.normal(0, 3, (n, 6, 6, 1))
    np.savez(path, x=np.clip(shades, 0, 255).astype(np.uint8), y=labels)
    return str(path)


def judged(tmp_path: Path, fakes: int) -> Report:
    config = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=("frechet_distance",), cache=False)
    fake = classed(tmp_path / "fake.npz", fakes, 1, without=7)
    return gantlet.evaluate(fake, classed(tmp_path / "real.npz", 500, 0), config)


def test_a_missing_class_is_named_by_the_labels_alone(tmp_path: Path) -> None:
    report = judged(tmp_path, 476)
    assert "missing: class 7 is missing: 0 of 476 generated images (10.0% of the real ones)." in report.verdict
    (seven,) = [found for found in report.classes if found.name == "7"]
    assert (seven.n_real, seven.n_fake, seven.verdict) == (50, 0, "missing") and len(report.classes) == 10
    missing = [mode.name for mode in report.modes if mode.verdict == "missing"]
    assert missing and all(name.endswith("(mostly 7)") for name in missing)
    assert Report.from_json(report.to_json()).classes == report.classes


def test_what_may_be_chance_is_neither_missing_nor_all_there(tmp_path: Path) -> None:
    report = judged(tmp_path, 18)
    assert any(
        line.startswith("unclear: ") and "of 10 classes" in line and "may be chance of only 18" in line
        for line in report.verdict
    )
    assert not any("is missing" in line or "modes are there" in line for line in report.verdict)
    assert not any(
        "of 20 modes" in line for line in report.verdict
    )  # classes are count_modes by labels, and no modes beside them


def test_all_modes_are_there_where_each_has_a_fake() -> None:
    there = (ModeCount("a", 30, 20), ModeCount("b", 20, 10), ModeCount("c", 0, 0))
    few = next(line for line in verdict((), there, None, None) if "all 2 modes" in line)
    assert few.startswith("unclear: ") and "could have gone unseen; 30% would be seen with" in few
    many = (ModeCount("a", 600, 500), ModeCount("b", 400, 300))
    told = next(line for line in verdict((), many, None, None) if "all 2 modes" in line)
    assert told.startswith("good: all 2 modes are there, and none is made more than")
    unseen = (*there[:2], ModeCount("c", 3, 0))
    assert verdict((), unseen, None, None)[1].startswith("unclear: 1 of 3 modes has no generated image")


def test_a_rare_class_is_said_by_its_labels_whatever_the_modes_are() -> None:
    """13 of 500 against 60 of 500 (p = 1e-9), and 1 of 500, which is shown to be less than half; 140 against 48 is too often."""
    others = [ModeCount(str(i), 50, 55) for i in range(8)]
    for found, kind, words in (
        (ModeCount("3", 60, 13, "rare"), "poor", "class 3 is generated too rarely: 13 of"),
        (ModeCount("3", 60, 28, "rare"), "caution", "class 3 is generated too rarely: 28 of"),
        (ModeCount("3", 48, 140, "over-produced"), "caution", "class 3 is generated too often: 140 of"),
    ):
        lines = verdict((), (), None, None, classes=(*others, found))
        assert any(line.startswith(f"{kind}: {words}") for line in lines), lines
    collapsed = dataclasses.replace(others[0], collapsed=True, variety=0.1)
    assert any(
        "variety is lost inside class 0" in line
        for line in verdict((), (), None, None, classes=(collapsed, *others[1:]))
    )


@pytest.mark.parametrize(("classes", "fakes"), [(200, 400), (10, 4), (1000, 1000)])
def test_classes_absent_by_chance_are_no_fault(classes: int, fakes: int) -> None:
    rng, faults = np.random.default_rng(3), 0
    for _ in range(60):
        real, fake = (np.bincount(rng.integers(0, classes, n), minlength=classes) for n in (5 * classes, fakes))
        lines = of_classes([ModeCount(str(i), int(r), int(f)) for i, (r, f) in enumerate(zip(real, fake, strict=True))])
        faults += any(not line.startswith("unclear: ") for line in lines)
    assert faults <= 3  # P(more than 3 of 60 at 1 %) = 0.003


def test_a_tenth_of_many_classes_left_out_is_found_together() -> None:
    """20 of 200 classes are never drawn, none of which alone is beyond chance in 600 images."""
    rng = np.random.default_rng(4)
    real, fake = np.bincount(rng.integers(0, 200, 2000)), np.bincount(rng.integers(20, 200, 600), minlength=200)
    (line,) = of_classes([ModeCount(str(i), int(r), int(f)) for i, (r, f) in enumerate(zip(real, fake, strict=True))])
    assert line.startswith("poor: ") and "more than chance leaves" in line


def test_what_is_there_is_not_too_frequent_because_something_is_missing() -> None:
    real, rng = np.repeat(np.arange(4), [3000, 1000, 1000, 1000]), np.random.default_rng(0)
    for _ in range(5):
        fake = rng.choice([1, 2, 3], 3000)  # half is missing: the others are twice as frequent
        assert [mode.verdict for mode in mode_counts(Assigned(real), Assigned(fake), list("abcd"))] == [
            "missing",
            "",
            "",
            "",
        ]
    fake = rng.choice([1, 2, 3], 3000, p=[0.8, 0.1, 0.1])
    assert [mode.verdict for mode in mode_counts(Assigned(real), Assigned(fake), list("abcd"))] == [
        "missing",
        "over-produced",
        "rare",
        "rare",
    ]


@pytest.mark.parametrize("held_out", [True, False])
def test_clusters_of_heavy_tailed_features_accuse_no_honest_images(held_out: bool) -> None:
    """Clusters fitted to the real images that are count_modes hold their outliers: 5 of 12 were accused at d = 64."""
    accused = 0
    for seed in range(25):
        real, fake, test = np.exp(np.random.default_rng(seed).standard_normal((3, 200, 32))).astype(np.float32)
        evidence = Evidence(FeatureBank(real), FeatureBank(fake), test=FeatureBank(test) if held_out else None)
        modes = assign(evidence)
        assert modes is not None and modes.fresh.sum() == (200 if held_out else 100)
        lines = of_modes(count_modes(evidence, modes))
        accused += any(not line.startswith(("good", "unclear")) for line in lines)
    assert accused <= 3  # 4 or more of 25 at 3 % (three kinds of line): .006


def test_labels_that_nothing_compares_with_the_images_are_said_to_be_untested(tmp_path: Path) -> None:
    said = "unclear: whether images show the class that they are labelled with was not tested (--metrics gan_test)."
    assert said in judged(tmp_path, 60).verdict
    classes = (ModeCount("a", 30, 30), ModeCount("b", 20, 20))
    assert said in verdict((), (), None, None, classes=classes)
    assert said not in verdict((), (), None, None, classes=classes, points=True)
    looked = Estimate(metric="gan_test", value=0.9)
    assert said not in verdict((looked,), (), None, None, classes=classes)


def test_dependent_rows_are_worth_what_their_shares_vary() -> None:
    """Clips of 1 to 9 frames, of one mode or of mixed ones: p(1 − p)/n' is the variance of a share over 3,000 fresh draws (± 3 %)."""
    rng = np.random.default_rng(8)

    def clips() -> Assigned:
        sizes = rng.integers(1, 10, 80)
        groups = np.repeat(np.arange(80), sizes)
        own, mixed = rng.choice(3, 80, p=[0.5, 0.3, 0.2])[groups], rng.choice(3, len(groups), p=[0.5, 0.3, 0.2])
        return Assigned(np.where((groups % 2).astype(bool), own, mixed), groups)

    drawn = [clips() for _ in range(3000)]
    shares = np.array([np.bincount(one.modes, minlength=3) / len(one.modes) for one in drawn])
    found = np.array([one.worth(3) for one in drawn], float)
    expected = shares.mean(axis=0) * (1 - shares.mean(axis=0)) / shares.var(axis=0)
    np.testing.assert_allclose(np.median(found[:, 1], axis=0), expected, rtol=0.1)  # of 80 clips each is known to 10 %
    np.testing.assert_allclose(found[:, 0] / found[:, 1], shares, atol=0.01)  # the share stays, but for whole numbers
    single = Assigned(drawn[0].modes, np.arange(len(drawn[0].modes)))
    assert [part.tolist() for part in single.worth(3)] == [part.tolist() for part in Assigned(single.modes).worth(3)]
    absent = Assigned(np.zeros(20, np.int64), np.arange(20) // 5)
    assert absent.worth(2)[0].tolist() == [4, 0] and absent.worth(2)[1].tolist() == [4, 4]


def repeated(rng: np.random.Generator, n: int, times: int, shares: list[float]) -> Source:
    """Five classes of noise in their own shades; each picture of class *bar* is shown ``times`` times."""
    labels = rng.choice(5, n, p=shares)
    shades = np.clip(40 * labels[:, None, None, None] + rng.normal(0, 12, (n, 8, 8, 1)), 0, 255).astype(np.uint8)
    rows = np.flatnonzero(labels == 2)
    shades[rows] = shades[rows[np.arange(len(rows)) // times]]
    return gantlet.images(shades, labels=np.array(["disk", "cup", "bar", "cross", "ring"])[labels])


@pytest.mark.parametrize("times", [2, 5, 20])
def test_a_class_that_repeats_its_pictures_is_not_called_rare(times: int) -> None:
    """By pictures it is a fifth to a hundredth as frequent as by images, which is what the sentence names."""
    config = gantlet.EvaluateConfig(features="pixels[size=8,channels=1]", metrics=("kernel_distance",), cache=False)
    for repeat in range(2):
        rng = np.random.default_rng([repeat, times])
        fake = repeated(rng, 300, times, [0.2] * 5)
        verdict = gantlet.evaluate(fake, repeated(rng, 300, 1, [0.2] * 5), config).verdict
        assert any("variety is lost inside class bar" in line for line in verdict)
        assert not any("class bar is generated too" in line for line in verdict), verdict


def test_labelled_sides_hear_how_rare_a_class_could_be_made(tmp_path: Path) -> None:
    few = of_classes([ModeCount(str(i), 30, 30) for i in range(10)])
    assert len(few) == 1 and few[0].startswith(
        "unclear: all 10 classes have generated images, but one that is made 55% too"
    )
    many = of_classes([ModeCount(str(i), 3000, 3000) for i in range(10)])
    assert many == ["good: all 10 classes are there, and none is made more than 8% too rarely."]
    # Where more images than are there would not be needed, none are named.
    lopsided = [ModeCount("a", 24, 49), ModeCount("b", 1, 1)]
    assert "would be seen with" not in of_classes(lopsided)[0] or needed(lopsided, 0.99) > 25

"""The copy test finds planted copies and does not accuse fresh samples."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nhypergeom

from gantlet.core.results.exact_copies import ExactCopies
from gantlet.evaluation.copies import Closeness, TailTest, copy_ratios, copy_test, outlier_test, thinned
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.verdict import verdict

MEMORY = 10**8


def cloud(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 8)).astype(np.float32)


def test_ratio_equals_brute_force() -> None:
    train, query = cloud(60, 0), cloud(25, 1)
    cross = np.linalg.norm(query[:, None].astype(float) - train[None], axis=2)
    own = np.linalg.norm(train[:, None].astype(float) - train[None], axis=2)
    np.fill_diagonal(own, np.inf)
    nearest = cross.argmin(1)
    found = copy_ratios(train, query, MEMORY)
    assert np.array_equal(found.nearest, nearest)
    # float32 products of centred data: relative error of a distance ≤ 1e-4 here
    np.testing.assert_allclose(found.ratio, cross.min(1) / own.min(1)[nearest], rtol=1e-4)


def by_features(train: np.ndarray, held_out: np.ndarray, fake: np.ndarray) -> Closeness:
    honest = copy_ratios(train, held_out, MEMORY)
    return Closeness("features", copy_ratios(train, fake, MEMORY).ratio, honest.ratio, honest.own)


def test_own_ratios_equal_brute_force_over_the_other_rows() -> None:
    train = np.concatenate([cloud(40, 0), cloud(40, 0)[:2]])  # with two exact duplicates
    distances = np.linalg.norm(train[:, None].astype(float) - train[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    typical = np.median(distances.min(1)[distances.min(1) > 0])
    expected, nearest = [], distances.argmin(1)
    for i in range(len(train)):
        others = np.delete(distances[nearest[i]], i).min()
        expected.append(distances[i].min() / (others or typical))
    kept = thinned(np.arange(len(train)), nearest)
    found = copy_ratios(train, cloud(25, 1), MEMORY).own
    np.testing.assert_allclose(found, np.array(expected)[kept], rtol=1e-4)


def test_of_two_rows_nearest_to_each_other_one_is_kept_and_of_others_half() -> None:
    rows = np.arange(2000)
    assert (thinned(rows, rows ^ 1).reshape(-1, 2).sum(1) == 1).all()
    assert abs(thinned(rows, np.roll(rows, 1)).mean() - 0.5) < 0.05


@pytest.mark.parametrize(("n_fake", "n_copies"), [(1000, 10), (500, 5), (1000, 60)])
def test_planted_copies_are_found_and_fresh_samples_are_not(n_fake: int, n_copies: int) -> None:
    train, held_out = cloud(5000, 0), cloud(1000, 1)
    copies = train[:n_copies] + 0.01 * cloud(n_copies, 2)
    guilty = np.concatenate([copies, cloud(n_fake - n_copies, 3)])
    found = copy_test(by_features(train, held_out, guilty))
    assert found.p_value < ALPHA and found.share > found.false_alarms
    assert found.unseen is not None and n_copies / n_fake >= found.unseen > 0
    assert 2000 < found.n_training < 3000 and found.thresholds > 5
    assert copy_test(by_features(train, held_out, cloud(n_fake, 4))).p_value > ALPHA


def test_honest_fakes_are_rarely_flagged_with_everything_drawn_afresh() -> None:
    p = []
    for seed in range(0, 600, 3):
        train, held_out, fake = cloud(300, seed), cloud(120, seed + 1), cloud(120, seed + 2)
        p.append(copy_test(by_features(train, held_out, fake)).p_value)
    assert np.mean(np.array(p) < ALPHA) <= 0.02
    assert np.mean(np.array(p) < 0.3) > 0.1


def test_near_duplicates_that_held_out_images_have_too_are_no_sign_of_copying() -> None:
    """As in CIFAR-10: a share of all real images nearly equals a training image, though no two training images do."""
    train = cloud(2000, 0)
    held_out = np.concatenate([train[:30] + 0.01 * cloud(30, 5), cloud(970, 1)])
    honest = np.concatenate([train[30:60] + 0.01 * cloud(30, 6), cloud(970, 3)])
    found = copy_test(by_features(train, held_out, honest))
    assert found.p_value >= ALPHA and found.n_training == 0
    guilty = np.concatenate([train[30:150] + 0.01 * cloud(120, 6), cloud(880, 3)])
    assert copy_test(by_features(train, held_out, guilty)).p_value < ALPHA
    assert found.unseen is not None and 0.03 < found.unseen < 0.12


def test_the_other_space_is_corrected_for_and_named() -> None:
    rng = np.random.default_rng(0)
    honest = Closeness("features", 1 + rng.random(500), 1 + rng.random(500), 1 + rng.random(2000))
    copied = np.concatenate([np.full(6, 0.1), 0.3 + rng.random(494)])
    pixels = Closeness("pixels", copied, 0.3 + rng.random(500), 0.3 + rng.random(2000))
    alone, both = copy_test(pixels), copy_test(honest, pixels)
    assert both.space == "pixels" and both.p_value == pytest.approx(2 * alone.p_value)
    assert both.thresholds == 2 * alone.thresholds and both.suspicious == 6
    assert both.unseen is not None and alone.unseen is not None and both.unseen >= alone.unseen


def test_pixels_that_are_somewhat_nearer_all_over_are_no_copies() -> None:
    """As those of blurred pictures are: their ratios are lower, but not as low as copies' are."""
    rng = np.random.default_rng(0)
    honest, blurred = 0.6 + 0.4 * rng.random((2, 1000)), 0.55 + 0.4 * rng.random(1000)
    assert copy_test(Closeness("features", blurred, honest[0], honest[1])).p_value < ALPHA
    assert copy_test(Closeness("pixels", blurred, honest[0], honest[1])).p_value == 1.0


def told(**changes: object) -> TailTest:
    values = {"suspicious": 5, "n_fake": 500, "held_out_suspicious": 5, "n_held_out": 500, "threshold": 0.5}
    return TailTest(**{**values, "p_value": 0.5, "unseen": 0.014, **changes})  # type: ignore[arg-type]


def line(copies: TailTest, exact: tuple[ExactCopies, ...] = ()) -> str:
    return verdict((), (), copies, None, exact=exact)[-1]


def test_the_sentence_says_what_could_have_gone_unseen() -> None:
    assert line(told()).startswith("good: no sign of copying: 1.0% of the images")
    assert line(told()).endswith(
        "; copies (less than a quarter as far off as another training image) of fewer than 1.4% of the images could have gone unseen."
    )
    assert "copies (mirrored, compressed or shifted by up to a tenth of the side) of fewer than 1.4%" in line(
        told(pixels=True)
    )
    exact = (ExactCopies("training", 2, 500, (("a", "b"), ("c", "d"))),)
    assert line(told(), exact).startswith("caution: no further sign of copying beside the exact copies")
    assert line(told(p_value=0.001, space="pixels"), exact).startswith("memorised: 1.0% of the images")
    assert "pixel by pixel" in line(told(p_value=0.001, space="pixels"))
    for exact_copies in ((), exact):
        assert line(told(unseen=None), exact_copies).startswith("unclear: ")
        assert "any share of copies could have gone unseen" in line(told(unseen=None), exact_copies)


def test_more_near_images_than_chance_are_never_no_sign_of_copying() -> None:
    # 23 of 200 fakes at ratios that darkened copies have, above those of copies; 2 of 200 held-out images.
    rng = np.random.default_rng(4)
    held_out = np.sort(rng.uniform(0.7, 1.2, 200))
    fake = np.r_[np.full(23, held_out[1] - 1e-3), rng.uniform(0.8, 1.2, 177)]
    found = copy_test(Closeness("pixels", fake, held_out, np.zeros(0)))
    assert found.p_value >= ALPHA and found.closer < 1e-4 and found.suspicious == 23
    line = verdict((), (), found, None)[-1]
    assert line.startswith("caution: 11.5% of the images lie") and "not as near as copies are" in line
    fresh = copy_test(Closeness("pixels", rng.uniform(0.7, 1.2, 200), held_out, np.zeros(0)))
    assert fresh.closer > ALPHA


def test_duplicates_in_the_training_set_give_finite_ratios() -> None:
    train = np.concatenate([cloud(50, 0), cloud(50, 0)[:5]])
    ratios = copy_ratios(train, train[:5].copy(), MEMORY)
    assert np.isfinite(ratios.ratio).all() and (ratios.ratio < 0.01).all()


def test_outliers_are_found_and_fresh_samples_are_not() -> None:
    train = cloud(1000, 0)
    unseen = copy_ratios(train, cloud(1000, 1), MEMORY)
    strange = np.concatenate([cloud(950, 3), 4 * cloud(50, 2)])
    found = outlier_test(copy_ratios(train, strange, MEMORY), unseen)
    assert found.p_value < 1e-6 and found.threshold > 1 and found.share >= 0.04
    assert found.false_alarms == 0.01
    assert outlier_test(copy_ratios(train, cloud(1000, 4), MEMORY), unseen).p_value > 0.01


def test_the_outliers_p_value_is_the_chance_of_so_many_fakes_beyond_one_of_the_held_out_images() -> None:
    # 200 held-out images: the second highest is the threshold; 9 fakes of 200 beyond it.
    train = cloud(300, 0)
    held_out = copy_ratios(train, cloud(200, 1), MEMORY)
    ordered = np.sort(held_out.ratio)
    fake = replace(held_out, ratio=np.r_[np.full(191, ordered[100]), np.full(9, ordered[-2] + 1e-6)])
    found = outlier_test(fake, held_out)
    assert (found.suspicious, found.held_out_suspicious, found.threshold) == (9, 2, ordered[-2])
    assert found.p_value == pytest.approx(nhypergeom.sf(8, 400, 200, 2), rel=1e-9)


def test_many_versions_of_one_near_picture_are_neither_copying_nor_none() -> None:
    found = line(told(suspicious=101, pictures=2, n_fake=300, held_out_suspicious=3, n_held_out=300, unseen=0.035))
    assert found.startswith("caution: 33.7% of the images lie") and "versions of 2 pictures" in found
    assert "no sign of copying" in line(
        told(suspicious=3, pictures=3, n_fake=300, held_out_suspicious=3, n_held_out=300, unseen=0.035)
    )
    few = line(told(suspicious=0, pictures=0, n_fake=5, held_out_suspicious=0, n_held_out=300, unseen=0.6))
    assert few.startswith("unclear: too few images")


def test_few_pictures_that_repeat_earn_no_sign_of_copying() -> None:
    few = TailTest(0, 200, 2, 200, 0.5, 1.0, unseen=0.8, tested=5)
    (line,) = [line for line in verdict((), (), few, None) if "copied" in line]
    assert (
        line.startswith("unclear: too few images to tell")
        and "200 generated that show 5 pictures, 200 held-out" in line
    )
    assert any(line.startswith("good: no sign of copying") for line in verdict((), (), replace(few, tested=200), None))

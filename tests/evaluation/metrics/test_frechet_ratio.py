"""FDr against two plain distances, its equal numbers, its refusals and its interval."""

import numpy as np
import pytest
from covering import Case, covers
from draws import rows

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank


def side(n: int, seed: int, shift: float = 0.0) -> FeatureBank:
    return rows(np.random.default_rng([n, seed]), n, 5, shift)


def distance(real: FeatureBank, fake: FeatureBank) -> float:
    value = compute(Evidence(real, fake), ["frechet_distance"])[0].value
    assert value is not None
    return value


def test_it_is_the_quotient_of_two_distances_at_one_n() -> None:
    real, fake, held_out = side(300, 0), side(200, 1, 0.5), side(200, 2)
    found = compute(Evidence(real, fake, given={"held_out": held_out}), ["frechet_ratio"])[0]
    assert found.value == pytest.approx(distance(real, fake) / distance(real, held_out), rel=1e-9)
    assert found.details["n"] == 200
    assert found.low is not None and found.low < found.value < found.high
    # more held-out images than fakes: cut, so that the quotient is that of equal numbers
    more = FeatureBank(np.concatenate([held_out.features, side(4000, 3).features]))
    cut = compute(Evidence(real, fake, given={"held_out": more}), ["frechet_ratio"])[0]
    assert cut.details["n"] == 200
    assert distance(real, more) < 0.7 * cut.details["held_out_distance"]


def test_the_larger_side_is_cut_and_half_of_the_real_images_stands_in() -> None:
    found = compute(Evidence(side(301, 0), side(400, 1, 0.5)), ["frechet_ratio"])[0]
    assert found.details["n"] == 150 and found.details["n_reference"] == 151
    assert any("one half of the real ones" in note for note in found.notes)
    assert any("computed on 150 fakes" in note for note in found.notes)


def test_real_images_have_a_ratio_about_1_and_the_debiased_form_says_when_there_is_none() -> None:
    ratios, undefined = [], 0
    for seed in range(20):
        given = {"held_out": side(400, 3 * seed + 1)}
        evidence = Evidence(side(400, 3 * seed), side(400, 3 * seed + 2), given=given)
        (plain,) = compute(evidence, ["frechet_ratio"])
        (without,) = compute(evidence, ["frechet_ratio[form=debiased]"])
        ratios.append(plain.value)
        if without.value is None:
            undefined += 1
            assert "not above 0: no ratio to it" in without.notes[0]
    assert np.median(ratios) == pytest.approx(1, abs=0.25)
    assert 3 <= undefined <= 17  # its sign is chance


def test_the_debiased_ratio_of_held_out_images_that_differ_is_that_of_the_populations() -> None:
    given = {"held_out": rows(np.random.default_rng(1), 4000, 5, 0.5)}
    evidence = Evidence(side(4000, 0), rows(np.random.default_rng(2), 4000, 5, 1.0), given=given)
    found = compute(evidence, ["frechet_ratio[form=debiased]"])[0]
    assert found.value == pytest.approx(4, rel=0.1)  # |1|²·5 over |½|²·5
    assert found.low < 4 < found.high


def test_options_and_few_images() -> None:
    from gantlet.core.errors import ConfigError

    with pytest.raises(ConfigError, match="plain, debiased"):
        compute(Evidence(side(20, 0), side(20, 1)), ["frechet_ratio[form=best]"])
    few = compute(Evidence(side(3, 0), side(20, 1)), ["frechet_ratio"])[0]
    assert few.value is None and "needs 2 fake" in few.notes[0]


def fresh(n: int, shift: float, held_out: bool = True) -> Case:
    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([n, repeat])
        real, fake = rows(rng, n, 6), rows(rng, n, 6, shift)
        return Evidence(real, fake, seed=repeat, given={"held_out": rows(rng, n, 6)} if held_out else {})

    return Case(draw)


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("n", [100, 300, 1000])
@covers("frechet_ratio")
def test_the_interval_covers_the_mean_of_fresh_draws(n: int, shift: float) -> Case:
    return fresh(n, shift)


@covers("frechet_ratio")
def test_the_interval_covers_with_halves_of_the_real_images() -> Case:
    return fresh(400, 0.3, held_out=False)

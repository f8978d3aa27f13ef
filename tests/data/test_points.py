"""The sources mixture and points: the sets of the papers, their traps, and bad input."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, DataError, UnknownName
from gantlet.data.mixture import mixture_of
from gantlet.data.opening import open_images, open_source
from gantlet.data.points import PointSource
from gantlet.evaluation.metrics.high_quality import high_quality


def opened(text: str) -> PointSource:
    source = open_source(text)
    assert isinstance(source, PointSource)
    return source


@pytest.mark.parametrize(("kind", "modes", "least"), [("ring", 8, 0.76), ("grid", 25, 2.0), ("two-modes", 2, 4.0)])
def test_modes_are_distinct(kind: str, modes: int, least: float) -> None:
    """The ring of the usual code has two modes in one place (an inclusive linspace)."""
    centres = mixture_of(kind).centres
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)[~np.eye(modes, dtype=bool)]
    assert len(centres) == modes
    assert apart.min() >= least


@pytest.mark.parametrize("kind", ["ring", "grid", "two-modes"])
def test_its_own_points_are_of_high_quality_with_the_ideal_rate(kind: str) -> None:
    source = opened(f"mixture[kind={kind},n=40000]")
    assert source.modes is not None
    good, mode = high_quality(source.points, source.modes)
    # 1 − e^−4.5 = 98.89 %; binomial sd of 40,000 draws .0005, three of them, and float32's rounding of σ = .01
    assert good.mean() == pytest.approx(1 - np.exp(-4.5), abs=0.002)
    assert (mode == source.labels).mean() > 0.9999


def test_swiss_roll_is_a_density_without_modes() -> None:
    source = opened("mixture[kind=swiss-roll,n=2000]")
    assert source.labels is None and source.modes is None and source.distribution is not None
    assert (
        source.distribution.log_density(source.points).mean()
        > source.distribution.log_density(source.points + 1).mean() + 5
    )


def test_scale_changes_coordinates_and_no_mode_metric() -> None:
    plain, small = opened("mixture[kind=grid,n=500]"), opened("mixture[kind=grid,n=500,scale=0.25]")
    np.testing.assert_allclose(small.points, plain.points / 4, rtol=1e-6)
    assert plain.modes is not None and small.modes is not None
    np.testing.assert_allclose(
        plain.modes.deviations(plain.points), small.modes.deviations(plain.points / 4), rtol=1e-9
    )


def test_splits_differ_and_name_each_other() -> None:
    train = opened("mixture[n=3000]")
    test = opened(train.held_out)
    assert (len(train), len(test)) == (3000, 1000)
    assert opened(test.held_out).digest == train.digest != test.digest
    assert not np.isin(test.points[:, 0], train.points[:, 0]).any()


def test_any_mixture_from_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", centres=np.eye(3), covariances=np.stack([np.eye(3)] * 3) * 0.01, weights=[1, 2, 1])
    source = opened(f"mixture[path={tmp_path}/m.npz,n=4000]")
    assert source.points.shape == (4000, 3)
    assert source.labels is not None
    # binomial sd .008
    assert np.bincount(source.labels)[1] / 4000 == pytest.approx(0.5, abs=0.03)
    np.savez(tmp_path / "bare.npz", centres=np.eye(3))
    assert opened(f"mixture[path={tmp_path}/bare.npz,sigma=0.2,n=10]").points.shape == (10, 3)


@pytest.mark.parametrize(
    ("arrays", "options", "words"),
    [
        ({"x": np.eye(2)}, "", "holds x; a mixture has centres"),
        ({"centres": np.eye(2)}, "", "no covariances"),
        ({"centres": np.eye(2), "covariances": -np.ones((2, 2, 2))}, "", "positive definite"),
        ({"centres": np.eye(2), "covariances": np.ones((2, 2, 2))}, ",sigma=1", "omit the option sigma"),
        ({"centres": np.full((2, 2), np.nan)}, ",sigma=1", "NaN"),
    ],
)
def test_files_that_are_no_mixture(tmp_path: Path, arrays: dict[str, np.ndarray], options: str, words: str) -> None:
    np.savez(tmp_path / "m.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=words):
        open_source(f"mixture[path={tmp_path}/m.npz{options}]")


def test_bad_options() -> None:
    with pytest.raises(ConfigError, match="did you mean 'grid'"):
        open_source("mixture[kind=gird]")
    for options in ("n=1", "sigma=-1", "scale=0", "split=all", "seed=-1"):
        with pytest.raises(ConfigError):
            open_source(f"mixture[{options}]")
    with pytest.raises(UnknownName, match="sigma"):
        open_source("mixture[sgima=1]")
    with pytest.raises(DataError, match="cannot be read as a mixture"):
        open_source("mixture[path=nowhere.npz]")


def test_points_come_back_from_a_file(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    np.save(tmp_path / "p.npy", points)
    np.testing.assert_allclose(opened(str(tmp_path / "p.npy")).points, points, rtol=1e-6)
    with pytest.raises(DataError, match="needs images"):
        open_images(str(tmp_path / "p.npy"))
    points[3, 1] = np.inf
    np.save(tmp_path / "p.npy", points)
    with pytest.raises(DataError, match="row 3"):
        open_source(str(tmp_path / "p.npy"))

"""Data split at random: disjoint, complete, by class in proportion, the same whenever asked, pairs and points too."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, DataError, GantletError
from gantlet.core.shares import checked_share, count_out, settled_share
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_images, open_source
from gantlet.data.random_split import divided, kept_out, original, with_held_out
from gantlet.data.source import ImageSource

RNG = np.random.default_rng(3)


def folder(where: Path, n: int, shape: tuple[int, ...] = (8, 8)) -> str:
    where.mkdir(parents=True)
    for i in range(n):
        Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8)).save(where / f"{i}.png")
    return str(where)


def test_both_parts_together_are_the_data_and_name_each_other(tmp_path: Path) -> None:
    data = folder(tmp_path / "set", 40)
    train, test = (open_images(f"random-split[of={data},held_out=25%,split={split}]") for split in ("train", "test"))
    assert (len(train), len(test)) == (30, 10)
    assert sorted([*train.names, *test.names]) == sorted(open_source(data).names)
    assert open_source(train.held_out).names == test.names and open_source(test.held_out).names == train.names
    assert train.digest == open_source(test.held_out).digest != test.digest
    row = list(open_source(data).names).index(test.names[3])
    assert np.array_equal(test.read(3), open_images(data).read(row))
    other = open_images(f"random-split[of={data},held_out=25%,split=test,seed=1]")
    assert other.names != test.names and "seed=1" in other.held_out


def test_the_choice_depends_on_the_content_and_not_on_its_place(tmp_path: Path) -> None:
    data = folder(tmp_path / "set", 20)
    (tmp_path / "elsewhere").mkdir()
    moved = Path(data).rename(tmp_path / "elsewhere" / "set")
    first = open_images(f"random-split[of={moved},held_out=5,split=test]")
    moved.rename(data)
    second = open_images(f"random-split[of={data},held_out=5,split=test]")
    assert (first.names, first.digest) == (second.names, second.digest)


@pytest.mark.parametrize("kept", [1, 7, 50, 99])
def test_classes_are_kept_out_in_proportion_by_the_largest_remainders(kept: int) -> None:
    labels = np.repeat([0, 1, 2, 4], [60, 25, 10, 5])
    rows = kept_out(100, kept, RNG.permutation(labels).astype(np.int64), 0)
    assert len(rows) == len(set(rows.tolist())) == kept and (np.diff(rows) > 0).all()
    counts = np.bincount(kept_out(100, kept, labels.astype(np.int64), 0).clip(0) // 1, minlength=100)
    taken = np.bincount(labels[counts.astype(bool)], minlength=5)
    assert taken.sum() == kept and (np.abs(taken - kept * np.bincount(labels) / 100) < 1).all()


def test_which_rows_are_kept_out_is_chance() -> None:
    """Each of 20 rows is one of 5 that are kept out with probability 1/4: binomial, 400 seeds, 5 standard deviations."""
    counts = np.zeros(20)
    for seed in range(400):
        counts[kept_out(20, 5, None, seed)] += 1
    assert np.abs(counts - 100).max() < 5 * np.sqrt(400 * 0.25 * 0.75)


def test_shares_as_people_write_them() -> None:
    for text in ("10%", "0.5%", "500", "auto", "none"):
        assert checked_share(text) == text
    for text in ("150%", "100%", "0%", "0", "-3", "1.5", "ten", "", "10 %", "nan%"):
        with pytest.raises(ConfigError, match="held_out: expected a share"):
            checked_share(text)
    assert [settled_share("auto", n) for n in (12, 249, 250, 494, 500, 600, 10**5, 10**6)] == [
        "none", "none", "50", "50", "10%", "10%", "10%", "10000",
    ]  # fmt: skip
    assert settled_share("3%", 10**6) == "3%"
    assert (count_out("10%", 600, "x"), count_out("7", 600, "x"), count_out("none", 600, "x")) == (60, 7, 0)
    for text in ("0.1%", "1", "600", "599", "99.9%"):
        with pytest.raises(ConfigError, match="expected at least 2 of both"):
            count_out(text, 600, "images of photos")


def test_data_with_a_split_of_their_own_keep_it() -> None:
    digits = open_source("digits")
    assert with_held_out(digits, "auto") == (digits, "auto")
    with pytest.raises(ConfigError, match="has a split of its own"):
        with_held_out(digits, "10%")
    with pytest.raises(ConfigError, match="has a split of its own"):
        open_source("random-split[of=digits]")
    train, share = with_held_out(open_source("digits[split=all]"), "auto")
    assert share == "10%" and len(train) == 1797 - 180


def test_points_and_pairs_are_split_with_what_belongs_to_them(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", RNG.normal(size=(30, 2)).astype(np.float32))
    points = open_source(f"random-split[of={tmp_path / 'p.npy'},held_out=10,split=test]")
    assert points.kind == "points" and len(points) == 10 and points.digest != open_source(points.held_out).digest
    for side in "AB":
        folder(tmp_path / "pairs" / side, 20)
    whole = open_images(f"image-pairs[path={tmp_path / 'pairs'}]")
    test = open_images(f"random-split[of={whole.spec},held_out=6,split=test]")
    assert test.inputs is not None and whole.inputs is not None
    for i in range(len(test)):
        row = list(whole.names).index(test.names[i])
        assert np.array_equal(test.inputs(test.read(i), None, i), whole.inputs(whole.read(row), None, row))


def test_a_name_that_no_source_can_hold_is_said_or_left_whole(tmp_path: Path) -> None:
    data = open_images(folder(tmp_path / "photos, 2020", 260))
    assert with_held_out(data, "auto") == (data, "none")
    with pytest.raises(DataError, match="rename it"):
        with_held_out(data, "10%")


def test_advice_names_the_data_and_not_their_part() -> None:
    source = array_source("photos", RNG.integers(0, 256, (20, 4, 4, 1), dtype=np.uint8))
    parts = divided(source, "5")
    assert parts is not None and isinstance(parts[0], ImageSource)
    assert original(parts[0].spec) == "photos" and original("a[b") == "a[b" and original("digits") == "digits"


def test_wrong_words_get_one_sentence(tmp_path: Path) -> None:
    data = folder(tmp_path / "set", 12)
    for spec in (
        f"random-split[of={data},split=all]",
        f"random-split[of={data}]",
        f"random-split[of={data},held_out=11]",
    ):
        with pytest.raises(GantletError):
            open_source(spec)

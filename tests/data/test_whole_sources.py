"""Data is never quietly turned into something else: what a training does to images and tables is said, or refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import BadFiles, ConfigError, DataError
from gantlet.data.as_squares import squared
from gantlet.data.opening import open_images, open_source
from gantlet.data.points import PointSource
from gantlet.data.tables import unscaled
from gantlet.data.training_images import read_whole

RNG = np.random.default_rng(4)


def write(folder: Path, images: list[np.ndarray]) -> str:
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:03}.png")
    return str(folder)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def test_five_colour_images_among_two_hundred_are_seen(tmp_path: Path) -> None:
    probed = set(np.linspace(0, 199, 16).astype(int).tolist())
    colour = [i for i in range(200) if i not in probed][:5]
    images = [noise(8, 8, 3) if i in colour else noise(8, 8) for i in range(200)]
    found = read_whole(open_images(write(tmp_path / "set", images)))
    assert found.images.pixels.shape == (200, 8, 8, 3)
    assert all((found.images.pixels[i] == images[i]).all() for i in colour)
    assert any("5 of 200 images are in colour" in sentence for sentence in found.said)


def test_one_large_image_among_small_ones_decides_the_side(tmp_path: Path) -> None:
    images = [noise(8, 8) for _ in range(40)]
    images[1] = noise(30, 30)  # not among the 16 looked at first
    source = open_images(write(tmp_path / "set", images))
    assert read_whole(source).images.pixels.shape == (40, 32, 32, 1)
    assert read_whole(source, 16).images.pixels.shape == (40, 16, 16, 1)


def test_what_is_done_to_images_is_said(tmp_path: Path) -> None:
    same = read_whole(open_images(write(tmp_path / "same", [noise(8, 8) for _ in range(4)])))
    assert same.said == ()
    wide = read_whole(open_images(write(tmp_path / "wide", [noise(8, 20)] * 3 + [noise(8, 8)])))
    assert "3 of 4 images are not square: their middle is cut out, 60% of each is lost" in wide.said[0]
    assert "fit=pad" in wide.said[0]
    framed = read_whole(open_images(write(tmp_path / "framed", [noise(28, 28)] * 3)))
    assert "images of 28 pixels are trained at 32: 3 framed in black" in framed.said[0]


def test_bad_files_are_named_or_left_out_and_said(tmp_path: Path) -> None:
    where = write(tmp_path / "set", [noise(8, 8) for _ in range(5)])
    Path(where, "002.png").write_bytes(b"no image")
    with pytest.raises(BadFiles, match=r"002\.png"):
        read_whole(open_images(where))
    found = read_whole(open_images(where), on_bad="skip")
    assert found.images.rows.tolist() == [0, 1, 3, 4]
    assert "1 of 5 files could not be decoded and was left out: 002.png" in found.said[0]


def test_crop_pad_and_stretch_by_hand() -> None:
    image = np.arange(8, dtype=np.uint8).reshape(2, 4, 1) * 10
    assert (squared(image, "crop", 0) == image[:, 1:3]).all()
    padded = squared(image, "pad", 255)
    assert padded.shape == (4, 4, 1) and (padded[1:3] == image).all() and (padded[[0, 3]] == 255).all()
    stretched = squared(np.full((2, 4, 3), 7, np.uint8), "stretch", 0)
    assert stretched.shape == (4, 4, 3) and (stretched == 7).all()
    assert squared(image[:, :2], "stretch", 0) is not None and (squared(image[:, :2], "pad", 0) == image[:, :2]).all()


def test_squares_are_part_of_the_datas_name(tmp_path: Path) -> None:
    where = write(tmp_path / "wide", [noise(8, 16) for _ in range(3)])
    sources = [open_images(f"as-squares[of={where},fit={fit}]") for fit in ("crop", "pad", "stretch")]
    assert len({source.digest for source in sources}) == 3
    assert [source.read(0).shape[0] for source in sources] == [8, 16, 16]
    assert open_images(sources[1].spec).digest == sources[1].digest
    for options, words in (("fit=tile", "'fit'"), ("background=red", "'background'")):
        with pytest.raises(ConfigError, match=words):
            open_images(f"as-squares[of={where},{options}]")


@pytest.mark.parametrize("shape", [(50, 24, 6), (50, 6, 24), (50, 32, 9)])
def test_series_are_no_images(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", RNG.uniform(size=shape).astype(np.float32))
    with pytest.raises(DataError, match=rf"series.*layout=NHW.*reshape\(50, {shape[1] * shape[2]}\)"):
        open_source(str(tmp_path / "a.npy"))
    np.savez(tmp_path / "a.npz", x=RNG.uniform(size=shape).astype(np.float32))
    with pytest.raises(DataError, match="series"):
        open_source(str(tmp_path / "a.npz"))
    assert open_images(f"{tmp_path / 'a.npy'}[layout=NHW]").read(0).shape == (*shape[1:], 1)


def test_bytes_and_squares_are_images(tmp_path: Path) -> None:
    for i, array in enumerate((noise(5, 24, 16), RNG.uniform(size=(5, 8, 8)), noise(5, 24, 6, 1))):
        np.save(tmp_path / f"{i}.npy", array)
        assert len(open_images(str(tmp_path / f"{i}.npy"))) == 5


@pytest.mark.parametrize(
    ("level", "background", "noticed"),
    [(255, "white", True), (255, "black", False), (0, "white", False), (0, "black", True)],
)
def test_white_on_transparent_is_noticed(level: int, background: str, noticed: bool, tmp_path: Path) -> None:
    image = np.zeros((8, 8, 4), np.uint8)
    image[..., :3], image[2:5, 2:5, 3] = level, 200
    notes = open_images(f"{write(tmp_path / 'set', [image] * 5)}[background={background}]").notes
    other = {"white": "black", "black": "white"}[background]
    assert any(f"[background={other}] shows them" in note for note in notes) == noticed


def test_all_white_images_are_not_laid_to_the_background(tmp_path: Path) -> None:
    assert not open_images(write(tmp_path / "set", [np.full((8, 8), 255, np.uint8)] * 5)).notes


TABLE = np.stack([RNG.normal(0, 1, 200), RNG.normal(5e4, 2e4, 200), RNG.uniform(0, 0.01, 200)], axis=1)


def test_columns_of_different_scales_are_warned_about(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", TABLE)
    said = unscaled(open_source(str(tmp_path / "t.npy")))  # type: ignore[arg-type]
    assert "standardise=own" in said and "0.00" in said and "e+04" in said
    assert unscaled(PointSource("x", RNG.normal(size=(200, 3)).astype(np.float32))) == ""
    assert unscaled(open_source("mixture[kind=grid,n=100]")) == ""  # type: ignore[arg-type]
    assert unscaled(PointSource("x", RNG.normal(100, 1, size=(200, 3)).astype(np.float32))) != ""


def test_standardised_columns_and_those_of_a_test_set(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", TABLE)
    np.save(tmp_path / "test.npy", TABLE[:50] + 1)
    own = open_source(f"{tmp_path / 't.npy'}[standardise=own]")
    assert isinstance(own, PointSource)
    np.testing.assert_allclose(own.points, (TABLE - TABLE.mean(0)) / TABLE.std(0), atol=1e-4)
    assert "5e+04" in own.notes[0] or "e+04" in own.notes[0]
    other = open_source(f"{tmp_path / 'test.npy'}[standardise={tmp_path / 't.npy'}]")
    assert isinstance(other, PointSource)
    np.testing.assert_allclose(other.points, (TABLE[:50] + 1 - TABLE.mean(0)) / TABLE.std(0), rtol=1e-3, atol=1e-3)
    assert unscaled(own) == ""


def test_tables_that_cannot_be_standardised(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.ones((20, 3), np.float32))
    np.save(tmp_path / "two.npy", TABLE[:, :2])
    with pytest.raises(DataError, match="column 0 is constant"):
        open_source(f"{tmp_path / 't.npy'}[standardise=own]")
    with pytest.raises(DataError, match="3 columns, to be standardised by a table of 2"):
        open_source(f"{tmp_path / 't.npy'}[standardise={tmp_path / 'two.npy'}]")
    np.save(tmp_path / "i.npy", noise(5, 8, 8))
    with pytest.raises(ConfigError, match="standardise is for points"):
        open_source(f"{tmp_path / 'i.npy'}[standardise=own]")

"""Pictures and films of a generator: read back by Pillow, and compared with the generator's own images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

import gantlet
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.data.source import ImageSource
from gantlet.training.data import TrainingImages
from gantlet.training.loop import run
from gantlet.training.observer import Silent


def trained(out: Path, **changes: str) -> Path:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, size=(16, 8, 8, 3), dtype=np.uint8)
    data = TrainingImages(pixels, np.arange(16, dtype=np.int64) % 2, ("a", "b"), "d", "tiny")
    values = {"network": "r3gan[width=8]", "latent": 4, "steps": 1, "batch": 4, "sample_every": 0, "device": "cpu"}
    run(TrainConfig(**{**values, **changes}, out=str(out)), data, observer=Silent())  # type: ignore[arg-type]
    return out


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    trained(folder / "plain")
    trained(folder / "labelled", conditioning="concat")
    return folder


def said(capsys: pytest.CaptureFixture[str], words: list[str], status: int) -> str:
    assert main(words) == status
    captured = capsys.readouterr()
    return captured.err + captured.out


def test_a_grid_is_one_picture_of_the_same_images(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sample", str(runs / "plain"), "--seed", "3"]
    text = said(capsys, [*words, "--grid", "2x3", "--out", str(tmp_path / "grid.png")], 0)
    assert "a picture of 6 images" in text
    assert main([*words, "--n", "6", "--out", str(tmp_path / "same.npz")]) == 0
    images = np.load(tmp_path / "same.npz")["x"]
    shown = np.asarray(Image.open(tmp_path / "grid.png"))
    assert shown.shape == (2 * 32, 3 * 32, 3)
    for i, image in enumerate(images):
        top, left = 32 * (i // 3), 32 * (i % 3)
        assert np.array_equal(shown[top : top + 32 : 4, left : left + 32 : 4], image)


def test_a_single_image_can_be_drawn(runs: Path, tmp_path: Path) -> None:
    gantlet.sample(runs / "plain", tmp_path / "one.npz", 1, seed=3)
    gantlet.sample(runs / "plain", tmp_path / "two.npz", 2, seed=3)
    one, two = (np.load(tmp_path / name)["x"] for name in ("one.npz", "two.npz"))
    assert np.array_equal(one, two[:1])
    assert gantlet.sample(runs / "plain", tmp_path / "one.png", grid="1x1").is_file()


def test_a_grid_of_a_walk_begins_each_row_at_a_sample(runs: Path, tmp_path: Path) -> None:
    out = gantlet.sample(runs / "plain", tmp_path / "walk.png", interpolate=4, grid="2x4", seed=5)
    shown = np.asarray(Image.open(out))[::4, ::4]
    keys = gantlet.load(runs / "plain").sample(2, seed=5)
    assert np.array_equal(shown[:8, :8], keys[0]) and np.array_equal(shown[8:, :8], keys[1])


@pytest.mark.parametrize("name", ["walk.webp", "walk.gif"])
def test_a_film_has_the_frames_of_the_walk_and_loops(runs: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert main(["sample", str(runs / "labelled"), "--video", str(path), "--interpolate", "3", "--label", "1"]) == 0
    walk = gantlet.load(runs / "labelled").walk(18, 3, label=1)
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    assert len(frames) == 18 and frames[0].shape == (128, 128, 3)
    apart = [np.abs(frame[::16, ::16].astype(int) - image).max() for frame, image in zip(frames, walk, strict=True)]
    assert max(apart) <= (0 if name.endswith("webp") else 24)  # a GIF has 256 colours a frame


def test_each_tile_of_a_film_is_a_walk_of_its_own(runs: Path, tmp_path: Path) -> None:
    out = gantlet.sample(runs / "plain", tmp_path / "many.webp", 8, interpolate=4, grid="1x2", seed=9)
    one, two = (gantlet.load(runs / "plain").walk(8, 4, seed=9 + i) for i in range(2))
    with Image.open(out) as film:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    assert len(frames) == 8 and frames[5].shape == (64, 128, 3)
    assert np.array_equal(frames[5][::8, :64:8], one[5]) and np.array_equal(frames[5][::8, 64::8], two[5])


def test_truncated_samples_are_those_of_the_source_and_it_is_said(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = str(runs / "plain")
    text = said(capsys, ["sample", plain, "--n", "5", "--truncation", "0.5", "--out", str(tmp_path / "t.npz")], 0)
    assert "truncated to |z_i| ≤ 0.5" in text
    source = gantlet.open_source(f"run:{plain}[truncation=0.5]", n=5)
    whole = gantlet.open_source(f"run:{plain}", n=5)
    images = np.load(tmp_path / "t.npz")["x"]
    assert isinstance(source, ImageSource) and isinstance(whole, ImageSource)
    assert np.array_equal(np.stack([source.read(i) for i in range(5)]), images)
    assert not np.array_equal(np.stack([whole.read(i) for i in range(5)]), images)
    assert source.digest != whole.digest and "truncation=0.5" in source.spec


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--grid", "4by8"], "ROWSxCOLUMNS"),
        (["--grid", "0x8"], "ROWSxCOLUMNS"),
        (["--grid", "4x8", "--n", "5"], "shows 32 images"),
        (["--grid", "4x8", "--out", "x.zip"], "one picture, NAME.png"),
        (["--out", "x.png"], "give --grid"),
        (["--video", "x.mp4"], "no encoder of .mp4"),
        (["--video", "x.zip"], "a film is NAME.webp or NAME.gif"),
        (["--video", "x.gif", "--out", "y.gif"], "give one of them"),
        (["--video", "x.gif", "--n", "100000"], "at most 10,000"),
        (["--video", "x.gif", "--n", "25"], "a multiple of 24"),
        (["--interpolate", "-1"], "at least 1 image"),
        (["--truncation", "0"], "expected a truncation"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    part: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert part in said(capsys, ["sample", str(runs / "plain"), *words], 2)
    assert list(tmp_path.iterdir()) == []


def test_a_walk_of_classes_asks_for_one(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sample", str(runs / "labelled"), "--video", str(tmp_path / "x.gif")]
    assert "choose a label in 0…1" in said(capsys, words, 2)


def test_a_walk_is_written_as_files_of_its_class_too(runs: Path, tmp_path: Path) -> None:
    gantlet.sample(runs / "labelled", tmp_path / "walk", 6, interpolate=3, label=1)
    assert sorted(str(path.relative_to(tmp_path / "walk")) for path in (tmp_path / "walk").rglob("*.png")) == [
        f"b/{i}.png" for i in range(6)
    ]

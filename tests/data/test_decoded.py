"""A large set of images is decoded once: the file is shared, resumed, checked, and keyed by content."""

import dataclasses
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.errors import BadFiles
from gantlet.core.numerics.mapped import is_mapped
from gantlet.data import decoded as module
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_images
from gantlet.data.source import ImageSource
from gantlet.data.training_images import Read, read_whole
from gantlet.training.loader import Loader

RNG = np.random.default_rng(7)
N = 100


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small sets be cached, in a folder of this test, in blocks of 32 images."""
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "LEAST", 1)
    monkeypatch.setattr(module, "BLOCK", 32)


@pytest.fixture
def source() -> ImageSource:
    return array_source("made", RNG.integers(0, 256, (N, 12, 8, 3), dtype=np.uint8), np.arange(N) % 2, ("a", "b"))


def counting(source: ImageSource, stop: int = N + 1) -> tuple[ImageSource, list[int]]:
    """Return the source with the list of what was read; reading row ``stop`` is as a Ctrl-C."""
    read: list[int] = []

    def count(i: int) -> np.ndarray:
        if i == stop:
            raise KeyboardInterrupt
        read.append(i)
        return source.read(i)

    return dataclasses.replace(source, read=count), read


def cached(source: ImageSource, said: list[str] | None = None, **options: Any) -> Read:
    return read_whole(source, 8, cache=True, say=[].append if said is None else said.append, **options)


def file_of(suffix: str) -> Path:
    (found,) = Path(os.environ["GANTLET_CACHE"], "decoded").glob(f"*{suffix}")
    return found


def equal(found: Read, plain: Read) -> None:
    assert (found.images.pixels == plain.images.pixels).all()
    assert (found.images.rows == plain.images.rows).all()
    assert found.images.labels is not None
    assert (found.images.labels == plain.images.labels).all()
    assert (found.said, found.images.skipped) == (plain.said, plain.images.skipped)


def test_the_second_training_decodes_nothing_and_sees_the_same(source: ImageSource) -> None:
    plain, said = read_whole(source, 8), []
    equal(cached(source, said), plain)
    assert "decoding 100 images into" in said[0]
    assert "--no-cache" in said[0]
    counted, read = counting(source)
    found = cached(counted, said)
    equal(found, plain)
    assert is_mapped(found.images.pixels)
    assert len(read) <= 16  # native_shape looks at so many
    assert len(said) == 1


def test_an_interrupted_decoding_goes_on_at_its_last_whole_block(source: ImageSource) -> None:
    with pytest.raises(KeyboardInterrupt):
        cached(counting(source, 70)[0])
    counted, read = counting(source)
    found = read_whole(counted, 8, cache=True)
    equal(found, read_whole(source, 8))
    assert sorted(set(read[16:])) == list(range(64, N))
    assert not list(file_of(".json").parent.glob("*.unfinished*"))


def test_a_torn_block_of_an_interrupted_decoding_is_decoded_again(source: ImageSource) -> None:
    with pytest.raises(KeyboardInterrupt):
        cached(counting(source, 70)[0])
    with file_of(".unfinished").open("r+b") as file:
        file.seek(40 * 8 * 8 * 3)  # in the second block
        file.write(b"\0\1\2")
    file_of(".unfinished.jsonl").open("a").write('{"kept": 3')
    equal(cached(source), read_whole(source, 8))


@pytest.mark.parametrize("damage", ["flipped", "short", "long", "gone", "facts"])
def test_a_damaged_file_is_found_and_made_anew(source: ImageSource, damage: str) -> None:
    cached(source)
    pixels, facts = file_of(".pixels"), file_of(".json")
    content = bytearray(pixels.read_bytes())
    if damage == "flipped":
        content[5000] ^= 1
    changed = {"flipped": content, "short": content[:-1], "long": content + b"0"}
    if damage in changed:
        pixels.write_bytes(changed[damage])
    elif damage == "gone":
        pixels.unlink()
    else:
        facts.write_text(json.dumps({"blocks": [{}]}))
    said: list[str] = []
    equal(cached(source, said), read_whole(source, 8))
    assert "are damaged: they are decoded anew" in said[0]
    assert cached(source, again := []).images.pixels.shape == (N, 8, 8, 3)
    assert again == []


def test_another_content_size_or_treatment_of_bad_files_has_another_file(source: ImageSource) -> None:
    cached(source)
    read_whole(source, 16, cache=True)
    cached(source, on_bad="skip")
    other = array_source("made", RNG.integers(0, 256, (N, 12, 8, 3), dtype=np.uint8))
    assert (cached(other).images.pixels == read_whole(other, 8).images.pixels).all()
    assert len(list(file_of_all())) == 4


def file_of_all() -> list[Path]:
    return list(Path(os.environ["GANTLET_CACHE"], "decoded").glob("*.pixels"))


def test_bad_files_are_named_or_left_out_as_without_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for i in range(70):
        Image.fromarray(RNG.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / f"{i:03}.png")
    (folder / "003.png").write_bytes(b"no image")
    (folder / "069.png").write_bytes(b"no image")
    source = open_images(str(folder))
    with pytest.raises(BadFiles, match=r"003\.png"):
        cached(source)
    assert not file_of_all()
    plain = read_whole(source, 8, on_bad="skip")
    for _ in range(2):
        found = cached(source, on_bad="skip")
        assert (found.images.pixels == plain.images.pixels).all()
        assert (found.images.rows.tolist(), found.said) == (plain.images.rows.tolist(), plain.said)


def test_a_folder_that_takes_nothing_is_said_and_memory_used(
    source: ImageSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "file"))
    said: list[str] = []
    equal(cached(source, said), read_whole(source, 8))
    assert "held in memory" in said[0]
    assert "GANTLET_CACHE" in said[0]


def loader(data: Any) -> Loader:
    return Loader(TrainConfig(out="x", batch=8, device="cpu"), data, torch.device("cpu"))


@pytest.mark.parametrize("cache", [False, True])
def test_a_training_allocates_one_copy_of_the_pixels_and_none_with_the_cache(
    tmp_path: Path, cache: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an .npz three were held before: the source's, the training's and the loader's. The source's is left as it is."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    size = 600 * 64 * 64 * 3
    np.savez(tmp_path / "set.npz", x=RNG.integers(0, 256, (600, 64, 64, 3), dtype=np.uint8))
    source = open_images(str(tmp_path / "set.npz"))
    tracemalloc.start()
    try:
        data = training_data(source, 64, cache=cache)
        loads = loader(data)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.shares_memory(loads.reals.numpy(), data.images)  # type: ignore[union-attr]
    copies = 0 if cache else 1
    assert held / size < copies + 0.1
    assert peak / size < copies + (0.6 if cache else 0.2)  # 4 batches of 16 images for each of 2 threads, and a block


def test_batches_of_mapped_images_are_those_of_held_ones(source: ImageSource) -> None:
    held, mapped = (loader(training_data(source, 8, cache=cache)) for cache in (False, True))
    rows = torch.tensor([5, 3, 99, 5])
    batches = [one.at(rows, torch.Generator()) for one in (held, mapped)]
    assert torch.equal(*batches)
    assert batches[0].stride() == batches[1].stride()
    assert torch.equal(torch.cat(list(held.everything())), torch.cat(list(mapped.everything())))

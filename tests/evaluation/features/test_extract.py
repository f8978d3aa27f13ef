"""From source to feature bank: order, bad files, and a cache that is never wrong."""

import json
import struct
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import BadFiles, CacheError, ConfigError, NonFiniteError, OutputError, UnknownName
from gantlet.data.arrays import array_source
from gantlet.data.decode import Undecodable
from gantlet.data.opening import open_source
from gantlet.data.source import ImageSource
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features import cache as cache_module
from gantlet.evaluation.features import extract as extract_module
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.cache import cache_path, load, store
from gantlet.evaluation.features.extract import extract
from gantlet.evaluation.features.pixels import Pixels

PIXELS = np.random.default_rng(6).integers(0, 256, (150, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))


def source(bad: set[int] = frozenset()) -> ImageSource:  # type: ignore[assignment]
    whole = array_source("set", PIXELS, np.arange(150) % 3, ("a", "b", "c"))

    def read(i: int) -> np.ndarray:
        if i in bad:
            raise Undecodable("torn")
        return whole.read(i)

    return replace(whole, read=read)


def test_pixels_are_the_image_itself() -> None:
    bank, info = extract(source(), Pixels(size=16), cache=False)
    np.testing.assert_allclose(bank.features, PIXELS.reshape(150, -1) / 255, atol=1e-7)
    assert bank.labels is not None
    np.testing.assert_array_equal(bank.labels, np.arange(150) % 3)
    assert list(bank.names)[:2] == ["set#0", "set#1"]
    assert (info.skipped, info.cached) == ((), False)
    with pytest.raises(ConfigError, match="channels 1 or 3"):
        Pixels(size=0)


def test_the_second_time_comes_from_the_cache() -> None:
    told: list[tuple[int, int]] = []
    first, _ = extract(source(), Pixels(), progress=lambda *done: told.append(done))
    assert told[-1] == (150, 150)
    renamed = replace(source(), spec="other", names=[f"other#{i}" for i in range(150)], labels=None)
    second, info = extract(renamed, Pixels())
    assert info.cached
    np.testing.assert_array_equal(first.features, second.features)
    assert second.names[3] == "other#3"
    assert second.labels is None


def test_anything_that_changes_the_features_misses_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    extract(source(), Pixels())
    assert not extract(source(), Pixels(size=8))[1].cached
    assert not extract(replace(source(), digest="0" * 64), Pixels())[1].cached
    assert not extract(source(), Pixels(), cache=False)[1].cached
    monkeypatch.setattr(extract_module, "VERSION", "next")
    assert not extract(source(), Pixels())[1].cached


def test_bad_files_fail_or_are_skipped_also_from_the_cache() -> None:
    torn = source({0, 77})
    for _ in range(2):
        with pytest.raises(BadFiles, match=r"2 of 150.*set#0 \(torn\); set#77 \(torn\)"):
            extract(torn, Pixels())
        bank, info = extract(torn, Pixels(), on_bad="skip")
        assert info.skipped == (("set#0", "torn"), ("set#77", "torn"))
        assert bank.n == 148
        assert bank.labels is not None
        assert list(bank.labels[:2]) == [1, 2]
    assert info.cached
    with pytest.raises(ConfigError, match="fail or skip"):
        extract(torn, Pixels(), on_bad="ignore")


class Broken(Pixels):
    name = "broken"

    def extract(self, batch: np.ndarray) -> tuple[np.ndarray, None]:
        features = super().extract(batch)[0].copy()
        features[1] = np.nan
        return features, None


def test_features_that_are_not_finite_are_refused_by_name() -> None:
    with pytest.raises(NonFiniteError, match="set#1"):
        extract(source(), Broken(), cache=False)


def test_features_that_are_not_finite_are_not_cached() -> None:
    for _ in range(2):
        with pytest.raises(NonFiniteError, match="set#1"):
            extract(source(), Broken())
    assert not list((cache_path("features/broken", {}).parent).glob("*.safetensors"))


def test_a_read_only_cache_is_a_warning_not_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OutputError("cannot write: the disk is full")

    monkeypatch.setattr(cache_module, "store", full)
    with pytest.warns(UserWarning, match="not cached: .*the disk is full"):
        bank, _ = extract(source(), Pixels())
    assert bank.n == 150


ARRAYS = {"features": np.arange(6, dtype=np.float32).reshape(2, 3)}


def test_damaged_and_foreign_cache_files_are_refused() -> None:
    path = cache_path("features/x", {"version": "1"})
    assert load(path, {"version": "1"}) is None
    store(path, ARRAYS, {"version": "1"}, {"bad": []})
    found = load(path, {"version": "1"})
    assert found is not None
    np.testing.assert_array_equal(found[0]["features"], ARRAYS["features"])
    with pytest.raises(CacheError, match="made with version = '1', expected '2'"):
        load(path, {"version": "2"})
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    no_header = struct.pack("<Q", 2) + json.dumps({}).encode()
    for data, reason in (
        (bytes(flipped), "checksum"),
        (whole[:-5], "damaged"),
        (b"", "damaged"),
        (no_header, "damaged"),
    ):
        path.write_bytes(data)
        with pytest.raises(CacheError, match=f"{reason}.*--no-cache"):
            load(path, {"version": "1"})


def _write(number: int) -> None:
    arrays = {"features": np.full((2000, 64), number, np.float32)}
    for _ in range(20):
        store(cache_path("features/x", {}), arrays, {}, {"writer": number})


def test_two_processes_may_write_at_once() -> None:
    path = cache_path("features/x", {})
    with ProcessPoolExecutor(2) as pool:
        writers = [pool.submit(_write, number) for number in (1, 2)]
        while not all(writer.done() for writer in writers):
            found = load(path, {})
            if found:
                assert (found[0]["features"] == found[1]["writer"]).all()
        [writer.result() for writer in writers]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_every_extractor_is_listed_with_a_page() -> None:
    assert {"classifier", "efficientnet-lite0", "pixels"} <= set(EXTRACTORS.names())
    for entry in EXTRACTORS.entries():
        assert "When it lies:" in entry.document
    with pytest.raises(UnknownName, match="did you mean 'pixels'"):
        build_extractor("pixel")


@pytest.mark.shared
def test_the_odd_files_are_all_named_in_one_error(shared: Path) -> None:
    odd = open_source(f"{shared / 'data/odd'}[labels=none]")
    with pytest.raises(BadFiles, match="10 of 39") as caught:
        extract(odd, Pixels())
    assert {name.partition("/")[0] for name, _ in caught.value.files} == {"bad"}
    bank, info = extract(odd, Pixels(), on_bad="skip")
    assert (bank.n, len(info.skipped)) == (29, 10)

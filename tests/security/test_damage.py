"""One flipped bit in a checkpoint, a cache or a statistics file is an error, or changes nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from gantlet.core.errors import CheckpointError, DataError, GantletError
from gantlet.core.files import json_digest
from gantlet.evaluation.features.cache import arrays_digest, read, store
from gantlet.evaluation.features.statistics_file import Statistics, read_statistics, write_statistics
from gantlet.evaluation.stats.summary import Summary
from gantlet.training.runs.tensors import read_header, read_tensors, write_tensors

FLIPS = 300
STATISTICS = {
    "kind": "gantlet statistics, version 1",
    "features": "pixels",
    "extractor": {"name": "pixels"},
    "protocol": "",
    "package": "0",
    "sources": [],
}
HEADER = {"step": 280, "config": {"data": "digits", "steps": 300}, "classes": ["cat", "dog"], "seed": 3}


def checkpoint(path: Path) -> None:
    write_tensors(path, {"a/w": torch.arange(12.0).view(3, 4), "b": torch.ones(2)}, HEADER)


def cache(path: Path) -> None:
    store(path, {"features": np.arange(12.0).reshape(3, 4)}, {"source": "x", "n": 3}, {"bad": []})


def statistics(path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    write_statistics(path, Statistics(Summary.of(rows, None), STATISTICS))


def plain(value: Any) -> Any:
    """Return a value that can be compared."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return np.asarray(value).tolist()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def statistics_content(path: Path) -> Any:
    file = read_statistics(path)
    return file.header, [(part.n, part.mean, part.m2) for part in file.summary.parts]


@pytest.mark.parametrize(
    ("make", "content"), [(checkpoint, read_tensors), (cache, read), (statistics, statistics_content)]
)
def test_one_flipped_bit(make: Callable[[Path], None], content: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    make(path)
    whole, before = path.read_bytes(), plain(content(path))
    rng = np.random.default_rng(0)
    caught = 0
    for _ in range(FLIPS):
        place, bit = int(rng.integers(len(whole))), int(rng.integers(8))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            after = plain(content(path))
        except GantletError:
            caught += 1
            continue
        # What is left: the padding of the header, and the names of the digests themselves.
        assert {str(part) for part in flat(before)} <= {str(part) for part in flat(after)}, (place, bit)
    assert caught > 0.8 * FLIPS


def flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [part for entry in value.values() for part in flat(entry)]
    if isinstance(value, list):
        return [part for entry in value for part in flat(entry)]
    return [value]


def test_a_step_that_was_changed_by_one_bit_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint(path)
    path.write_bytes(path.read_bytes().replace(b": 280", b": 288"))
    with pytest.raises(CheckpointError, match="header differs"):
        read_header(path)


def test_files_of_the_earlier_format_are_read() -> None:
    header = read_header(Path(__file__).parents[1] / "compatibility/earlier/run/checkpoints/final.safetensors")
    assert header["format"] == 1


def test_negative_numbers_of_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    arrays = {"part0.n": np.array([-5]), "part0.mean": np.zeros(2), "part0.m2": np.zeros(3)}
    store(path, arrays, STATISTICS, {})
    with pytest.raises(DataError, match="-5 rows"):
        read_statistics(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"part0.mean": np.zeros(200_000)},
        {"part0.m2": np.zeros(9)},
        {"part0.n": np.zeros(0)},
        {"part0.n": np.array([np.inf])},
        {"part0.n": np.zeros((2, 2))},
        {"part0.mean": np.zeros((2, 2))},
        {"part0.mean": np.array([0, np.nan])},
    ],
)
def test_arrays_that_are_no_statistics(changes: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    arrays = {"part0.n": np.array([5]), "part0.mean": np.zeros(2), "part0.m2": np.zeros(3)}
    store(path, {**arrays, **changes}, STATISTICS, {})
    with pytest.raises(DataError, match="make it anew"):
        read_statistics(path)


@pytest.mark.parametrize("name", ["part0.n", "part0.mean", "part0.m2"])
def test_statistics_that_lack_an_array(name: str, tmp_path: Path) -> None:
    arrays = {"part0.n": np.array([5]), "part0.mean": np.zeros(2), "part0.m2": np.zeros(3)}
    del arrays[name]
    store(tmp_path / "x.safetensors", arrays, STATISTICS, {})
    with pytest.raises(DataError, match="make it anew"):
        read_statistics(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    "header", ["x", [], None, {}, {**STATISTICS, "extractor": "x"}, {**STATISTICS, "sources": [1]}]
)
def test_headers_that_are_no_statistics(header: Any, tmp_path: Path) -> None:
    arrays = {"part0.n": np.array([5]), "part0.mean": np.zeros(2), "part0.m2": np.zeros(3)}
    signed = {"made_of": header, "facts": {}, "sha256": arrays_digest(arrays)}
    signed["header_sha256"] = json_digest(signed)
    save_file(arrays, tmp_path / "x.safetensors", metadata={"gantlet": json.dumps(signed)})
    with pytest.raises(GantletError, match=r"no statistics file|make it anew|is damaged"):
        read_statistics(tmp_path / "x.safetensors")

"""A report or a header that was changed in one place: refused with a sentence, or the numbers are those that were written."""

import copy
import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gantlet.core.errors import CheckpointError, DataError
from gantlet.core.files import json_digest
from gantlet.core.results.report import Report
from gantlet.training.runs.generator import load_generator
from gantlet.training.runs.header import header_of
from gantlet.training.runs.tensors import read_header, write_tensors

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"
VALUES: list[Any] = [None, True, -1, 0, 3.5, 10**30, "x", "", [], {}, [1], {"a": 1}]
Path_ = tuple[str | int, ...]


def nodes(value: Any, here: Path_ = ()) -> Iterator[Path_]:
    if here:
        yield here
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from nodes(part, (*here, key))


def mutated(value: Any, rng: random.Random) -> Any:
    """Return a copy with one node deleted, renamed, or replaced."""
    changed = copy.deepcopy(value)
    *way, last = rng.choice(list(nodes(value)))
    inner = changed
    for key in way:
        inner = inner[key]
    kind = rng.randrange(4)
    if kind == 0:
        del inner[last]
    elif kind == 1 and isinstance(inner, dict):
        inner[f"{last}_"] = inner.pop(last)
    else:
        inner[last] = rng.choice([entry for entry in VALUES if entry != inner[last]])
    return changed


def test_a_report_that_was_changed_in_one_place() -> None:
    report = Report.from_json((EARLIER / "run" / "report.json").read_text())
    raw = json.loads(report.to_json())
    assert Report.from_json(report.to_json()) == report
    rng, refused = random.Random(0), 0
    for _ in range(300):
        changed = mutated(raw, rng)
        try:
            assert Report.from_json(json.dumps(changed)) == report  # the digest alone was lost
        except DataError:
            refused += 1
    assert refused > 290


def test_a_report_without_a_digest_is_held_to_types_and_ranges() -> None:
    raw = json.loads((EARLIER / "run" / "report.json").read_text())
    rng = random.Random(1)
    for _ in range(300):
        try:
            report = Report.from_json(json.dumps(mutated(raw, rng)))
        except DataError:
            continue
        for estimate in report.estimates:
            assert estimate.n_real is None or estimate.n_real >= 0
            assert 0 < estimate.level < 1
            assert estimate.low is None or estimate.value is None or estimate.low <= estimate.value


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_real", -5), ("n_real", True), ("seed", "0"), ("real", 3), ("schema", 2), ("unknown", 1), ("pictures", [])],
)
def test_what_no_report_says(field: str, value: Any) -> None:
    raw = json.loads((EARLIER / "report.json").read_text())
    with pytest.raises(DataError, match=field):
        Report.from_json(json.dumps({**raw, field: value}))


def test_an_interval_that_does_not_hold_its_value() -> None:
    report = Report.from_json((EARLIER / "run" / "report.json").read_text())
    estimate = dataclasses.replace(report.estimates[0], low=2.0, value=1.0, high=3.0)
    raw = json.loads(dataclasses.replace(report, estimates=(estimate,)).to_json())
    with pytest.raises(DataError, match="does not hold its value"):
        Report.from_json(json.dumps(raw))


def test_a_header_that_was_changed_in_one_place_and_signed_anew(tmp_path: Path) -> None:
    """Its digest is right, as in a file that somebody made on purpose: schema and weights must still fit."""
    raw = read_header(EARLIER / "run" / "checkpoints" / "final.safetensors")
    (tmp_path / "config.toml").write_text("")
    rng, refused = random.Random(2), 0
    for _ in range(300):
        path = tmp_path / "checkpoints" / "final.safetensors"
        write_tensors(path, {"generator/x": torch.zeros(2)}, mutated(raw, rng))
        try:
            header = header_of(path)
        except CheckpointError:
            refused += 1
            continue
        assert header.step >= 0
        with pytest.raises(CheckpointError):
            load_generator(tmp_path)
    assert refused > 200


def test_a_network_of_a_width_that_no_memory_holds(tmp_path: Path) -> None:
    raw = read_header(EARLIER / "run" / "checkpoints" / "final.safetensors")
    (tmp_path / "config.toml").write_text("")
    for changes in ({"latent": 10**9}, {"network": "dcgan[width=1000000]"}, {"network": "mlp[depth=1000000000]"}):
        header = {**raw, "config": {**raw["config"], **changes}}
        write_tensors(tmp_path / "checkpoints" / "final.safetensors", {"generator/x": torch.zeros(2)}, header)
        with pytest.raises(CheckpointError, match="does not hold the weights"):
            load_generator(tmp_path)


def test_the_digest_does_not_depend_on_the_order_of_fields() -> None:
    assert json_digest({"a": 1, "b": [1.5, None]}) == json_digest({"b": [1.5, None], "a": 1})

"""Configurations: TOML round trip, types, ranges, misspelt fields."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.errors import ConfigError, UnknownName
from gantlet.core.limits import memory_bytes

configs = st.builds(
    TrainConfig,
    data=st.text(max_size=20),
    steps=st.integers(1, 10**9),
    penalties=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    lr_generator=st.floats(1e-9, 1, allow_nan=False),
    mirror=st.booleans(),
)


@given(configs)
def test_toml_replays_the_configuration(config: TrainConfig) -> None:
    assert TrainConfig.from_mapping(tomllib.loads(config.to_toml())) == config


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"stepz": 1}, UnknownName, "did you mean 'steps'"),
        ({"steps": "many"}, ConfigError, "must be an int"),
        ({"steps": True}, ConfigError, "must be an int"),
        ({"penalties": "r1"}, ConfigError, "must be a list"),
        ({"steps": 0}, ConfigError, r"steps ≥ 1; got steps = 0"),
        ({"resolution": 12}, ConfigError, "resolution"),
        ({"beta1": 1.0}, ConfigError, "beta1"),
        ({"precision": "16"}, ConfigError, "precision"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        TrainConfig.from_mapping(values)


def test_a_whole_number_is_a_float_too() -> None:
    assert TrainConfig.from_mapping({"lr_generator": 1}).lr_generator == 1.0


def test_values_lie_over_a_base() -> None:
    base = TrainConfig(steps=7, batch=8)
    assert TrainConfig.from_mapping({"batch": 16}, base) == TrainConfig(steps=7, batch=16)


def test_a_field_is_read_by_its_earlier_name() -> None:
    assert TrainConfig.from_mapping({"size": 32}) == TrainConfig(resolution=32)
    assert "resolution = 32" in TrainConfig(resolution=32).to_toml()


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match=r"config\.toml"):
        TrainConfig.from_toml(path)
    path.write_text("steps = = 3")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        TrainConfig.from_toml(path)


@pytest.mark.parametrize(
    ("text", "expected"), [("2GB", 2 * 10**9), ("500 mb", 5 * 10**8), ("0.5GB", 5 * 10**8), ("20000000", 2 * 10**7)]
)
def test_memory_is_read(text: str, expected: int) -> None:
    assert memory_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "lots", "2XB", "1KB", "-2GB"])
def test_wrong_memory_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="memory"):
        EvaluateConfig(memory=text)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"features": ""}, "features not empty"), ({"features": " ,"}, "features not empty"), ({"metrics": ("",)}, "metrics not empty"),
     ({"metrics": ()}, "metrics not empty"), ({"n": 10**20}, "n in"), ({"n": -1}, "n in")],
)  # fmt: skip
def test_an_evaluation_of_nothing_or_of_too_much(changes: dict[str, object], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        EvaluateConfig.from_mapping(changes)


def test_a_training_that_could_not_be_evaluated_is_refused_before_it() -> None:
    for changes in ({"features": ""}, {"evaluate_samples": 10**20}):
        with pytest.raises(ConfigError, match=next(iter(changes))):
            TrainConfig.from_mapping(changes)

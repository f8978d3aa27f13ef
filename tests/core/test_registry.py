"""Specs, options, names: the registry's promises."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantlet.core.errors import ConfigError, UnknownName, UsageError
from gantlet.core.registry import Metadata, Registry
from gantlet.core.specs import format_spec, parse_spec


@dataclass(frozen=True)
class Penalty:
    """Penalise something."""

    gamma: float = 1.0
    lazy: bool = False
    every: int | None = None
    mode: str = "a"


@dataclass(frozen=True, kw_only=True)
class Versioned(Metadata):
    version: int = 1


def registry() -> Registry[..., Versioned]:
    result = Registry("penalty", "gantlet.labs", metadata=Versioned)
    result.register("r1", source="Somebody 2018", version=2)(Penalty)
    return result


def test_options_are_read_by_their_types() -> None:
    built = registry().build("r1[gamma=0.5,lazy=yes,every=3,mode=b]")
    assert built == Penalty(0.5, True, 3, "b")
    assert registry().build("r1[every=none]").every is None


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("r11", UnknownName, "did you mean 'r1'"),
        ("r1[gama=1]", UnknownName, "did you mean 'gamma'"),
        ("r1[gamma=much]", ConfigError, "must be a float"),
        ("r1[every=1.5]", ConfigError, "must be a int"),
        ("r1[lazy=perhaps]", ConfigError, "must be a bool"),
        ("r1[gamma]", UsageError, "key=value"),
        ("r1[gamma=1,gamma=2]", UsageError, "twice"),
        ("r1[gamma=1", UsageError, "cannot read"),
        ("", UsageError, "cannot read"),
    ],
)
def test_wrong_specs_are_refused_with_a_reason(spec: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        registry().build(spec)


def test_an_entry_carries_summary_source_and_meta() -> None:
    assert registry().entry("r1").as_dict() == {
        "name": "r1",
        "summary": "Penalise something.",
        "source": "Somebody 2018",
        "version": 2,
        "origin": "tests",
    }


def test_a_name_is_registered_once_and_needs_a_docstring() -> None:
    result = registry()
    with pytest.raises(ValueError, match="twice"):
        result.register("r1", source="x")(Penalty)
    with pytest.raises(ValueError, match="docstring"):
        result.register("r2", source="x")(lambda: None)


words = st.text("abcdefghij-_./0123456789", min_size=1, max_size=8)


@given(words, st.dictionaries(words, words, max_size=4))
def test_format_and_parse_are_inverse(name: str, options: dict[str, str]) -> None:
    assert parse_spec(format_spec(name, options)) == (name, options)

"""Processes that would train other games are refused: other data, or another version."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny import images

from gantlet.core.errors import DataError
from gantlet.core.processes import ALONE, Processes
from gantlet.training.sharing import require_alike


class Three(Processes):
    """Three processes, of which the last one answers otherwise."""

    def everyone(self, make: Callable[[], Any]) -> list[Any]:
        here = make()
        return [here, here, self.last(here)]

    def last(self, here: tuple[str, ...]) -> tuple[str, ...]:
        return here


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("d0", "d1", "40 training examples, SHA-256 d0, process 2 has 40 training examples, SHA-256 d1"),
        (torch.__version__, "1.0", "has PyTorch 1.0"),
    ],
)
def test_other_data_and_versions_are_named(old: str, new: str, words: str) -> None:
    class Other(Three):
        def last(self, here: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(text.replace(old, new) for text in here)

    with pytest.raises(DataError, match=words.replace("+", r"\+")):
        require_alike(images(), Other(0, 3))


def test_equal_ones_are_not() -> None:
    require_alike(images(), Three(0, 3))
    require_alike(images(), ALONE)

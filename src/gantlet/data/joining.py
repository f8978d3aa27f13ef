"""What several sources of one kind have in common when they are joined to one."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import DataError


@runtime_checkable
class Joinable(Protocol):
    """A source whose items may be labelled."""

    @property
    def spec(self) -> str:
        """Return its source string."""

    @property
    def labels(self) -> Int64[np.ndarray, " n"] | None:
        """Return the labels of its items."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should know of how it was read."""


def joined_fields(parts: Sequence[Joinable]) -> dict[str, Any]:
    """Return spec, labels and notes of several sources together; raises DataError where they name different classes."""
    if any(part.classes != parts[0].classes for part in parts):
        raise DataError(f"{parts[0].spec} and the rounds after it name different classes; expected the same in each")
    labels = [part.labels for part in parts if part.labels is not None]
    return {
        "spec": " + ".join(part.spec for part in parts),
        "labels": np.concatenate(labels) if len(labels) == len(parts) else None,
        "notes": tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    }

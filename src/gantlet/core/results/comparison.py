"""The result of comparing two sets of fakes: one Difference per metric, and the verdict in words."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from gantlet.core.visible import json_text

Better = Literal["A", "B", ""]


@dataclass(frozen=True)
class Difference:
    """One metric of A and of B, and A − B with its interval; ``better`` names the winner after Holm's correction, or ''."""

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    better: Better
    paired: bool
    lower_is_better: bool
    n_a: int | None = None
    n_b: int | None = None
    """Generated images of A and of B that the metric was computed from; None where a published file does not state it."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two sets of fakes against the same real images."""

    a: str
    b: str
    real: str
    features: str
    level: float
    differences: tuple[Difference, ...]
    verdict: str
    left_out: dict[str, str]
    """Metrics that were not compared, with the reasons."""
    notes: tuple[str, ...] = ()
    """What was done to the two sets before."""

    def to_json(self) -> str:
        """Return strict JSON."""
        return json_text(dataclasses.asdict(self), indent=1)

"""The keywords of `gantlet.evaluate` and `gantlet.compare`: the fields of EvaluateConfig, as editors complete them."""

from collections.abc import Sequence
from typing import Any, TypedDict


class EvaluateSettings(TypedDict, total=False):
    """The fields of `EvaluateConfig`, which documents them; images may stand for ``held_out`` and ``train``."""

    features: str
    protocol: str
    weights: str
    metrics: str | Sequence[str]
    held_out: Any
    train: Any
    pairs: str
    classes: str
    groups: str
    n: int
    seed: int
    level: float
    memory: str
    on_bad: str
    cache: bool

"""The keywords of `gantlet.evaluate` and `gantlet.compare`: the fields of EvaluateConfig, as editors complete them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from gantlet.data.drawn import Latent
from gantlet.evaluation.sides import Progress


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


class Keywords(EvaluateSettings, total=False):
    """All keywords of `gantlet.compare`, for its overloads; its own signature has them with their defaults."""

    range: str
    latent: Latent
    out: Path | str | None
    progress: Progress


class EvaluateKeywords(Keywords, total=False):
    """All keywords of `gantlet.evaluate`, for its overloads."""

    until: str

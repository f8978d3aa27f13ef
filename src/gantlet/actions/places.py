"""Where results are written: apart from the images that are read, and over nothing but an earlier result."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from gantlet.core.config import EvaluateConfig
from gantlet.core.output import Kind, require_ours
from gantlet.data.apart import require_apart, require_cache_apart
from gantlet.data.kinds import Source
from gantlet.training.journal import require_no_run


def require_places(out: Path | None, sources: Sequence[Any], config: EvaluateConfig, kind: Kind) -> None:
    """Raise OutputError where results or the cache would lie among the images that are read, or replace what is no such result."""
    texts = [source for source in sources if isinstance(source, str)]
    if out is not None:
        opened = [source.spec for source in sources if isinstance(source, get_args(Source))]
        require_apart(out, *texts, *opened, config.held_out, config.train)
        require_no_run(out)
        require_ours(out, kind)
    if config.cache:
        require_cache_apart(*texts, config.held_out, config.train)

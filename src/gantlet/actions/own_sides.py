"""A run evaluated without a word: it is held against what it was trained on, and against what was kept out of that."""

from pathlib import Path
from typing import Any, NamedTuple

from gantlet.core.errors import GantletError, UntrustedError, UsageError
from gantlet.core.trust import YOUR_OWN
from gantlet.data.opening import resolve_source
from gantlet.training.journal import is_run
from gantlet.training.runs.own_data import trained_on

NEEDS_REAL = "needs --real, the real images; only a run of gantlet's own (RUN or run:RUN) knows what it was trained on"


class OwnSides(NamedTuple):
    """The source strings of a run's real images (those kept out of training, where there are any) and of its training images."""

    real: str
    train: str


def as_generator(fake: Any) -> Any:
    """Return run:RUN for the folder of a run; anything else as it is."""
    return f"run:{fake}" if isinstance(fake, str) and is_run(Path(fake)) else fake


def own_sides(fake: Any) -> OwnSides:
    """Return the sides of the run that generated images come from, as a source string says.

    Raises: UsageError where they come from no run; UntrustedError where the run's config.toml names data outside its folder.
    """
    run = _run_of(fake) if isinstance(fake, str) else None
    if run is None:
        raise UsageError(f"gantlet evaluate {NEEDS_REAL}")
    try:
        source = trained_on(run)
    except UntrustedError as error:
        raise UntrustedError(str(error).replace(YOUR_OWN, "give --real and --train")) from error
    return OwnSides(source.held_out or source.spec, source.spec)


def _run_of(text: str) -> Path | None:
    try:
        kind, options = resolve_source(text)
    except GantletError:
        return None
    return Path(options["path"]) if kind == "run" and is_run(Path(options.get("path", ""))) else None

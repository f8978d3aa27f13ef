"""Early ends of a run: ctrl-C or SIGTERM at a step boundary, or numbers that are not finite."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from gantlet.core.errors import Interrupted, TrainingDiverged
from gantlet.core.processes import processes_started
from gantlet.training.checkpoint import Checkpoints
from gantlet.training.journal import Journal
from gantlet.training.state import TrainState


class Request:
    """Whether the user has interrupted the run."""

    def __init__(self) -> None:
        self.requested = False

    def make(self, number: int, frame: FrameType | None) -> None:
        """Note the first signal; the second one stops at once."""
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True


@contextlib.contextmanager
def stopping(state: TrainState, saved: Checkpoints, journal: Journal) -> Iterator[Request]:
    """Yield the request that ctrl-C makes; raise an error for an interruption or divergence that names the checkpoint that stays.

    The first ctrl-C lets the step end, so that a checkpoint of a whole step can be written (`stop`); a second one
    does not wait. So does SIGTERM, by which queues and preemptible machines tell that they end a program; not under torchrun,
    which ends processes by it whose others are gone: they would wait for these. Outside the main thread signals cannot be caught
    and ctrl-C is left to the caller.
    """
    request = Request()
    catches = threading.current_thread() is threading.main_thread()
    caught = (signal.SIGINT, *((signal.SIGTERM,) if processes_started() == 1 else ())) if catches else ()
    before = {number: signal.signal(number, request.make) for number in caught}
    try:
        yield request
    except KeyboardInterrupt:
        raise Interrupted(f"stopped at once at step {state.step}; {_kept(saved)}") from None
    except TrainingDiverged as error:
        journal.write("diverged", step=state.step, message=str(error))
        raise TrainingDiverged(
            f"{error}: training has diverged; {_kept(saved)}. Lower the learning rates or add a penalty (r1, r2)"
        ) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None: set by another language


def stop(path: Path, step: int) -> None:
    """Raise Interrupted: the checkpoint ``path`` of the step that has just ended is written."""
    raise Interrupted(f"stopped after step {step}, saved as {path}; the same command with --resume goes on from there")


def _kept(saved: Checkpoints) -> str:
    path = saved.newest()
    if path is None:
        return "no checkpoint was written yet"
    return f"the last checkpoint is intact: {path} (--resume goes on from there)"

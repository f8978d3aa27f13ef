"""Waiting for the other processes of a group: for as long as they work, not for one that stands still or has ended."""

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from gantlet.core.errors import ConfigError, PeerLost
from gantlet.core.heartbeats import INTERVAL, Heartbeats, Watch
from gantlet.core.words import agreeing, counted

PATIENCE = 300.0
"""Seconds that a process waits for another one without a sign of life; the environment variable GANTLET_PATIENCE sets others."""
GLOO_TIMEOUT = timedelta(days=30)
"""Timeout of gloo's own: longer than any honest work, because `Peers.wait` decides."""
BEATS = 10
"""Heartbeats in PATIENCE, at least."""
LEAVING = 30.0
"""Seconds that a process that has done its work stays in the group for the others."""
GONE = 3
"""Heartbeats that are missing of a process, once it is known that one has failed."""
SLOW = 10
"""Times PATIENCE for a message while all processes are there and beat: a slow network (a broken one ends it by itself)."""
AGAIN = "end all processes and start them again (a training goes on with --resume)"


def patience() -> float:
    """Return GANTLET_PATIENCE, else `PATIENCE`, in seconds; raises ConfigError for anything but a number above 0."""
    text = os.environ.get("GANTLET_PATIENCE", "").strip()
    try:
        seconds = float(text or PATIENCE)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ConfigError(
            f"expected GANTLET_PATIENCE to be a number of seconds above 0, such as 300; got {text!r}: set it anew, or unset it"
        )
    return seconds


class Peers:
    """The processes that this one waits for.

    A wait is short as a rule, and then costs nothing. A longer one looks at the others' heartbeats, and ends with PeerLost
    (in all processes that wait, with the same sentence) when one of them stands still, has ended, or ended with an error.
    ``stuck``: gloo still works on a message that will not come, so that the group cannot be destroyed.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size, self.patience = rank, size, patience()
        self.stuck = self._lost = False
        self._answers = True
        interval = min(INTERVAL, self.patience / BEATS)
        self._store = connected("gantlet")
        self._heartbeats = Heartbeats(self._store, rank, size, interval)

    def wait(self, done: Callable[[float], bool], *, works: bool) -> None:
        """Return when ``done`` is true; it is given the seconds that it may block.

        Args: works: the others may work for long before they answer. Without it they have PATIENCE to come to this point
            too, so that one whose disk stands still is found, though its thread beats.
        Raises: PeerLost.
        """
        interval = self._heartbeats.interval
        self.stuck = True
        try:
            if not done(interval):
                self._watch(done, math.inf if works else self.patience)
            self.stuck = False
        except RuntimeError as error:  # gloo's, when it lost a connection: nothing of it goes on
            self.stuck = False
            raise self._broken(str(error)) from None

    def _watch(self, done: Callable[[float], bool], limit: float) -> None:
        interval, watch = self._heartbeats.interval, self._heartbeats.watch()
        waited, unanswered, looks = interval, 0.0, 0
        try:
            while not done(interval):
                waited += interval
                unanswered, looks = (unanswered + interval if watch.looks == looks else 0.0), watch.looks
                self._judge(watch, waited, unanswered, limit)
        finally:
            self._heartbeats.rest()

    def _judge(self, watch: Watch, waited: float, unanswered: float, limit: float) -> None:
        """Raise PeerLost when there is nothing left to wait for."""
        for_long = f"for {duration(self.patience)}"
        if watch.verdict:
            raise self._end(watch.verdict)
        if unanswered >= self.patience:
            self._answers = False
            raise self._end(f"the key-value store of torchrun (or of process 0) has not answered {for_long}; {AGAIN}")
        enough = self.patience if waited < limit else GONE * self._heartbeats.interval
        if silent := [rank for rank, seconds in watch.silence.items() if seconds >= enough]:
            raise self._end(
                f"{self._named(silent)} not answered {for_long}: stopped, or on a machine that stands still; {AGAIN}; "
                "GANTLET_PATIENCE=SECONDS waits longer"
            )
        if waited >= limit:
            behind = [rank for rank in watch.silence if rank not in watch.waiting]
            if behind or waited >= SLOW * limit:
                who = self._named(behind) if behind else f"a message of the {counted(self.size, 'process')} has"
                raise self._end(
                    f"{who} not come to where the others wait {for_long}: a file system may stand still; {AGAIN}, with a "
                    "larger GANTLET_PATIENCE=SECONDS where the work takes that long"
                )

    def _broken(self, reason: str) -> PeerLost:
        """Return the error for gloo's: it names the processes that no longer beat."""
        interval, watch = self._heartbeats.interval, self._heartbeats.watch()
        for _ in range(BEATS):
            time.sleep(interval)
            gone = [rank for rank, seconds in watch.silence.items() if seconds >= GONE * interval]
            if gone or watch.verdict:
                break
        self._heartbeats.rest()
        if not watch.looks:
            self._answers = False
            return self._end(f"the connection to the other processes and to torchrun (or process 0) is lost; {AGAIN}")
        if gone:
            return self._end(
                f"{self._named(gone)} ended before the others: killed, out of memory or off the network; {AGAIN}"
            )
        return self._end(
            f"the connection of the {counted(self.size, 'process')} broke, and it cannot be told by which of them "
            f"({reason.splitlines()[0]}); {AGAIN}"
        )

    def _end(self, sentence: str) -> PeerLost:
        self._lost = True
        return PeerLost(self._agreed(sentence))

    def _agreed(self, sentence: str) -> str:
        """Return the sentence that ends the group's work: this one, or that of the process which was first."""
        with contextlib.suppress(RuntimeError):
            if self._answers:
                return self._store.compare_set("verdict", "", sentence).decode()
        return sentence

    def tell(self, sentence: str) -> bool:
        """Let the other processes know of the error that ends this one; return whether it is the first, which prints."""
        self._agreed(f"process {self.rank} of {self.size} (counted from 0) ended with an error: {sentence}")
        with contextlib.suppress(RuntimeError):
            return not self._answers or self._store.add("told", 1) == 1
        return True

    def leave(self) -> None:
        """End the heartbeats, when all that still beat have come to this point, or after `LEAVING` seconds."""
        with contextlib.suppress(RuntimeError):
            if self._answers:
                self._store.add("left", 1)
            if not (self._lost or self.stuck):
                self._see_off()
        self._heartbeats.end()

    def _see_off(self) -> None:
        interval, watch, ends = self._heartbeats.interval, self._heartbeats.watch(), time.monotonic() + LEAVING
        while time.monotonic() < ends:
            beating = [rank for rank, seconds in watch.silence.items() if seconds < GONE * interval]
            if self._store.add("left", 0) > len(beating):
                return
            time.sleep(interval / 50)

    def _named(self, ranks: Collection[int]) -> str:
        which = ", ".join(map(str, sorted(ranks)))
        return (
            f"process{'es' * (len(ranks) > 1)} {which} of {self.size} (counted from 0) {agreeing(len(ranks), 'have')}"
        )


def connected(name: str) -> Any:
    """Return a connection to the group's key-value store, for keys of this name; one connection serves one operation at a time.

    torchrun keeps the store when it starts processes again (--max-restarts), so the keys are those of this start: else gloo would wait
    at the addresses of processes that are gone.
    Raises: PeerLost when the store is not reached; ConfigError without the variables that torchrun sets.
    """
    from torch.distributed import PrefixStore, rendezvous  # type: ignore[attr-defined]

    seconds = max(patience(), PATIENCE)  # a short GANTLET_PATIENCE is for those who have met
    restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    try:
        address = rendezvous("env://", timeout=timedelta(seconds=seconds))
        return PrefixStore(f"{name}/{restart}", next(address)[0])
    except RuntimeError as error:
        raise PeerLost(
            f"the key-value store of torchrun (or of process 0) was not reached within {duration(seconds)} "
            f"({str(error).splitlines()[0]}); {AGAIN}"
        ) from None
    except ValueError as error:
        raise ConfigError(
            f"expected the environment variables that torchrun sets; {error}: start with torchrun"
        ) from None


def in_thread(work: Callable[[], None]) -> Callable[[float], bool]:
    """Start ``work`` in a thread; return what `Peers.wait` asks, which raises the work's error."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            work()
        except (RuntimeError, ValueError) as error:
            errors.append(error)

    def done(seconds: float) -> bool:
        thread.join(seconds)
        if errors:
            raise errors[0]
        return not thread.is_alive()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return done


def duration(seconds: float) -> str:
    """Return ``5 minutes``, ``90 seconds``."""
    return counted(seconds / 60, "minute") if seconds >= 120 and seconds % 60 == 0 else counted(seconds, "second")

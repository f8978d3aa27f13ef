"""Heartbeats: each process of a group counts up in the group's key-value store for as long as it runs."""

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.distributed import Store  # type: ignore[attr-defined]

INTERVAL = 1.0
"""Seconds between two heartbeats, at most."""


@dataclass
class Watch:
    """What one wait has seen of the other processes; the thread of `Heartbeats` writes it, the waiting one reads it.

    ``silence``: rank → seconds since its last heartbeat. Only time in which this process ran is counted, so that a
    group which is stopped and continued as a whole finds nobody silent. ``waiting``: the ranks that wait, too. ``looks``:
    how often the store has answered. ``verdict``: the sentence that ended the group's work, empty while there is none.
    """

    silence: dict[int, float]
    counts: dict[int, int] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    looks: int = 0
    verdict: str = ""

    def look(self, store: "Store", seconds: float) -> None:
        """Read all heartbeats, ``seconds`` after the last look; raises the store's RuntimeError."""
        for rank in self.silence:
            count = store.add(f"beat/{rank}", 0)
            self.silence[rank] = self.silence[rank] + seconds if self.counts.get(rank) == count else 0.0
            self.counts[rank] = count
        self.waiting = {rank for rank in self.silence if store.add(f"waiting/{rank}", 0)}
        if not self.verdict and store.check(["verdict"]):
            self.verdict = store.get("verdict").decode()
        self.looks += 1


class Heartbeats:
    """The heartbeats of this process: a thread adds to its counter in the store, and looks at the others' while someone waits.

    A thread beats whatever the process computes, in Python, NumPy or PyTorch, for as long as that takes. The exception is
    native code that keeps Python's interpreter lock: such a process looks as if it stood still.
    """

    def __init__(self, store: "Store", rank: int, size: int, interval: float) -> None:
        self.store, self.rank, self.size, self.interval = store, rank, size, interval
        self._watch: Watch | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gantlet-heartbeat", daemon=True)
        self._thread.start()

    def watch(self) -> Watch:
        """Begin to look at the other processes, until `rest`."""
        self._watch = Watch({rank: 0.0 for rank in range(self.size) if rank != self.rank})
        return self._watch

    def rest(self) -> None:
        """Stop looking."""
        self._watch = None

    def end(self) -> None:
        """End the thread; it may not outlive the interpreter."""
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        last, known = time.monotonic(), False
        while not self._ended.wait(self.interval):
            now, watch = time.monotonic(), self._watch
            try:
                self.store.add(f"beat/{self.rank}", 1)
                if (watch is not None) != known:
                    known = not known
                    self.store.add(f"waiting/{self.rank}", 1 if known else -1)
                if watch is not None:
                    watch.look(self.store, min(now - last, 2 * self.interval))
            except RuntimeError:  # the store is gone: whoever waits notices that there are no looks
                return
            last = now

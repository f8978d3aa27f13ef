"""Training that goes on in a thread, a number of steps at a time, with no change to the loop that does it."""

import threading
from collections.abc import Callable


class Turnstile:
    """Lets a loop pass `step` as often as `advance` has allowed; the loop calls `step` before each of its steps."""

    def __init__(self, train: Callable[["Turnstile"], object]) -> None:
        self.allowed, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.started = False
        threading.Thread(target=train, args=(self,), daemon=True).start()

    def step(self) -> None:
        """Report the end of the step before, and wait until one more is allowed."""
        if self.started:
            self.done.release()
        self.started = True
        self.allowed.acquire()

    def advance(self, steps: int) -> None:
        """Let the loop take this many steps and wait for their end."""
        for _ in range(steps):
            self.allowed.release()
            self.done.acquire()

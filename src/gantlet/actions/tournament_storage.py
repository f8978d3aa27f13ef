"""The trials of a tournament in an Optuna storage, which any number of workers on any number of machines share."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gantlet.core.errors import UsageError
from gantlet.core.results.tournament import Trial
from gantlet.core.schema import from_plain

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

PLACE, ALIVE, RESULT, LOST, SETTINGS = "place", "alive", "result", "lost", "settings"
LONGEST = 180.0
"""Seconds without a sign of life after which a worker's trial is taken up by another."""
BEATS = 6
"""Signs of life in that time."""
POLL = 0.5


@dataclass
class Places:
    """The places 0 … total − 1 of one stage of one method: each is to have one result.

    A worker claims a place by a running trial that names it. Where two claim one place, the trial of the lower number keeps it: a trial
    waits until all running ones of lower numbers name their place. A worker that gives no sign of life for `LONGEST` seconds, as seen
    by another worker's own clock, loses its place; what it tells later is discarded, so that nothing counts twice.
    """

    study: Study
    total: int
    longest: float = LONGEST
    _seen: dict[int, tuple[str, float]] = field(default_factory=dict)

    def results(self) -> dict[int, Trial]:
        """Return the first result of each place."""
        found: dict[int, Trial] = {}
        for trial in self._trials():
            place = int(trial.user_attrs.get(PLACE, -1))
            if (
                RESULT in trial.user_attrs
                and trial.state.is_finished()
                and LOST not in trial.user_attrs
                and place not in found
            ):
                found[place] = from_plain(Trial, json.loads(trial.user_attrs[RESULT]))
        return dict(sorted(found.items()))

    def done(self) -> bool:
        """Return whether every place has its result."""
        return len(self.results()) == self.total

    def claim(self, values: Mapping[int, Mapping[str, Any]]) -> Claim | None:
        """Claim the first open place; None where all are done or under way. ``values``: each place's settings, for the storage to show."""
        while True:
            self._let_go()
            taken = {*self.results(), *(trial.user_attrs.get(PLACE) for trial in self._running())}
            place = next((k for k in range(self.total) if k not in taken), None)
            if place is None:
                return None
            trial = self.study.ask()
            claim = Claim(self.study, trial.number, place, self.longest)
            claim.note(PLACE, place)
            claim.note("values", json.dumps(values.get(place, {})))
            if self._keeps(claim):
                return claim
            claim.lose()

    def _keeps(self, claim: Claim) -> bool:
        until = time.monotonic() + self.longest
        while True:
            earlier = [trial for trial in self._running() if trial.number < claim.number]
            unnamed = [trial for trial in earlier if PLACE not in trial.user_attrs]
            if not unnamed or time.monotonic() > until:
                break
            time.sleep(POLL)
        return (
            all(trial.user_attrs.get(PLACE) != claim.place for trial in earlier) and claim.place not in self.results()
        )

    def _let_go(self) -> None:
        """Take their places from workers that gave no sign of life, as this worker has seen them."""
        now = time.monotonic()
        for trial in self._running():
            sign = str(trial.user_attrs.get(ALIVE))
            last, since = self._seen.get(trial.number, ("", now))
            if sign != last:
                self._seen[trial.number] = (sign, now)
            elif now - since > self.longest:
                Claim(self.study, trial.number, -1, self.longest).lose()

    def _trials(self) -> list[FrozenTrial]:
        return sorted(self.study.get_trials(deepcopy=False), key=lambda trial: trial.number)

    def _running(self) -> list[FrozenTrial]:
        from optuna.trial import TrialState

        return [trial for trial in self._trials() if trial.state == TrialState.RUNNING]


@dataclass
class Claim:
    """A place that this worker has: it gives signs of life until it tells a result or lets go."""

    study: Study
    number: int
    place: int
    longest: float

    def note(self, key: str, value: Any) -> None:
        """Write a fact beside the trial."""
        self._storage.set_trial_user_attr(self._id, key, value)

    def tell(self, result: Trial) -> bool:
        """Write the result; return False where another worker has taken the place since, and this result is discarded."""
        from optuna.trial import TrialState

        try:
            self.note(RESULT, json.dumps(asdict(result)))
            value = result.best
            return self._end(TrialState.FAIL if value is None else TrialState.COMPLETE, value)
        except Exception as error:
            if _finished_before(error):
                return False
            raise

    def lose(self) -> None:
        """Give the place back: another worker, or this one later, takes it up."""
        from optuna.trial import TrialState

        try:
            self.note(LOST, True)
            self._end(TrialState.FAIL, None)
        except Exception as error:
            if not _finished_before(error):
                raise

    @contextlib.contextmanager
    def alive(self) -> Iterator[None]:
        """Give signs of life inside the block; an error inside lets the place go."""
        stop = threading.Event()

        def beat() -> None:
            count = 0
            while not stop.wait(0 if count == 0 else self.longest / BEATS):
                count += 1
                with contextlib.suppress(Exception):  # a storage that cannot be reached for a moment
                    self.note(ALIVE, f"{time.time():.0f} {count}")

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        except BaseException:
            stop.set()
            self.lose()
            raise
        finally:
            stop.set()
            thread.join(timeout=self.longest)

    def _end(self, state: Any, value: float | None) -> bool:
        return bool(self._storage.set_trial_state_values(self._id, state, None if value is None else [value]))

    @property
    def _storage(self) -> BaseStorage:
        return self.study._storage

    @property
    def _id(self) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self.study._study_id, self.number)


def _finished_before(error: Exception) -> bool:
    from optuna.exceptions import UpdateFinishedTrialError

    return isinstance(error, UpdateFinishedTrialError)


def open_storage(url: str) -> BaseStorage:
    """Open an Optuna storage: a database URL (sqlite:///FILE, postgresql://…) or ``journal:FILE``.

    Raises UsageError where optuna is not installed, and where the storage cannot be reached.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage, RDBStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise UsageError(
            "a tournament keeps its trials in an Optuna storage: pip install 'gantlet[tournament]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        if url.startswith("journal:"):
            return JournalStorage(JournalFileBackend(url.removeprefix("journal:")))
        return RDBStorage(url)
    except Exception as error:
        raise UsageError(
            f"cannot open the storage {url}: {str(error).splitlines()[0]}. Give --storage sqlite:///FILE, postgresql://USER@HOST/DATABASE or "
            "journal:FILE"
        ) from error


def open_places(
    storage: BaseStorage, name: str, total: int, settings: Mapping[str, Any], longest: float = LONGEST
) -> Places:
    """Open one stage of one method; raises UsageError where it was begun with other settings, naming them."""
    import optuna

    study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
    mine = json.dumps(dict(settings), sort_keys=True)
    before = study.user_attrs.get(SETTINGS)
    if before is None:
        study.set_user_attr(SETTINGS, mine)
    elif before != mine:
        was = json.loads(before)
        differing = [
            f"{key} = {was.get(key)!r}, now {settings.get(key)!r}"
            for key in {**was, **settings}
            if was.get(key) != settings.get(key)
        ]
        raise UsageError(
            f"the tournament in this storage was begun with other settings ({'; '.join(differing)}); give the same ones, or another --out "
            "and --storage"
        )
    return Places(study, total, longest)

"""The record of a run during the loop: log lines, sample grids, evaluations, the best checkpoint."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from gantlet.core.config import TrainConfig
from gantlet.core.drawing.grids import COLUMNS, grid_png
from gantlet.core.interfaces.hooks import Finishes
from gantlet.core.processes import Processes
from gantlet.training.checkpoint import Checkpoints
from gantlet.training.data import Pairs, TrainingData, TrainingPoints
from gantlet.training.initial import Taken
from gantlet.training.journal import PAIR_COLUMNS, ROWS, Journal, grid_labels, triples
from gantlet.training.monitor import sample_variance
from gantlet.training.observer import Observer, Samples, TrainResult
from gantlet.training.parts import Parts
from gantlet.training.runs.drawing import checked_labels, draw, draw_labels
from gantlet.training.state import TrainState
from gantlet.training.step_output import StepOutput


@dataclass(frozen=True)
class Record:
    """The run folder and the observer of one run; of several processes the first alone writes, evaluates and warns."""

    config: TrainConfig
    images: TrainingData
    state: TrainState
    saved: Checkpoints
    journal: Journal
    observer: Observer
    group: Processes

    @property
    def n_classes(self) -> int:
        """Return the number of classes that the generator takes; 0: unconditional."""
        return 0 if self.config.conditioning == "none" else len(self.images.classes)

    @property
    def pairs(self) -> Pairs | None:
        """Return the pairs, where the task is image to image."""
        return None if isinstance(self.images, TrainingPoints) else self.images.pairs

    def begin(self, resume: bool) -> bool:
        """Start the run folder, or go back to its newest checkpoint; return whether the run has ended already."""
        if not resume:
            self.group.first(lambda: self.journal.begin(self.config))
        else:
            restored = self.saved.restore(self.state)
            for sentence in restored.changes if restored else ():
                self._warn(sentence)
            ended = restored and restored.path.name == "final.safetensors" and self.state.step == self.config.steps
            step = self.state.step if restored else -1
            self.group.first(lambda: self.journal.rewind(self.config, step))
            if ended:
                return True
            anew = "the run was stopped before its first checkpoint: it begins anew"
            self._warn(f"resumed at step {step} from {restored.path}" if restored else anew)
        if self.state.step == 0:
            self.picture()
        return False

    def _warn(self, message: str) -> None:
        if self.group.rank == 0:
            self.observer.on_warning(message)

    def save(self, name: str | None = None) -> Path:
        """Write a checkpoint (``name`` best, final; None: by its step); every process returns its path when it is there."""
        return self.group.first(lambda: self.saved.save(self.state, name))

    def sampler(self, n: int, labels: Int64[np.ndarray, " n"] | Sequence[int] | None) -> Samples:
        """Return n images (or points) of the generator as it is now, always from the same latents; of pairs, those that
        it makes from the first n inputs that are not trained on (again from the first, where there are fewer).
        """
        wanted = checked_labels(labels, n, self.n_classes)
        if wanted is None and self.n_classes:
            wanted = draw_labels(n, self.images.class_counts, self.config.seed)
        inputs = None if self.pairs is None else self.pairs.shown[np.arange(n) % len(self.pairs.shown)]
        return draw(self.state.sampled, self.config.latent, n, wanted, self.config.seed, inputs=inputs)

    def picture(self) -> None:
        """Write a grid of samples, one class per row or eight rows; of pairs, input, output and truth; of points, a portrait.

        ``sample_every`` 0: none.
        """
        if self.group.rank or not self.config.sample_every:
            return
        if isinstance(self.images, TrainingPoints):
            from gantlet.training.portrait import portrait

            self.journal.picture(self.state.step, portrait(self.images, self.sampler, self.state))
            return
        if self.pairs is not None:
            outputs = self.sampler(min(ROWS * PAIR_COLUMNS, len(self.pairs.shown)), None)
            self.journal.picture(self.state.step, grid_png(triples(self.pairs, outputs), PAIR_COLUMNS))
            return
        labels = grid_labels(self.n_classes) if self.n_classes else None
        samples = self.sampler(COLUMNS**2 if labels is None else len(labels), labels)
        self.journal.picture(self.state.step, grid_png(samples))

    def log(
        self, d_output: StepOutput, g_output: StepOutput, values: Mapping[str, Tensor | float], real_variance: float
    ) -> None:
        """Write one line of both players' losses, terms, logits and further values; emit warnings for newly raised alarms."""
        if self.group.rank:
            return
        line = {name: float(term.detach()) for name, term in {**d_output.terms, **g_output.terms}.items()}
        if len(d_output.real_logits):
            line |= {
                "real_logits": float(d_output.real_logits.mean()),
                "fake_logits": float(d_output.fake_logits.mean()),
                "real_logits_min": float(d_output.real_logits.min()),
                "fake_logits_max": float(d_output.fake_logits.max()),
            }
        line |= {
            **{name: float(value) for name, value in values.items()},
            "sample_variance": sample_variance(g_output.fake),
            "real_variance": real_variance,
        }
        where = {"step": self.state.step, "images_seen": self.state.images_seen}
        self.observer.on_log(self.journal.write("log", **where, seconds=round(self.state.seconds, 3), **line))
        for message in self.state.monitor.update(line):
            self.journal.write("warning", **where, message=message)
            self.observer.on_warning(f"step {self.state.step}: {message}")

    def evaluate(self) -> None:
        """Have the observer measure the generator; keep the checkpoint when its score is the best so far.

        All processes call it: they share the work of an evaluation.
        """
        if not self.config.evaluate:
            return
        state = self.state
        state.last_score, estimates = self.observer.on_evaluate(self.sampler, state.step, state.images_seen)
        better = state.last_score is not None and (state.best_score is None or state.last_score < state.best_score)
        if better:
            state.best_step, state.best_score = state.step, state.last_score
        where = {"step": state.step, "images_seen": state.images_seen}
        if self.group.rank == 0:
            self.journal.write("evaluate", **where, score=state.last_score, best=better, estimates=estimates)
        if better:
            self.save("best")

    def conclude(self) -> None:
        """Evaluate the final generator, which is saved already, unless a run that is resumed at its end has done it."""
        step, score = self.state.step, self.state.last_score
        done = score is not None and self.group.first(lambda: self.journal.evaluated(step, score))
        if done or not self.config.evaluate:
            return
        self.group.first(lambda: self.journal.drop_evaluation(step))
        self.evaluate()
        self.save("final")  # with its scores

    def finish(self, parts: Parts, images: Iterable[Tensor]) -> None:
        """Let parts complete the generator after the last step; write their results to the journal, and warn where one did not converge.

        All processes call it: they share the work of a solve.
        """
        for name, part in parts.implementing(Finishes).items():
            result = part.finish(self.state.sampled, self.state.discriminator, images, self.config.seed)
            if self.group.rank == 0:
                self.journal.write("finish", step=self.state.step, part=name, **result)
            if not result.get("converged", True):
                self._warn(f"{name}: {result.get('reason')}")
            self.picture()

    def began(self, name: str, values: Mapping[str, Any]) -> None:
        """Write what a part did before the first step to the journal; warn where it did not converge."""
        if values and self.group.rank == 0:
            self.journal.write("begin", step=self.state.step, part=name, **values)
        if not values.get("converged", True):
            self._warn(f"{name}: {values.get('reason')}")

    def started_from(self, taken: Taken | None) -> None:
        """Write which weights of another run this one starts from, if any, to the journal, and say it."""
        if taken is not None:
            self.began("init-from", taken.record())
            self._warn(taken.sentence)

    def result(self) -> TrainResult:
        """Return the result of the run so far."""
        state = self.state
        scores = (state.last_score, state.best_score, state.best_step)
        return TrainResult(
            self.saved.run, state.step, state.images_seen, state.seconds, state.weights_digest(), *scores
        )

"""The evaluations of a training: what they need is prepared before its first step."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gantlet.actions.report import write_page
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.files import write_text
from gantlet.core.processes import processes
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import Report
from gantlet.data.arrays import array_source
from gantlet.data.kinds import Source
from gantlet.data.opening import open_source
from gantlet.data.points import PointSource
from gantlet.data.source import ImageSource
from gantlet.evaluation.compute import compute, resolve
from gantlet.evaluation.evaluator import Evaluator
from gantlet.evaluation.features.extract import extract
from gantlet.evaluation.gather import evidence_of
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.opening import bounded_n
from gantlet.evaluation.sides import Progress, Side
from gantlet.reports.model_card import write_model_card
from gantlet.training.observer import Measured, Sampler
from gantlet.training.runs.drawing import draw_labels

IN_LOOP = ("frechet_distance", "coverage", "precision", "recall")
IN_LOOP_PAIRS = (*IN_LOOP, "psnr")
BY_CLASS = ("modes", "mode_kl")
"""Additional metrics, where the features include probabilities of the data's own classes."""
IN_LOOP_POINTS = ("modes", "high_quality", "mode_kl", "frechet_distance")
AT_THE_END = ("headline",)
AT_THE_END_PAIRS = ("headline", "psnr", "ssim")


@dataclass
class Evaluations:
    """All that evaluates a run: its extractors and real side (built once, by `prepare`), in the loop and at the end."""

    config: TrainConfig
    source: Source
    shape: tuple[int, int] | None
    progress: Progress
    say: Callable[[str], None]
    metrics: tuple[str, ...] = ()
    """Those of the report; (): the usual ones."""
    _base: Evaluator | None = None
    _evaluators: dict[tuple[str, ...], Evaluator] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)

    @property
    def paired(self) -> bool:
        """Return whether images are translated from input images; then each output is compared with its own truth."""
        return isinstance(self.source, ImageSource) and self.source.inputs is not None

    @property
    def selected(self) -> str:
        """Return the name of the metric that chooses the best checkpoint; raises UnknownName, ConfigError."""
        return resolve(self.config.select)[0].name

    @property
    def settings(self) -> EvaluateConfig:
        """Return the evaluation's settings without its metrics."""
        return EvaluateConfig(
            features=self.config.features,
            weights=self.config.weights,
            on_bad=self.config.on_bad,
            seed=self.config.seed,
            train=self.source.spec,
            pairs="order" if self.paired else "names",
        )

    def prepare(self) -> None:
        """Build the extractors and extract the real side, so that what is missing is known before the first step.

        Raises: UnknownName, UsageError for metrics and features; WeightsError; what is wrong with the real images.
        """
        _ = self.selected
        real = open_source(self.source.held_out) if self.source.held_out else self.source
        self._base = Evaluator(real, self.settings, shape=self.shape, progress=self.progress)
        for metrics in (self.in_loop, self.at_the_end):
            for space in self.evaluator(metrics).spaces:
                metric_names(space.config, space.name)

    @property
    def in_loop(self) -> tuple[str, ...]:
        """Return the metrics inside the loop: the usual ones, and the selecting one with its options."""
        usual = IN_LOOP_POINTS if self.source.kind == "points" else IN_LOOP_PAIRS if self.paired else IN_LOOP
        return (*(name for name in usual if name != self.selected), self.config.select)

    @property
    def at_the_end(self) -> tuple[str, ...]:
        """Return the metrics of the report."""
        return self.metrics or (AT_THE_END_PAIRS if self.paired else AT_THE_END)

    def evaluator(self, metrics: tuple[str, ...]) -> Evaluator:
        """Return an evaluator for these metrics and those by class; real images are the held-out ones where there are any."""
        if self._base is None:
            self.prepare()
        assert self._base is not None
        probabilities = self._base.spaces[0].real.rows.probabilities
        if probabilities is not None and probabilities.shape[1] == len(self.source.classes):
            named = {resolve(spec)[0].name for spec in metrics if spec != "headline"}
            metrics = (*metrics, *(name for name in BY_CLASS if name not in named))
        if metrics not in self._evaluators:
            self._evaluators[metrics] = self._base.asking(metrics)
        return self._evaluators[metrics]

    def measure(self, sampler: Sampler, step: int) -> Measured:
        """Evaluate samples drawn inside the loop, in the first feature space."""
        source, space = self.source, self.evaluator(self.in_loop).spaces[0]
        n = space.real.rows.n if self.paired else self.config.evaluate_samples
        known = source.labels if self.config.conditioning != "none" else None
        labels = (
            None if known is None else draw_labels(n, np.bincount(known, minlength=len(source.classes)), step)
        )  # in the report's proportions
        samples, name, classes = sampler(n, labels), f"samples of step {step}", () if known is None else source.classes
        fake = (
            PointSource(name, samples, labels, classes)
            if samples.ndim == 2
            else array_source(name, samples, labels, classes)
        )
        names = metric_names(space.config, space.name)
        bank = extract(fake, space.extractor, cache=False)[0]
        estimates = compute(evidence_of(space, Side(fake, bank), names), names)
        selected = next(e for e in estimates if e.metric == self.selected)
        if selected.value is None:
            self._say_once(f"no best checkpoint is chosen by {selected.metric}: {'; '.join(selected.notes)}")
        values = {e.metric: {"value": e.value, "low": e.low, "high": e.high} for e in estimates if e.value is not None}
        return Measured(_score(selected), values)

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self.say(text)

    def report(self) -> Report:
        """Evaluate the best and the final generator with all metrics and write the run's report, page and card."""
        out, seed = Path(self.config.out), self.config.seed
        evaluator = self.evaluator(self.at_the_end)
        space = evaluator.spaces[0]
        n = space.real.rows.n
        n = n if self.paired else bounded_n(n, space.held_out.rows.n if space.held_out else 0)
        best = None
        if (out / "checkpoints" / "best.safetensors").is_file():
            best = evaluator.evaluate(open_source(f"run:{out}@best", n=n, seed=seed))
        report = evaluator.evaluate(open_source(f"run:{out}@final", n=n, seed=seed), out=out)
        self.say(f"wrote {processes().first(lambda: _write_outputs(self.config, out, report, best))}")
        return report

    def command(self) -> str:
        """Return the command that repeats the last evaluation."""
        config, out, data = self.settings, self.config.out, self.source
        words = ["gantlet", "evaluate", f"run:{out}@final", "--real", data.held_out or data.spec, "--train", data.spec]
        for option, value in (("features", config.features), ("weights", config.weights), ("seed", str(config.seed))):
            words += [f"--{option}", value] if value != str(getattr(EvaluateConfig, option)) else []
        words += ["--on-bad", config.on_bad] if config.on_bad != EvaluateConfig.on_bad else []
        words += ["--pairs", "order"] if self.paired else []
        words += ["--metrics", *self.at_the_end] if self.at_the_end != AT_THE_END else []
        run = self.config
        parts = (run.network, run.discriminator, run.objective, *run.techniques)
        if self.paired or any(":" in part for part in parts):  # else the run may not name its inputs, or code
            words.append("--trust")
        return shlex.join([*words, "--out", out])


def _score(estimate: Estimate) -> float | None:
    if estimate.value is None:
        return None
    return estimate.value if METRICS.entry(estimate.metric).meta.lower_is_better else -estimate.value


def _write_outputs(config: TrainConfig, out: Path, report: Report, best: Report | None) -> Path:
    if best is not None:
        write_text(out / "report-best.json", best.to_json())
    write_model_card(out, config, report, best)
    return write_page(out)

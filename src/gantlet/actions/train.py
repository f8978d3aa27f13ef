"""Train a GAN: open the data, run the loop with evaluations in it, report the best and the final generator."""

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gantlet.actions.report import write_page
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.drawing.grids import animate
from gantlet.core.errors import ConfigError
from gantlet.core.files import explained, write_text
from gantlet.core.locks import only_one, sweep
from gantlet.core.processes import processes
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import Report
from gantlet.core.trust import trust
from gantlet.data.arrays import array_source
from gantlet.data.kinds import Source, require_images
from gantlet.data.opening import open_images, open_source
from gantlet.data.paired import pair_arrays
from gantlet.data.points import PointSource
from gantlet.data.reading import native_shape, to_array
from gantlet.data.source import ImageSource
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evaluator import Evaluator
from gantlet.evaluation.features.extract import extract
from gantlet.evaluation.gather import evidence_of
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.opening import bounded_n
from gantlet.evaluation.sides import Progress, Side, nothing
from gantlet.reports.model_card import write_model_card
from gantlet.training.data import Pairs, TrainingData, TrainingImages, TrainingPoints
from gantlet.training.journal import pictures, require_free
from gantlet.training.loop import run
from gantlet.training.observer import Measured, Sampler
from gantlet.training.runs.generator import draw_labels

IN_LOOP = ("frechet_distance", "coverage", "precision", "recall")
IN_LOOP_PAIRS = (*IN_LOOP, "psnr")
BY_CLASS = ("modes", "mode_kl")
"""Additional metrics, where the features include probabilities of the data's own classes."""
IN_LOOP_POINTS = ("modes", "high_quality", "mode_kl", "frechet_distance")


def train(
    config: TrainConfig, *, resume: bool = False, progress: Progress = nothing, say: Callable[[str], None] = print
) -> Report:
    """Train by a configuration into its run folder; evaluate, and write report.json, report.html and MODEL_CARD.md there.

    Args: config: the training; resume: continue from the newest checkpoint; progress, say: called with progress and messages.
    Returns: the final generator's Report; that of the best one is report-best.json.
    Under torchrun the processes share every batch, and the evaluations.
    Raises: ConfigError, DataError, OutputError (the folder holds a run already), CheckpointError, TrainingDiverged.
    """
    with trust():  # what the caller configured is read back from the run's own files
        return _train(dataclasses.replace(config, out=str(run_folder(config))), resume, progress, say)


def _train(config: TrainConfig, resume: bool, progress: Progress, say: Callable[[str], None]) -> Report:
    out = Path(config.out)
    processes().first(lambda: require_free(config, resume=resume))
    source = open_source(config.data)
    for line in () if resume else (*source.notes, *source.remarks):
        say(line)
    if config.conditioning != "none" and source.labels is None:
        raise ConfigError(
            f"conditioning {config.conditioning!r} needs labels, but {config.data} has none; "
            "sort the images into one folder per class, or train with --conditioning none"
        )
    data = training_data(source, config.resolution, progress)
    if isinstance(data, TrainingImages) and data.pairs is not None and not source.held_out:
        say(f"{source.spec} has no held-out split: outputs are shown and measured for training inputs")
    shape = (data.shape.size, data.shape.channels) if isinstance(data, TrainingImages) else None
    observer = _Observer(config, _Evaluations(config, source, shape, progress), progress, say)
    with _alone(out):
        return _run(config, data, resume, observer)


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep every other training out of the run folder, and remove what killed ones left there; raises OutputError."""
    with contextlib.ExitStack() as stack:

        def begin() -> None:
            with explained(out):
                out.mkdir(parents=True, exist_ok=True)
                stack.enter_context(only_one(out))
            sweep(out, out / "checkpoints", out / "samples", out / "pictures")

        processes().first(begin)
        yield


def _run(config: TrainConfig, data: TrainingData, resume: bool, observer: "_Observer") -> Report:
    out, say = Path(config.out), observer.say
    result = run(config, data, resume=resume, observer=observer)
    if isinstance(data, TrainingPoints) and config.sample_every:
        processes().first(lambda: animate([path for _, path in pictures(out)], out / "samples/animation.gif"))
    say(f"trained to step {result.step:,}; SHA-256 of the weights {result.weights_sha256}")
    return _reports(config, out, observer.evaluations, say)


def training_data(source: Source, resolution: int = 0, progress: Progress = nothing) -> TrainingData:
    """Read a whole source into memory: images at ``resolution`` pixels (0: the smallest that holds them), or points."""
    if isinstance(source, PointSource):
        return TrainingPoints(source.points, source.labels, source.classes, source.digest, source.spec)
    source = require_images(source, "training")
    native, channels = native_shape(source)
    shape = resolution or native, channels

    def show_progress(done: int, total: int) -> None:
        progress("reading the training images", done, total)

    pairs = None
    if source.inputs is None:
        images = to_array(source, *shape, progress=show_progress)
    else:
        images, inputs = pair_arrays(source, *shape, show_progress)
        other = pair_arrays(open_images(source.held_out), *shape) if source.held_out else (images, inputs)
        pairs = Pairs(inputs, other[1], other[0].pixels)
    return TrainingImages(images.pixels, images.labels, source.classes, source.digest, source.spec, pairs)


def run_folder(config: TrainConfig) -> Path:
    """Return the folder of a run: ``out``, or runs/RECIPE-DATA."""
    if config.out:
        return Path(config.out)
    name = re.sub(
        r"[^\w.-]+", "-", f"{config.recipe or parse_name(config.network)}-{Path(parse_name(config.data)).name}"
    )
    return Path("runs") / name.strip("-")


def parse_name(spec: str) -> str:
    """Return a spec without its options."""
    return spec.partition("[")[0]


@dataclass
class _Evaluations:
    """The evaluators of a run, prepared when first needed."""

    config: TrainConfig
    source: Source
    shape: tuple[int, int] | None
    progress: Progress
    _evaluators: dict[str, Evaluator] = field(default_factory=dict)

    @property
    def paired(self) -> bool:
        """Return whether images are translated from input images; then each output is compared with its own truth."""
        return isinstance(self.source, ImageSource) and self.source.inputs is not None

    def evaluator(self, metrics: tuple[str, ...]) -> Evaluator:
        """Return an evaluator for these metrics and those by class; real images are the held-out ones where there are any."""
        if "" not in self._evaluators:
            real = open_source(self.source.held_out) if self.source.held_out else self.source
            pairs = "order" if self.paired else "names"
            settings = EvaluateConfig(
                features=self.config.features, seed=self.config.seed, train=self.source.spec, pairs=pairs
            )
            self._evaluators[""] = Evaluator(real, settings, shape=self.shape, progress=self.progress)
        probabilities = self._evaluators[""].spaces[0].real.rows.probabilities
        if probabilities is not None and probabilities.shape[1] == len(self.source.classes):
            metrics = (*metrics, *BY_CLASS)
        key = ",".join(metrics)
        if key not in self._evaluators:
            self._evaluators[key] = self._evaluators[""].asking(metrics)
        return self._evaluators[key]


@dataclass
class _Observer:
    """Observer of the loop: shows progress and messages, and evaluates during training."""

    config: TrainConfig
    evaluations: _Evaluations
    progress: Progress
    say: Callable[[str], None]

    def on_log(self, line: Mapping[str, Any]) -> None:
        """Do nothing: the loop has written the line."""

    def on_warning(self, message: str) -> None:
        """Print a warning."""
        self.say(message)

    def on_progress(self, step: int, total: int) -> None:
        """Show the progress of the training."""
        self.progress("training, generator steps", step, total)

    def on_evaluate(self, sampler: Sampler, step: int, images_seen: int) -> Measured:
        """Evaluate samples drawn inside the loop."""
        source, paired = self.evaluations.source, self.evaluations.paired
        usual = IN_LOOP_POINTS if source.kind == "points" else IN_LOOP_PAIRS if paired else IN_LOOP
        evaluator = self.evaluations.evaluator(tuple(dict.fromkeys((*usual, self.config.select))))
        (space,) = evaluator.spaces
        n = space.real.rows.n if paired else self.config.evaluate_samples
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
        names = metric_names(space.config)
        estimates = compute(
            evidence_of(space, Side(fake, extract(fake, space.extractor, cache=False)[0]), names), names
        )
        selected = next(e for e in estimates if e.metric == self.config.select)
        values = {e.metric: {"value": e.value, "low": e.low, "high": e.high} for e in estimates if e.value is not None}
        return Measured(_score(selected), values)


def _score(estimate: Estimate) -> float | None:
    if estimate.value is None:
        return None
    return estimate.value if METRICS.entry(estimate.metric).meta.lower_is_better else -estimate.value


def _reports(config: TrainConfig, out: Path, evaluations: _Evaluations, say: Callable[[str], None]) -> Report:
    """Evaluate the best and the final generator with all metrics and write the run's report, page and card."""
    evaluator = evaluations.evaluator(("headline", "psnr", "ssim") if evaluations.paired else ("headline",))
    space = evaluator.spaces[0]
    n = space.real.rows.n
    n = n if evaluations.paired else bounded_n(n, space.held_out.rows.n if space.held_out else 0)
    best = None
    if (out / "checkpoints" / "best.safetensors").is_file():
        best = evaluator.evaluate(open_source(f"run:{out}@best", n=n, seed=config.seed))
    report = evaluator.evaluate(open_source(f"run:{out}@final", n=n, seed=config.seed), out=out)
    say(f"wrote {processes().first(lambda: _write_outputs(config, out, report, best))}")
    return report


def _write_outputs(config: TrainConfig, out: Path, report: Report, best: Report | None) -> Path:
    if best is not None:
        write_text(out / "report-best.json", best.to_json())
    write_model_card(out, config, report, best)
    return write_page(out)

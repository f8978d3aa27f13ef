"""Train a GAN: open the data, run the loop with evaluations in it, report the best and the final generator."""

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from gantlet.actions.pace import Pace
from gantlet.actions.sizing import sized
from gantlet.actions.train_evaluations import Evaluations
from gantlet.core.calls import called
from gantlet.core.config import TrainConfig
from gantlet.core.drawing.grids import animate
from gantlet.core.errors import ConfigError, GantletError, Interrupted, OutputError, PeerLost
from gantlet.core.files import explained
from gantlet.core.locks import only_one, sweep
from gantlet.core.processes import processes
from gantlet.core.results.report import Report
from gantlet.core.trust import trust
from gantlet.data.image_pairs import as_pairs
from gantlet.data.kinds import Source, require_images
from gantlet.data.opening import open_images, open_source
from gantlet.data.paired import pair_arrays
from gantlet.data.points import PointSource
from gantlet.data.tables import unscaled
from gantlet.data.training_images import nobody, read_whole
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training.data import Pairs, TrainingData, TrainingImages, TrainingPoints
from gantlet.training.journal import is_run, pictures, require_free
from gantlet.training.loop import run
from gantlet.training.networks import NETWORKS
from gantlet.training.observer import Measured, Sampler
from gantlet.training.runs.own_data import recorded


@called
def train(
    config: TrainConfig,
    *,
    resume: bool | Literal["auto"] = False,
    size_steps: bool = False,
    metrics: tuple[str, ...] = (),
    progress: Progress = nothing,
    say: Callable[[str], None] = print,
) -> Report | None:
    """Train by a configuration into its run folder; evaluate, and write report.json, report.html and MODEL_CARD.md there.

    What evaluates, and its real side, is built before the first step. An evaluation that fails afterwards is a warning that has
    the command that repeats it; the weights are saved before.

    Of data without a split of their own a share is kept out of training, for its evaluation (``config.held_out``).

    Args: config: the training; resume: continue from the newest checkpoint (auto: where there is a run, else start);
    size_steps: lower ``config.steps`` where the data are few, as the command does for a recipe's number;
    metrics: those of the report; (): the usual ones; progress, say: called with progress and messages.
    Returns: the final generator's Report (that of the best one is report-best.json); None where ``config.evaluate`` is off
    or the last evaluation failed.
    Under torchrun the processes share every batch, and the evaluations; there an evaluation that fails ends all of them.
    Raises: ConfigError, DataError, OutputError (the folder holds a run already), CheckpointError, TrainingDiverged;
    UnknownName, WeightsError about the evaluations.
    """
    if not isinstance(config, TrainConfig):
        raise ConfigError(f"gantlet.train takes a TrainConfig; got {type(config).__name__}")
    with trust():  # what the caller configured is read back from the run's own files
        config = dataclasses.replace(config, out=str(run_folder(config)))
        resumes = processes().first(lambda: is_run(Path(config.out))) if resume == "auto" else resume
        prepared = partial(Evaluations, metrics=tuple(metrics))
        return _train(config, resumes, size_steps, (progress, say, prepared))


def _train(
    config: TrainConfig,
    resume: bool,
    size_steps: bool,
    asked: tuple[Progress, Callable[[str], None], Callable[..., Evaluations]],
) -> Report | None:
    progress, say, prepared = asked
    processes().first(lambda: require_free(config, resume=resume))
    config, source = _as_wanted(config)
    before = processes().first(lambda: recorded(Path(config.out) / "config.toml")) if resume else None
    config, source, chosen = sized(config, source, steps=size_steps, before=before)
    if config.conditioning != "none" and source.labels is None:
        raise ConfigError(
            f"conditioning {config.conditioning!r} needs labels, but {config.data} has none; "
            "sort the images into one folder per class, or train with --conditioning none"
        )
    for line in () if resume else (*source.notes, *source.remarks, *chosen):
        say(line)
    hears = nobody if resume else say
    data = training_data(source, config.resolution, progress, on_bad=config.on_bad, cache=config.cache, say=hears)
    if isinstance(data, TrainingImages) and data.pairs is not None and not source.held_out:
        say(f"{source.spec} has no held-out split: outputs are shown and measured for training inputs")
    shape = (data.shape.size, data.shape.channels) if isinstance(data, TrainingImages) else None
    evaluations = prepared(config, source, shape, progress, say) if config.evaluate else None
    if evaluations is not None:
        evaluations.prepare()
    with _alone(Path(config.out)):
        return _run(config, data, resume, _Observer(config, evaluations, progress, say, Pace(config.evaluate)))


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


def _run(config: TrainConfig, data: TrainingData, resume: bool, observer: "_Observer") -> Report | None:
    out, say = Path(config.out), observer.say
    result = run(config, data, resume=resume, observer=observer)
    if isinstance(data, TrainingPoints) and config.sample_every:
        processes().first(lambda: animate([path for _, path in pictures(out)], out / "samples/animation.gif"))
    say(f"trained to step {result.step:,}; SHA-256 of the weights {result.weights_sha256}")
    if observer.evaluations is None:
        return None
    try:
        return observer.evaluations.report()
    except Exception as error:  # noqa: BLE001 - whatever it is, the weights are saved
        _require_survivable(error)
        again = observer.evaluations.command()
        say(
            f"warning: the weights are saved, and the last evaluation failed: {_sentence(error)}. To repeat it: {again}"
        )
        return None


def training_data(
    source: Source,
    resolution: int = 0,
    progress: Progress = nothing,
    *,
    on_bad: str = "fail",
    cache: bool = False,
    say: Callable[[str], None] = nobody,
) -> TrainingData:
    """Read a whole source: images at ``resolution`` pixels (0: the smallest that holds them), or points.

    ``on_bad``: fail or skip, for files that cannot be decoded; ``cache``: many images are decoded once into a file and mapped,
    not held in memory; ``say``: called with what was done to the data.
    """
    if isinstance(source, PointSource):
        for sentence in filter(None, [unscaled(source)]):
            say(sentence)
        return TrainingPoints(source.points, source.labels, source.classes, source.digest, source.spec)
    source = require_images(source, "training")
    reading = partial(progress, "reading the training images")
    read = read_whole(source, resolution, on_bad=on_bad, progress=reading, cache=cache, say=say)
    for sentence in read.said:
        say(sentence)
    images, inputs, pairs = read.images, read.inputs, None
    if inputs is not None:
        shape, truth, shown = images.pixels.shape[1::2], images.pixels, inputs
        if source.held_out:
            held_out, channels = open_images(source.held_out), inputs.shape[3]
            other = pair_arrays(held_out, *shape, on_bad=on_bad, input_channels=channels)
            truth, shown = other[0].pixels, other[1]
        pairs = Pairs(inputs, shown, truth)
    return TrainingImages(images.pixels, images.labels, source.classes, source.digest, source.spec, pairs)


def _as_wanted(config: TrainConfig) -> tuple[TrainConfig, Source]:
    """Return the opened training data: as pairs where the network makes images from images, and a folder holds pairs of its own.

    The configuration then names the pairs, as the run's own files do.
    """
    if NETWORKS.build(config.network).capabilities.translates and (pairs := as_pairs(config.data)):
        config = dataclasses.replace(config, data=pairs)
    return config, open_source(config.data)


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
class _Observer:
    """Observer of the loop: shows progress and messages, and evaluates during training."""

    config: TrainConfig
    evaluations: Evaluations | None
    progress: Progress
    say: Callable[[str], None]
    pace: Pace
    losses: str = ""

    def on_log(self, line: Mapping[str, Any]) -> None:
        """Keep the losses, to show them; the loop has written the line."""
        if "d_loss" in line and "g_loss" in line:
            self.losses = f"loss D {line['d_loss']:.3g}, G {line['g_loss']:.3g}"

    def on_warning(self, message: str) -> None:
        """Print a warning."""
        self.say(message)

    def on_progress(self, step: int, total: int) -> None:
        """Show the progress of the training: losses, the newest samples; and once how long it will take."""
        if sentence := self.pace.note(step, total):
            self.say(sentence)
        every = self.config.sample_every
        newest = f"{self.config.out}/samples/step-{step // every * every:08d}.png" if every else ""
        shown = ", ".join(filter(None, (self.losses, newest)))
        self.progress("training, generator steps" + (f": {shown}" if shown else ""), step, total)

    def on_evaluate(self, sampler: Sampler, step: int, images_seen: int) -> Measured:
        """Evaluate samples drawn inside the loop; what fails is a warning, and the training goes on."""
        if self.evaluations is None:
            return Measured(None, {})
        try:
            return self.evaluations.measure(sampler, step)
        except Exception as error:  # noqa: BLE001 - whatever it is, the training is worth more
            _require_survivable(error)
            self.say(f"the evaluation at step {step} failed, and the training goes on: {_sentence(error)}")
            return Measured(None, {})


def _require_survivable(error: Exception) -> None:
    """Raise an error again that is not the evaluation's own: a disk that is full, or processes that are out of step."""
    if isinstance(error, OutputError | PeerLost | Interrupted) or processes().size > 1:
        raise error


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, GantletError) else f"{type(error).__name__}: {error}"

"""A Judge: the real side of an evaluation, prepared once, so that any number of fakes can be judged against it."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gantlet import metrics
from gantlet.actions.labelled import predictions
from gantlet.config import EvaluateConfig, memory_bytes
from gantlet.data import open_source
from gantlet.data.reading import fitted
from gantlet.data.source import ImageSource
from gantlet.errors import UsageError
from gantlet.features import EXTRACTORS, Extractor, build_extractor
from gantlet.features.extract import BATCH, extract
from gantlet.metrics import METRICS
from gantlet.registry import format_spec, parse_spec
from gantlet.results import Estimate
from gantlet.rng import numpy_stream
from gantlet.stats.evidence import Evidence, Predictions
from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.latent import LatentSpace
from gantlet.stats.pairs import paired_rows

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the images done and their number."""


HEADLINE = (
    "frechet_distance", "frechet_distance_debiased", "kernel_distance", "precision", "recall", "density", "coverage",
    "one_nn_accuracy", "gan_train", "gan_test", "modes", "inception_score", "mode_score",
)  # fmt: skip
"""The metrics of an evaluation that names none; ``all`` stands for every registered one."""


@dataclass(frozen=True)
class Images:
    """One set of images with its features; ``skipped`` names files that could not be decoded, ``warnings`` what else went wrong."""

    source: ImageSource
    bank: FeatureBank
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class Judge:
    """Everything of an evaluation but the fakes. ``train`` and ``test`` are the same objects as ``real`` and ``held_out``.

    ``held_out`` is None where the real source has no second split; then two halves of ``real`` make the yardstick.
    """

    config: EvaluateConfig
    extractor: Extractor
    real: Images
    held_out: Images | None
    train: Images
    test: Images | None
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    _yardsticks: dict[str, Estimate] = field(default_factory=dict)

    def features(self, source: ImageSource, keep: bool = True) -> Images:
        """Extract the features of generated images, or read them from the cache; ``keep`` False leaves the cache alone."""
        config = self.config if keep else dataclasses.replace(self.config, cache=False)
        return _features(
            self.extractor, source, role="generated", config=config, progress=self.progress, seconds=self.seconds
        )

    def evidence(self, fake: Images, answers: Mapping[str, Predictions]) -> Evidence:
        """Return real against fake, with the classifiers' answers."""
        evidence = self._evidence(self.real.bank, fake.bank, answers)
        return dataclasses.replace(
            evidence,
            train=self.train.bank,
            test=self.test.bank if self.test else None,
            pairs=paired_rows(self.real.bank, fake.bank, self.config.pairs),
            latents=_latents(fake.source, self.extractor),
        )

    def _evidence(self, real: FeatureBank, fake: FeatureBank, answers: Mapping[str, Predictions]) -> Evidence:
        return Evidence(
            real,
            fake,
            self.config.seed,
            self.config.level,
            memory_bytes(self.config.memory),
            self.train.source.classes,
            answers,
        )

    def metric_names(self) -> list[str]:
        """Return the metrics asked for."""
        return metric_names(self.config)

    def asking(self, names: Sequence[str]) -> "Judge":
        """Return a judge over the same real side that computes these metrics."""
        config = dataclasses.replace(self.config, metrics=tuple(names))
        return dataclasses.replace(self, config=config, seconds={}, _yardsticks={})

    def answers(self, fake: ImageSource) -> Mapping[str, Predictions]:
        """Train and ask the classifiers of GAN-train and GAN-test where these metrics were asked for."""
        if not {"gan_train", "gan_test"} & set(self.metric_names()):
            return {}
        started = time.perf_counter()
        self.progress("classifiers for gan_train and gan_test", 0, 2)
        test = self.test.source if self.test else None
        found = predictions(self.train.source, test, fake, self.config.seed, self.config.on_bad)
        self.seconds["classifiers"] = time.perf_counter() - started
        return found

    def estimates(self, evidence: Evidence) -> tuple[Estimate, ...]:
        """Return every metric asked for, each with its yardstick beside it."""
        names = self.metric_names()
        started = time.perf_counter()
        found = metrics.compute(evidence, names, progress=self._counted("metrics", len(names)))
        self.seconds["metrics"] = self.seconds.get("metrics", 0.0) + time.perf_counter() - started
        yardsticks = self.yardsticks(names)
        return tuple(dataclasses.replace(e, reference=yardsticks.get(e.metric)) for e in found)

    def yardsticks(self, names: list[str]) -> dict[str, Estimate]:
        """Return real against held-out real for each metric, computed once."""
        missing = [name for name in names if name not in self._yardsticks]
        if missing:
            started = time.perf_counter()
            found = metrics.compute(
                self._real_against_real(), missing, progress=self._counted("yardsticks", len(missing))
            )
            self._yardsticks.update({e.metric: e for e in found if e.value is not None})
            self.seconds["yardsticks"] = time.perf_counter() - started
        return self._yardsticks

    def _real_against_real(self) -> Evidence:
        if self.held_out is not None:
            return self._evidence(self.real.bank, self.held_out.bank, self._usual_answers())
        order = numpy_stream(self.config.seed, "yardstick").permutation(self.real.bank.n)
        half = self.real.bank.n // 2
        return self._evidence(self.real.bank.take(order[:half]), self.real.bank.take(order[half:]), {})

    def _usual_answers(self) -> Mapping[str, Predictions]:
        if self.test is None or not {"gan_train", "gan_test"} & set(self.metric_names()):
            return {}
        return predictions(self.train.source, self.test.source, None, self.config.seed, self.config.on_bad)

    def _counted(self, stage: str, total: int) -> Callable[[str], None]:
        done = iter(range(1, total + 1))
        return lambda name: self.progress(f"{stage}: {name}", next(done, total), total)


def metric_names(config: EvaluateConfig) -> list[str]:
    """Return the metrics that a configuration asks for, in its order; raises UnknownName."""
    asked = [name for words in config.metrics for name in words.split(",") if name]
    if "all" in asked:
        return METRICS.names()
    asked = [name for word in asked for name in (HEADLINE if word == "headline" else [word])]
    return [METRICS.entry(name).name for name in dict.fromkeys(asked)]


def prepare(
    opened: ImageSource, config: EvaluateConfig, progress: Progress, shape: tuple[int, int] | None = None
) -> Judge:
    """Choose and build the extractor, and extract the features of the real, held-out and training images.

    ``shape``: the side and channels of a trained generator; real images are brought to it as for its training.
    """

    def fit(source: ImageSource) -> ImageSource:
        return source if shape is None or source.read(0).shape == (shape[0], *shape) else fitted(source, *shape)

    held_out_text = config.held_out or opened.held_out
    held_out = fit(open_source(held_out_text)) if held_out_text else None
    opened = fit(opened)
    if config.train:
        train = fit(open_source(config.train))
        test = opened if train.digest != opened.digest else held_out
    else:
        real_is_test = held_out is not None and "split=test" in opened.spec
        train, test = (held_out, opened) if real_is_test and held_out is not None else (opened, held_out)
    extractor = build_extractor(_features_spec(config), train=train, held_out=test, progress=progress)
    seconds: dict[str, float] = {}
    found: dict[str, Images] = {}
    for role, source in (("real", opened), ("held-out", held_out), ("training", train)):
        if source is not None and source.digest not in found:
            found[source.digest] = _features(
                extractor, source, role=role, config=config, progress=progress, seconds=seconds
            )

    def known(source: ImageSource | None) -> Images | None:
        return None if source is None else found[source.digest]

    real, training = found[opened.digest], found[train.digest]
    return Judge(config, extractor, real, known(held_out), training, known(test), progress, seconds)


def _latents(source: ImageSource, extractor: Extractor) -> LatentSpace | None:
    """Return the generator behind a source as its features see it; None where there is none, or it cannot be seen
    without rounding.
    """
    generator = source.latents
    if generator is None or not EXTRACTORS.entry(extractor.name).meta.get("unrounded"):
        return None

    def features(z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        found = []
        for start in range(0, len(z), BATCH):
            rows = slice(start, start + BATCH)
            images = generator.images(z[rows], None if labels is None else labels[rows])
            found.append(extractor.extract(np.stack([extractor.prepare(image) for image in images]))[0])
        return np.concatenate(found)

    return LatentSpace(generator.dim, features, generator.class_counts)


def _features_spec(config: EvaluateConfig) -> str:
    if not config.weights:
        return config.features
    name, options = parse_spec(config.features)
    return format_spec(name, {**options, "weights": config.weights})


def _features(
    extractor: Extractor,
    source: ImageSource,
    *,
    role: str,
    config: EvaluateConfig,
    progress: Progress,
    seconds: dict[str, float],
) -> Images:
    if not len(source):
        raise UsageError(f"{source.spec} holds no images")
    bank, info = extract(
        source, extractor, cache=config.cache, on_bad=config.on_bad,
        progress=lambda done, total: progress(f"features of the {role} images", done, total),
    )  # fmt: skip
    seconds[f"features, {role}"] = info.seconds
    return Images(source, bank, tuple(name for name, _ in info.skipped), info.warnings)


def nothing(stage: str, done: int, total: int) -> None:
    """Show no progress."""

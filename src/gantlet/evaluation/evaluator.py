"""A Judge: the real side of an evaluation, prepared once, so that any number of fakes can be judged against it."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gantlet.core.config import EvaluateConfig, memory_bytes
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.results.estimate import Estimate
from gantlet.core.rng import numpy_stream
from gantlet.data.points import PointSource, Source, require_images
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.extraction import Images, Progress, featured, latent_space
from gantlet.evaluation.label_classifiers import predictions
from gantlet.evaluation.metric_selection import for_points, metric_names
from gantlet.evaluation.pairs import paired_rows
from gantlet.evaluation.stats.feature_bank import FeatureBank


@dataclass
class Judge:
    """Everything of an evaluation but the fakes. ``train`` and ``test`` are the same objects as ``real`` and ``held_out``.

    ``held_out`` is None where the real source has no second split; then two halves of ``real`` make the reference.
    ``space``: the spec of its features, where there are several; else ''.
    """

    config: EvaluateConfig
    extractor: Extractor
    real: Images
    held_out: Images | None
    train: Images
    test: Images | None
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    space: str = ""
    _references: dict[str, Estimate] = field(default_factory=dict)

    def features(self, source: Source, keep: bool = True) -> Images:
        """Extract the features of generated images, or read them from the cache; ``keep`` False leaves the cache alone."""
        config = self.config if keep else dataclasses.replace(self.config, cache=False)
        return featured(
            [self.extractor], source, role="generated", config=config, progress=self.progress, seconds=self.seconds
        )[0]

    def evidence(self, fake: Images, answers: Mapping[str, Predictions]) -> Evidence:
        """Return real against fake, with the classifiers' answers."""
        evidence = self._evidence(self.real.bank, fake.bank, answers)
        return dataclasses.replace(
            evidence,
            train=self.train.bank,
            test=self.test.bank if self.test else None,
            pairs=paired_rows(self.real.bank, fake.bank, self.config.pairs),
            latents=latent_space(fake.source, self.extractor),
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
            mixture=self.real.source.modes if isinstance(self.real.source, PointSource) else None,
        )

    def metric_names(self) -> list[str]:
        """Return the metrics asked for."""
        return metric_names(self.config, self.space)

    def asking(self, names: Sequence[str]) -> "Judge":
        """Return a judge over the same real side that computes these metrics."""
        config = dataclasses.replace(self.config, metrics=tuple(names))
        if isinstance(self.real.source, PointSource):
            config = for_points(config)
        return dataclasses.replace(self, config=config, seconds={}, _references={})

    def answers(self, fake: Source) -> Mapping[str, Predictions]:
        """Train and ask the classifiers of GAN-train and GAN-test where these metrics were asked for."""
        if not {"gan_train", "gan_test"} & set(self.metric_names()) or isinstance(fake, PointSource):
            return {}
        started = time.perf_counter()
        self.progress("classifiers for gan_train and gan_test", 0, 2)
        train = require_images(self.train.source, "gan_train")
        test = require_images(self.test.source, "gan_train") if self.test else None
        found = predictions(train, test, fake, self.config.seed, self.config.on_bad)
        self.seconds["classifiers"] = time.perf_counter() - started
        return found

    def estimates(self, evidence: Evidence) -> tuple[Estimate, ...]:
        """Return every metric asked for, each with its reference beside it."""
        names = self.metric_names()
        started = time.perf_counter()
        found = compute(evidence, names, progress=self._counted("metrics", len(names)))
        self.seconds["metrics"] = self.seconds.get("metrics", 0.0) + time.perf_counter() - started
        references = self.references([name for name, e in zip(names, found, strict=True) if e.value is not None])
        return tuple(dataclasses.replace(e, reference=references.get(e.metric)) for e in found)

    def references(self, names: list[str]) -> dict[str, Estimate]:
        """Return real against held-out real for each of these metrics, computed once."""
        missing = [name for name in names if name not in self._references]
        if missing and (self.held_out is not None or self.real.bank.summary is None):
            started = time.perf_counter()
            found = compute(
                self._real_against_real(missing), missing, progress=self._counted("references", len(missing))
            )
            self._references.update({e.metric: e for e in found if e.value is not None})
            self.seconds["references"] = time.perf_counter() - started
        return self._references

    def _real_against_real(self, names: Sequence[str]) -> Evidence:
        if self.held_out is not None:
            return self._evidence(self.real.bank, self.held_out.bank, self._usual_answers(names))
        order = numpy_stream(self.config.seed, "yardstick").permutation(self.real.bank.n)
        half = self.real.bank.n // 2
        return self._evidence(self.real.bank.take(order[:half]), self.real.bank.take(order[half:]), {})

    def _usual_answers(self, names: Sequence[str]) -> Mapping[str, Predictions]:
        if self.test is None or not {"gan_train", "gan_test"} & set(names):
            return {}
        if isinstance(self.test.source, PointSource) or isinstance(self.train.source, PointSource):
            return {}
        return predictions(self.train.source, self.test.source, None, self.config.seed, self.config.on_bad)

    def _counted(self, stage: str, total: int) -> Callable[[str], None]:
        done = iter(range(1, total + 1))
        return lambda name: self.progress(f"{stage}: {name}", next(done, total), total)

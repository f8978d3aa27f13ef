"""Evaluate fakes against real images: open, prepare, extract, find, assemble."""

import dataclasses
import time
from pathlib import Path
from typing import Any, Unpack, overload

from gantlet.actions.evaluate_runs import evaluate_runs
from gantlet.actions.own_sides import as_generator, own_sides
from gantlet.actions.places import require_places
from gantlet.actions.run_sources import Runs, read_as_runs, runs_in
from gantlet.actions.settings import EvaluateKeywords, EvaluateSettings
from gantlet.core.calls import called
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UsageError
from gantlet.core.files import as_path
from gantlet.core.output import REPORT
from gantlet.core.results.report import Report
from gantlet.core.results.runs import RunsReport
from gantlet.core.toml_config import updated
from gantlet.data.drawn import Latent
from gantlet.data.given import is_given, text_of
from gantlet.evaluation.assemble import assemble
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.find import find
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.opening import (
    default_n,
    generated_shape,
    open_generated,
    open_given,
    require_same_kind,
    take_given,
)
from gantlet.evaluation.overlap import apart_from
from gantlet.evaluation.prepare import prepare
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.sequential import check_generator, draw_until, held_under_stopping, read_until
from gantlet.evaluation.sides import Progress, nothing


@overload
def evaluate(
    fake: Runs, real: Any = None, config: EvaluateConfig | None = None, **keywords: Unpack[EvaluateKeywords]
) -> RunsReport: ...
@overload
def evaluate(
    fake: Any, real: Any = None, config: EvaluateConfig | None = None, **keywords: Unpack[EvaluateKeywords]
) -> Report: ...
@called
def evaluate(
    fake: Any,
    real: Any = None,
    config: EvaluateConfig | None = None,
    *,
    range: str = "",
    latent: Latent = 0,
    until: str = "",
    out: Path | str | None = None,
    progress: Progress = nothing,
    **settings: Unpack[EvaluateSettings],
) -> Report | RunsReport:
    """Evaluate generated images against real ones; those of a run without ``real`` against its own.

    >>> gantlet.evaluate("fakes/", "photos/", metrics=["coverage"], features="efficientnet-lite0")  # doctest: +SKIP
    >>> gantlet.evaluate(generator, loader, n=5000, latent=128, range="symmetric")  # doctest: +SKIP

    Args: fake, real: source strings or paths (folder, .zip, .npz, built-in name, run:PATH …), arrays or tensors of images, lists
    of PIL images, iterables of batches (a DataLoader), opened sources, and what `gantlet.images`, `gantlet.points` and
    `gantlet.features` return; fake also a function (n, seed) → images or, with ``latent``, a torch module. real None, of a run: the images that were kept out
    of its training, and those of its training in the place of ``train``.
    config: the settings; further keywords are its fields and take precedence, e.g. metrics, features, protocol, n, seed, held_out,
    train (images in any of the forms above).
    range: of images in floating point: unit [0, 1], symmetric [−1, 1] or byte [0, 255]; latent: the dimension of a module's
    z ~ N(0, I); until: e.g. ``1%``: draw from a generator until half the width of the first metric's interval is this fraction
    of its value, or ``config.n`` (0: 50,000) images are drawn; out: a folder for report.json and the pictures; progress: called
    with (stage, done, total).
    A list of whole sets (arrays or tensors of four axes, paths) is several runs of one method, as `evaluate_runs` takes them; batches of
    one set are an iterable or a DataLoader, or `gantlet.images` of the list.
    Returns: the Report, of several runs the RunsReport; under torchrun the processes share the features' extraction, the first one computes the metrics
    and writes, and all return the same Report.
    Raises: BadFiles, DataError, UsageError, TooFewSamples; OutputError for an ``out`` in a folder of images, or with files
    that are no earlier result. Every one of them is a GantletError.
    """
    if runs := runs_in("fake", fake, "evaluate_runs"):
        if until:
            raise UsageError("until draws from one generator; give the runs one after the other")
        keywords: dict[str, Any] = {"range": range, "latent": latent, "out": out, "progress": progress, **settings}
        return evaluate_runs(runs, real, config, notes=read_as_runs("fake", runs), **keywords)
    plain, given = take_given(settings, range)
    config = fixed(updated(EvaluateConfig, config, plain, "gantlet.evaluate"))
    metric_names(config)
    fake, real = as_generator(text_of(fake)), text_of(real)
    if real is None or (isinstance(real, str) and not real):
        real, train = own_sides(fake)
        config = dataclasses.replace(config, train=config.train or train)
    place = None if out is None else as_path(out, "out")
    require_places(place, [fake, real], config, REPORT)
    share = read_until(str(until)) if until else 0.0
    if until and is_given(fake):
        raise UsageError(
            "until draws from a generator that a source string names: run:PATH or module:function; or give n="
        )
    generator = check_generator(fake) if until else ""
    target = open_given("real", real, range)
    n = 2 if until else default_n(config, target, given)
    opened = open_generated("fake", fake, config, n, range=range, latent=latent)
    require_same_kind(target, opened)
    spaces = prepare(target, config, progress, generated_shape(opened), given)
    started = time.perf_counter()
    sides = draw_until(spaces, generator, share, config.n) if until else extract_generated(spaces, opened)
    spaces = [apart_from(side, space) for space, side in zip(spaces, sides, strict=True)]
    findings = []
    for space, side in zip(spaces, sides, strict=True):
        found = find(space, side)
        findings.append(held_under_stopping(found, side, config.level, config.n) if until else found)
    return assemble(spaces, sides, findings, started, out=place, until=str(until))

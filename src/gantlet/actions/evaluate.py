"""Evaluate fakes against real images: open, prepare, extract, find, assemble."""

import time
from pathlib import Path

from gantlet.core.config import EvaluateConfig
from gantlet.core.output import REPORT, require_ours
from gantlet.core.results.report import Report
from gantlet.data.apart import require_apart, require_cache_apart
from gantlet.data.kinds import Source
from gantlet.data.opening import open_source
from gantlet.evaluation.assemble import assemble
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.find import find
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.opening import default_n, generated_shape, open_fakes, require_same_kind
from gantlet.evaluation.overlap import apart_from
from gantlet.evaluation.prepare import prepare
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.sequential import check_generator, draw_until, read_until
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training.journal import require_no_run


def evaluate(
    fake: str | Source,
    real: str | Source,
    config: EvaluateConfig | None = None,
    *,
    until: str = "",
    out: Path | str | None = None,
    progress: Progress = nothing,
) -> Report:
    """Evaluate generated images against real ones.

    Args: fake, real: source strings (folder, .zip, .npz, built-in name, run:PATH …) or opened sources; config: the
    settings; until: e.g. ``1%``: draw from a generator until half the width of the first metric's interval is this fraction of its
    value, or ``config.n`` (0: 50,000) images are drawn; out: a folder for report.json and the pictures; progress: called
    with (stage, done, total).
    Returns: the Report; under torchrun the processes share the features' extraction, the first one computes the metrics
    and writes, and all return the same Report.
    Raises: BadFiles, DataError, UsageError, TooFewSamples; OutputError for an ``out`` in a folder of images, or with files
    that are no earlier result.
    """
    config = fixed(config or EvaluateConfig())
    metric_names(config)
    if out is not None:
        named = (source if isinstance(source, str) else source.spec for source in (fake, real))
        require_apart(Path(out), *named, config.held_out, config.train)
        require_no_run(Path(out))
        require_ours(Path(out), REPORT)
    if config.cache:
        require_cache_apart(
            *(source for source in (fake, real) if isinstance(source, str)), config.held_out, config.train
        )
    share = read_until(until) if until else 0.0
    generator = check_generator(fake) if until else ""
    target = open_source(real) if isinstance(real, str) else real
    n = default_n(config, target)
    opened = open_fakes(fake, config, 2 if until else n) if isinstance(fake, str) else fake
    require_same_kind(target, opened)
    spaces = prepare(target, config, progress, generated_shape(opened))
    started = time.perf_counter()
    sides = draw_until(spaces, generator, share, config.n) if until else extract_generated(spaces, opened)
    spaces = [apart_from(side, space) for space, side in zip(spaces, sides, strict=True)]
    findings = []
    for space, side in zip(spaces, sides, strict=True):
        findings.append(find(space, side))
    return assemble(spaces, sides, findings, started, out=None if out is None else Path(out))

"""Is A better than B? Both are evaluated against the same real images; differences are paired and corrected for multiple comparisons."""

import dataclasses
from pathlib import Path
from typing import Any, Unpack, overload

import numpy as np

from gantlet.actions.compare_page import write_comparison
from gantlet.actions.compare_runs import compare_runs
from gantlet.actions.places import require_places
from gantlet.actions.run_sources import Runs, equal_numbers, read_as_runs, runs_in
from gantlet.actions.settings import EvaluateSettings, Keywords
from gantlet.actions.winners import by_variance, conclude, unequal, unpaired
from gantlet.core.calls import called
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UsageError
from gantlet.core.files import as_path
from gantlet.core.output import COMPARISON
from gantlet.core.processes import processes
from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.runs import RunsComparison
from gantlet.core.specs import parse_spec
from gantlet.core.toml_config import updated
from gantlet.core.words import counted
from gantlet.data.drawn import Latent
from gantlet.data.given import text_of
from gantlet.evaluation.assemble import said_of_unseen, warnings_of
from gantlet.evaluation.compute import FOREIGN, compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.find import missed_by, near_copies
from gantlet.evaluation.formats import answered, said_of
from gantlet.evaluation.gather import evidence_of
from gantlet.evaluation.inference.difference import Influence, difference_variance, interval_variance
from gantlet.evaluation.influences import influence_of
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.opening import (
    default_n,
    generated_shape,
    open_generated,
    open_given,
    require_same_kind,
    take_given,
)
from gantlet.evaluation.overlap import apart_from, overlap
from gantlet.evaluation.prepare import prepare
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.side_by_side import side_by_side
from gantlet.evaluation.sides import Progress, Side, Space, nothing
from gantlet.evaluation.verdict import verdict

LEAST = 5
"""Images of a side below which nothing is compared: at two, equal generators differ beyond 95 % intervals in one of nine comparisons."""


@overload
def compare(
    a: Runs, b: Runs, real: Any, config: EvaluateConfig | None = None, **keywords: Unpack[Keywords]
) -> RunsComparison: ...
@overload
def compare(
    a: Any, b: Any, real: Any, config: EvaluateConfig | None = None, **keywords: Unpack[Keywords]
) -> Comparison: ...
@called
def compare(
    a: Any,
    b: Any,
    real: Any,
    config: EvaluateConfig | None = None,
    *,
    range: str = "",
    latent: Latent = 0,
    out: Path | str | None = None,
    progress: Progress = nothing,
    **settings: Unpack[EvaluateSettings],
) -> Comparison | RunsComparison:
    """Compare two sets of generated images by every metric that has a better direction.

    The real images' share of the error cancels where the metric has an influence function (paired); elsewhere the
    two intervals are added as if independent, which is conservative. p-values are two-sided, Holm-corrected.

    Args: a, b, real: as fake and real of `evaluate`; two lists of whole sets are runs of two methods, as `compare_runs` takes them, and
    give a RunsComparison; config, range, latent and the keywords: as there; out: a folder for
    comparison.html, one page that holds its pictures, and comparison.json. Under torchrun the processes share the extraction of
    the features, the first one compares and writes, and all return the same Comparison.
    Raises: UsageError when A and B are the same images, and the errors of `evaluate`.
    """
    methods = [runs_in(name, side, "compare_runs") for name, side in (("a", a), ("b", b))]
    if any(methods):
        said_of_lists = [note for name, runs in zip("ab", methods, strict=True) for note in read_as_runs(name, runs)]
        keywords: dict[str, Any] = {"range": range, "latent": latent, "out": out, "progress": progress, **settings}
        return compare_runs(methods[0] or a, methods[1] or b, real, config, notes=said_of_lists, **keywords)
    plain, given = take_given(settings, range)
    config = fixed(updated(EvaluateConfig, config, plain, "gantlet.compare"))
    metric_names(config)
    a, b, real = text_of(a), text_of(b), text_of(real)
    if reports := [s for s in (a, b) if isinstance(s, str) and s.endswith(".json")]:
        raise UsageError(f"{reports[0]} is a report, not images; two reports are compared without --real")
    place = None if out is None else as_path(out, "out")
    require_places(place, [a, b, real], config, COMPARISON)
    target = open_given("real", real, range)
    n = default_n(config, target, given)
    sources = [open_generated(name, s, config, n, range=range, latent=latent) for name, s in (("a", a), ("b", b))]
    for source in sources:
        require_same_kind(target, source)
    if sources[0].digest == sources[1].digest:
        raise UsageError(f"{sources[0].spec} and {sources[1].spec} are the same images; there is nothing to compare")
    shape = generated_shape(sources[0]) or generated_shape(sources[1])
    said = answered(said_of(("real images", target), ("A", sources[0]), ("B", sources[1])), config.groups)
    sources, notes = equal_numbers(sources, config.seed)
    spaces = prepare(target, config, progress, shape, given)
    sides = [extract_generated(spaces, source) for source in sources]

    def compared() -> Comparison:
        comparison = _compare_sides(spaces, sides, target.spec, (*notes, *said))
        if place is not None:
            write_comparison(place, comparison, side_by_side(spaces[0].real, sides[0][0], sides[1][0], config))
        return comparison

    return processes().first(compared)


def _compare_sides(spaces: list[Space], sides: list[list[Side]], real: str, notes: tuple[str, ...]) -> Comparison:
    generated = [side[0].source.spec.startswith("run:") for side in sides]
    paired_fakes = all(generated) and sides[0][0].bank.n == sides[1][0].bank.n and same_labels([s[0] for s in sides])
    differences: list[Difference] = []
    left_out: dict[str, str] = {}
    warnings = _warnings(spaces[0], [side[0] for side in sides])
    for space, *pair in zip(spaces, *sides, strict=True):
        _compare_in(space, pair, paired_fakes, differences, left_out)
    features = ", ".join(space.extractor.identity["name"] for space in spaces)
    first, second = (side[0].source.spec for side in sides)
    return conclude(
        differences,
        left_out,
        (first, second, real),
        features,
        spaces[0].config.level,
        first_asked=not left_out or not differences or _asked_first(spaces[0], differences[0].metric),
        notes=(*notes, *said_of_unseen(spaces[0])),
        warnings=tuple(dict.fromkeys(warnings)),
        misses={name: missed_by(spaces[0], side[0]) for name, side in zip("AB", sides, strict=True)},
    )


def _asked_first(space: Space, title: str) -> bool:
    """Return whether a difference is of the metric that was asked for first."""
    names = metric_names(space.config, space.name, own_classes=space.own_classes)
    return title.partition(" in ")[0] == parse_spec(names[0])[0]


def _warnings(space: Space, sides: list[Side]) -> list[str]:
    """Return what is wrong with the two sets: images of both, near copies, and what each side's own images say."""
    lines = []
    if common := overlap(("A", sides[0]), ("B", sides[1])).n:
        lines.append(
            f"{common:,} of the {sides[0].bank.n or 0:,} {sides[0].source.kind} of A are also among those of B: A and B are not "
            "independent, and p-values and intervals assume that they are"
        )
    for name, side in zip("AB", sides, strict=True):
        space.progress(f"search for copies, {name}", 0, 1)
        _, *found = verdict((), (), near_copies(apart_from(side, space), side), None)
        lines += [f"{name}: {line}" for line in found if line.startswith(("memorised: ", "caution: "))]
        space.progress(f"search for copies, {name}", 1, 1)
    return [*lines, *(line for name, side in zip("AB", sides, strict=True) for line in warnings_of(space, side, name))]


def same_labels(sides: list[Side]) -> bool:
    """Return whether row i of both sides was generated for the same class (or neither side has labels)."""
    first, second = (side.rows.labels for side in sides)
    if sides[0].source.classes != sides[1].source.classes:
        return False
    return (first is None and second is None) or (
        first is not None and second is not None and np.array_equal(first, second)
    )


def _compare_in(
    space: Space, sides: list[Side], paired_fakes: bool, differences: list[Difference], left_out: dict[str, str]
) -> None:
    """Compare in one feature space; adds to ``differences`` and ``left_out``."""
    names = metric_names(space.config, space.name, own_classes=space.own_classes)
    evidences = [evidence_of(space, side, names) for side in sides]
    estimates = [compute(evidence, names) for evidence in evidences]
    for first, second in zip(*estimates, strict=True):
        title = dataclasses.replace(first, features=space.name).title
        if first.value is None or second.value is None:
            left_out[title] = "; ".join(first.notes or second.notes)
        elif reason := unequal(first, second):
            left_out[title] = reason
        elif not first.votes:
            left_out[title] = FOREIGN
        elif min(n for n in (first.n_fake, second.n_fake, LEAST) if n is not None) < LEAST:
            left_out[title] = f"below {LEAST} images per side no difference is tested"
        elif (difference := difference_of(evidences, first, second, paired_fakes, space.config.level)) is None:
            left_out[title] = "it has no interval"
        elif difference.low == difference.high and difference.difference:
            left_out[title] = (
                f"with {counted(min(first.n_fake or 0, second.n_fake or 0), 'image')} its spread cannot be told"
            )
        else:
            differences.append(dataclasses.replace(difference, metric=title))


def _influences(evidences: list[Evidence], a: Estimate, b: Estimate) -> list[Influence] | None:
    """Return a metric's influence functions on both sides; None where a side has none, or the metric used other real rows for A than for B."""
    if a.n_real != b.n_real:
        return None
    first, second = (influence_of(evidence, estimate) for evidence, estimate in zip(evidences, (a, b), strict=True))
    return None if first is None or second is None else [first, second]


def difference_of(
    evidences: list[Evidence], a: Estimate, b: Estimate, paired_fakes: bool, level: float
) -> Difference | None:
    """Return A − B with its interval and p-value; None where there is no error estimate: a number without interval has no winner."""
    if a.low is None or b.low is None:
        return None
    influences = _influences(evidences, a, b)
    if influences is None:
        return unpaired(a.metric, a, b)
    further = [float(e.details.get("further_variance", 0.0)) for e in (a, b)]
    near_null = [interval_variance(e) or 0.0 for e in (a, b) if e.interval == "permutation"]
    variance = difference_variance(influences[0], influences[1], paired_fakes) + sum(near_null) + sum(further)
    if variance == 0:  # no row differs from another, as where nothing is covered: the intervals know better
        return unpaired(a.metric, a, b)
    return by_variance(a.metric, a, b, variance, level, paired=True)

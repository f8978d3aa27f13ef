"""Sentences of the verdict about metrics: each ``kind: sentence``, from where a metric stands against its reference."""

from collections.abc import Callable, Sequence

from gantlet.core.interfaces.metadata import MetricMetadata
from gantlet.core.results.estimate import is_share
from gantlet.core.words import counted
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.standing import Standing


def of_standings(found: Sequence[Standing], few: str = "images") -> list[str]:
    """Return a line for each metric that differs from its reference or says what it measures, and one for each kind of the rest.

    ``few``: what there are too few of where nothing can be told.

    Kinds: poor (surely worse than by the margin), caution (worse, or better than real images' own), good (as good), unclear.
    """
    lines = [_differs(s) for s in found if s.state in ("worse", "slightly worse", "beyond")]
    as_good = [s for s in found if s.state == "as good"]
    lines += [_as_good(s) for s in as_good if _meta(s).measures]
    quiet = [_briefly(s) for s in as_good if not _meta(s).measures]
    if quiet:
        lines.append(f"good: as good as real against real, to within the margin: {'; '.join(quiet)}.")
    unclear = [s for s in found if s.state == "unclear"]
    if unclear:
        lines.append(f"unclear: too few {few} to tell: {'; '.join(_unclear(s) for s in unclear)}.")
    return lines


def _meta(standing: Standing) -> MetricMetadata:
    return METRICS.entry(standing.metric).meta


def _title(standing: Standing) -> str:
    measures = _meta(standing).measures
    return f"{standing.metric} ({measures})" if measures else standing.metric


def _is_share(standing: Standing) -> bool:
    return is_share(standing.reference.unit)


def _number(standing: Standing) -> Callable[[float | None], str]:
    def text(number: float | None) -> str:
        return f"{number:.1%}" if _is_share(standing) else f"{number:.4g}"

    return text


def _points(standing: Standing, number: float | None) -> str:
    """Return a difference in words: of shares in points of per cent."""
    if number is None:
        return "none"
    return f"{100 * number:.1f} points" if _is_share(standing) else f"{number:.3g}"


def _sizes(standing: Standing) -> str:
    """Return the number of images behind the comparison, where it is not the one in the report's head."""
    return f", both of {counted(standing.reference.n_fake, 'image')}" if standing.resized else ""


def _briefly(s: Standing) -> str:
    number = _number(s)
    return f"{s.metric} ({number(s.value.value)} against {number(s.reference.value)}{_sizes(s)}; margin {_points(s, s.margin)})"


def _differs(s: Standing) -> str:
    number = _number(s)
    against = f"{number(s.value.value)} against {number(s.reference.value)} for real images{_sizes(s)}"
    if s.state == "beyond":
        hint = _meta(s).beyond
        return f"caution: {_title(s)}: better than real images' own, {against}{f': {hint}' if hint else ''}."
    by = f"by {_points(s, max(s.low, 0.0))} to {_points(s, s.high)}"
    if s.state == "worse":
        return f"poor: {_title(s)}: worse than real images' own, {against}, {by}."
    margin = f"; up to {_points(s, s.margin)} would count as equal" if s.margin is not None else ""
    return f"caution: {_title(s)}: worse than real images' own, {against}, {by}{margin}."


def _as_good(s: Standing) -> str:
    number = _number(s)
    return (
        f"good: {_title(s)}: {number(s.value.value)}, as good as real images' own ({number(s.reference.value)}{_sizes(s)}) "
        f"to within {_points(s, s.margin)}."
    )


def _unclear(s: Standing) -> str:
    number = _number(s)
    better = f"{_points(s, -s.low)} better" if s.low < 0 else f"{_points(s, s.low)} worse"
    worse = f"{_points(s, s.high)} worse" if s.high > 0 else f"{_points(s, -s.high)} better"
    margin = f"; margin {_points(s, s.margin)}" if s.margin is not None else ""
    return f"{s.metric} ({number(s.value.value)} against {number(s.reference.value)}{_sizes(s)}: between {better} and {worse}{margin})"

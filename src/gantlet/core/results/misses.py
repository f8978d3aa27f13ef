"""What a set of generated images misses of the real ones: the classes or modes that a report names, in one form."""

from collections.abc import Sequence
from dataclasses import dataclass

from gantlet.core.results.report import ClassShare, ModeCount, Report


@dataclass(frozen=True)
class Miss:
    """One class or mode; ``what``: missing, rare, over-produced or variety lost; ``text`` says by which numbers."""

    name: str
    what: str
    text: str


def misses(
    modes: Sequence[ModeCount], classes: Sequence[ModeCount], shares: Sequence[ClassShare], n_real: int, n_fake: int
) -> tuple[Miss, ...]:
    """Return what is missing, rare, over-produced or without variety: by the labels of both sides where there are any, else by the
    estimated shares of classes, and by the modes (clusters, or classes as a classifier sees them).

    A name is listed once for each finding: what labels say comes before what is estimated.
    """
    found = [_counted(each, n_real, n_fake) for each in classes if each.verdict]
    found += [_estimated(each) for each in shares if each.verdict]
    found += [_counted(each, n_real, n_fake) for each in modes if each.verdict]
    for each in modes:
        if each.collapsed and each.variety is not None:
            text = f"generated images lie {each.variety:.2f} times as far apart as real ones"
            found.append(Miss(each.name, "variety lost", text))
    once = {(miss.name, miss.what): miss for miss in reversed(found)}
    return tuple(miss for miss in found if once[miss.name, miss.what] is miss)


def misses_of(report: Report) -> tuple[Miss, ...]:
    """Return what the generated images of a report miss."""
    return misses(report.modes, report.classes, report.class_shares, report.n_real or 0, report.n_fake or 0)


def _counted(each: ModeCount, n_real: int, n_fake: int) -> Miss:
    return Miss(each.name, each.verdict, f"{each.n_fake:,} of {n_fake:,} generated, {each.n_real:,} of {n_real:,} real")


def _estimated(each: ClassShare) -> Miss:
    return Miss(
        each.name,
        each.verdict,
        f"{each.share:.1%} of the generated images, at most {each.most:.1%}; {each.real:.1%} of the real ones",
    )

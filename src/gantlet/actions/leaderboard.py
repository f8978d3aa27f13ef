"""Several stored evaluations against the same real images, ranked by one metric: who leads, and which cannot be told apart."""

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

from gantlet.actions.catalogue import entries
from gantlet.actions.compare_reports import is_report, report_path, require_comparable
from gantlet.actions.report import load_report
from gantlet.actions.winners import correct_p_values, unequal, unpaired
from gantlet.core.calls import called
from gantlet.core.errors import UnknownName, UsageError
from gantlet.core.files import as_path, write_text
from gantlet.core.output import LEADERBOARD, writing_result
from gantlet.core.processes import processes
from gantlet.core.results.comparison import Difference
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.leaderboard import Leaderboard, Pair, Standing
from gantlet.core.results.marks import CLASS
from gantlet.core.results.misses import misses_of
from gantlet.core.results.report import Report
from gantlet.core.words import counted, every, some_of
from gantlet.reports.html import picture
from gantlet.reports.leaderboard import render
from gantlet.training.journal import require_no_run

Reports = Mapping[str, Report]
"""Reports by the name that each is called by."""
Strips = Mapping[str, Sequence[tuple[str, str]]]
"""Pictures by the name of a report (empty: real images): class ('' for all) and address ('' where it has none of a class)."""
SAMPLES = ("by_class", "fakes")
"""The roles of a report's pictures of generated images, the first that there is."""


@called
def leaderboard(
    *reports: str | Path | Sequence[str | Path], metric: str = "", out: Path | str | None = None
) -> Leaderboard:
    """Rank stored evaluations by one metric, with the pairs that cannot be told apart.

    The images are not read, so nothing is paired: of each pair the two intervals are added as if independent, which is cautious.
    p-values are two-sided and corrected for the number of pairs (Holm), so that a false winner among all pairs is as rare as the
    level says.

    Args: reports: at least two report.json files, or folders of an evaluation or a run that hold one, each by itself or in a list; metric: the one to rank by
    (empty: the first that all reports have with an interval); out: a folder for leaderboard.html and leaderboard.json.
    Raises: DataError naming the field in which two reports differ, as `compare_reports`; UsageError for fewer than two, for one that
    evaluates the same images as another, and for a metric that cannot rank them.
    """
    paths: list[str | Path] = []
    for given in reports:
        paths.extend(given if isinstance(given, Sequence) and not isinstance(given, str) else [given])
    return leaderboard_of(_loaded(paths), metric, out)


def leaderboard_of(found: tuple[Reports, Mapping[str, Path]], metric: str, out: Path | str | None) -> Leaderboard:
    """Rank reports that are at hand, with the folders that their pictures lie in; as `leaderboard`."""
    reports, folders = found
    for a, b in combinations(reports, 2):
        require_comparable((reports[a], reports[b]), (a, b))
    title, left_out = _ranking_metric(reports, metric)
    result = _ranked(reports, title, left_out)
    if out is not None:
        place = as_path(out, "out")
        require_no_run(place)
        processes().first(lambda: write_leaderboard(place, result, _pictures(result, reports, folders)))
    return result


def write_leaderboard(out: Path, result: Leaderboard, strips: Strips) -> Path:
    """Write page and numbers; return the page's path. ``strips``: by name (empty: real), class and address of each picture. Raises OutputError."""
    page = render(result, strips, {entry.name: entry.summary for entry in entries("metrics")})
    with writing_result(out, LEADERBOARD):
        (out / "leaderboard.html").unlink(missing_ok=True)  # of the earlier one
        write_text(out / LEADERBOARD.file, result.to_json())
        write_text(out / "leaderboard.html", page)
    return out / "leaderboard.html"


def _loaded(paths: Sequence[str | Path]) -> tuple[Reports, Mapping[str, Path]]:
    for path in paths:
        if not is_report(str(path)):
            raise UsageError(
                f"{path} is no stored report (report.json, or a folder with one); gantlet evaluate writes one"
            )
    if len(paths) < 2:
        raise UsageError(f"a leaderboard needs at least two reports; got {len(paths)}")
    files = [Path(report_path(path)) for path in paths]
    names = [str(file.parent) if file.name == "report.json" and file.parent.name else str(file) for file in files]
    if len(set(names)) < len(names):
        raise UsageError(f"{next(name for name in names if names.count(name) > 1)} is given twice")
    reports = {name: load_report(file) for name, file in zip(names, files, strict=True)}
    return reports, {name: file.parent for name, file in zip(names, files, strict=True)}


def _ranking_metric(reports: Reports, asked: str) -> tuple[str, dict[str, str]]:
    """Return the metric to rank by, and why those before it cannot; raises UsageError, UnknownName."""
    every = [{estimate.title: estimate for estimate in report.estimates} for report in reports.values()]
    if asked and all(asked not in each for each in every):
        raise UnknownName("metric of these reports:", asked, list(every[0]))
    left_out: dict[str, str] = {}
    for title in [asked] if asked else every[0]:
        if not (reason := _unfit([each.get(title) for each in every], list(reports))):
            return title, left_out
        left_out[title] = reason
    listing = "; ".join(f"{title}: {reason}" for title, reason in left_out.items())
    raise UsageError(f"these reports cannot be ranked by {asked or 'any metric'}: {listing}")


def _unfit(found: Sequence[Estimate | None], names: Sequence[str]) -> str:
    """Return why a metric cannot rank, or ''."""
    for name, estimate in zip(names, found, strict=True):
        if estimate is None:
            return f"{name} has it not"
        if estimate.value is None:
            return f"it is undefined in {name}: {'; '.join(estimate.notes)}"
        if estimate.lower_is_better is None or not estimate.votes:
            return "no direction of it is better here"
    known = [(name, each) for name, each in zip(names, found, strict=True) if each is not None]
    for (one, a), (other, b) in pairwise(known):
        if reason := unequal(a, b, (one, other)):
            return reason
        if unpaired(a.title, a, b) is None:
            return f"it has no interval in {one if a.low is None else other}"
    return ""


def _ranked(reports: Reports, title: str, left_out: dict[str, str]) -> Leaderboard:
    every = {name: {e.title: e for e in report.estimates} for name, report in reports.items()}
    order = sorted(reports, key=lambda name: _badness(every[name][title]))
    raw = [_difference(title, every[a][title], every[b][title]) for a, b in combinations(order, 2)]
    level = every[order[0]][title].level
    pairs = tuple(
        Pair(a, b, difference)
        for (a, b), difference in zip(combinations(order, 2), correct_p_values(raw, level), strict=True)
    )
    common = [each for each in every[order[0]] if each != title and all(each in found for found in every.values())]
    standings = tuple(
        dataclasses.replace(
            _standing(name, every[name][title], pairs),
            fake=reports[name].fake,
            others=tuple(every[name][each] for each in common),
            misses=misses_of(reports[name]),
        )
        for name in order
    )
    first = reports[order[0]]
    features = ", ".join(first.features.get("spaces") or [str(first.features.get("name", "?"))])
    notes = tuple(dict.fromkeys(note for name in order for note in every[name][title].notes))
    return Leaderboard(
        title, first.real, features, level, standings, pairs, verdict(standings, pairs, title, level), left_out, notes
    )


def _difference(title: str, a: Estimate, b: Estimate) -> Difference:
    found = unpaired(title, a, b)
    assert found is not None  # `_unfit` has looked
    return found


def _badness(estimate: Estimate) -> float:
    """Return what is smallest for the best: the value, the negated value, or the distance from the number that is the aim."""
    value, aim = estimate.value or 0.0, estimate.details.get("aim")
    if isinstance(aim, int | float):
        return abs(value - aim)
    return value if estimate.lower_is_better else -value


def _standing(name: str, estimate: Estimate, pairs: Sequence[Pair]) -> Standing:
    """Return the places that one evaluation may have: beaten by so many, and beating so many."""
    mine = [pair for pair in pairs if name in (pair.a, pair.b)]
    side = {pair: "A" if pair.a == name else "B" for pair in mine}
    lost = sum(pair.difference.better not in ("", side[pair]) for pair in mine)
    won = sum(pair.difference.better == side[pair] for pair in mine)
    tied = tuple(pair.b if pair.a == name else pair.a for pair in mine if not pair.difference.better)
    return Standing(name, "", estimate, 1 + lost, 1 + len(mine) - won, tied)


def verdict(standings: Sequence[Standing], pairs: Sequence[Pair], title: str, level: float) -> str:
    """Return who leads, and how many pairs can be told apart."""
    leader = standings[0]
    clear = sum(bool(pair.difference.better) for pair in pairs)
    if not leader.tied:
        first = f"{leader.name} is best by {title}: clear of {_all(len(standings) - 1)}"
    else:
        first = f"{leader.name} has the best {title}, and cannot be told apart from {', '.join(leader.tied)}"
    corrected = f", corrected for {counted(len(pairs), 'pair')}" if len(pairs) > 1 else ""
    return f"{first}. {some_of(clear, len(pairs), 'pair', 'are')} clear (at {level:.0%}{corrected})."


def _all(others: int) -> str:
    return every(others, "other")


def _pictures(result: Leaderboard, reports: Reports, folders: Mapping[str, Path]) -> Strips:
    """Return the grids of images that lie beside the reports: of real ones, and of each one's generated ones; by class where all have
    the same classes.
    """
    by_class = [role for role in reports[result.standings[0].name].pictures if role.startswith(CLASS)]
    if not all(len(report.pictures.get(role, ())) == 2 for report in reports.values() for role in by_class):
        by_class = []
    wanted = [("", result.standings[0].name, 1, ("reals",)), *((each.name, each.name, 0, SAMPLES) for each in result)]
    strips: dict[str, list[tuple[str, str]]] = {}
    for label, name, side, roles in wanted:
        found = reports[name].pictures
        files = [(role.removeprefix(CLASS), found[role][side]) for role in by_class]
        files = files or [("", file) for role in roles for file in found.get(role, ())][:1]
        if files and all(not file or (folders[name] / file).is_file() for _, file in files):
            strips[label] = [(kind, picture(folders[name], file) if file else "") for kind, file in files]
    return strips

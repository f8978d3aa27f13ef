"""Is A better than B, from two stored reports: unpaired, and only where everything that determines their numbers agrees."""

from pathlib import Path
from typing import Any

from gantlet.actions.compare_page import stored_pictures, write_comparison
from gantlet.actions.report import load_report
from gantlet.actions.winners import conclude, unequal, unpaired
from gantlet.core.calls import called
from gantlet.core.errors import DataError, UsageError
from gantlet.core.files import as_path
from gantlet.core.processes import processes
from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.misses import misses_of
from gantlet.core.results.report import Report
from gantlet.core.stamp import differing
from gantlet.training.journal import require_no_run

FITTED = "real images: fitted to "
"""How a report says that real images were brought to a generator's resolution."""


def is_report(text: str) -> bool:
    """Return whether a word is the path of a stored report: a .json file, or a folder with a report.json."""
    path = Path(text)
    return path.suffix == ".json" or (path / "report.json").is_file()


@called
def compare_reports(a: str | Path, b: str | Path, *, out: Path | str | None = None) -> Comparison:
    """Compare two stored evaluations by the metrics that both have.

    The images are not read, so nothing can be paired: the two intervals are added as if independent, which is
    conservative (both share the real images' error). p-values are two-sided, Holm-corrected.

    Args: a, b: report.json files, or folders of an evaluation or a run that hold one; out: a folder for comparison.html
    and comparison.json; the page shows the pictures that lie beside the reports.
    Raises: DataError naming the field in which the reports differ (protocol, extractor, weights, package, real or training
    images, level), or for a report that does not record its images; UsageError when both evaluate the same images; OutputError
    for an ``out`` with files that are no earlier comparison.
    """
    for path in (a, b):
        if not is_report(str(path)):
            raise UsageError(
                f"{path} is no stored report (report.json, or a folder with one); to compare images give --real REAL"
            )
    reports = load_report(Path(a)), load_report(Path(b))
    comparison = compare_stored(reports, (report_path(a), report_path(b)))
    if out is not None:
        folders = Path(report_path(a)).parent, Path(report_path(b)).parent
        place, strips = as_path(out, "out"), stored_pictures(reports, folders)
        require_no_run(place)
        processes().first(lambda: write_comparison(place, comparison, strips))
    return comparison


def compare_stored(reports: tuple[Report, Report], names: tuple[str, str]) -> Comparison:
    """Compare two evaluations that are at hand, called by ``names``; as `compare_reports`."""
    require_comparable(reports, names)
    differences: list[Difference] = []
    sides = [{estimate.title: estimate for estimate in report.estimates} for report in reports]
    left_out = dict.fromkeys(sides[0].keys() ^ sides[1].keys(), "only one report has it")
    for title in [title for title in sides[0] if title in sides[1]]:
        _compare_one(title, sides[0][title], sides[1][title], differences, left_out)
    level = next((e.level for report in reports for e in report.estimates), 0.95)
    first = reports[0]
    features = ", ".join(first.features.get("spaces") or [str(first.features.get("name", "?"))])
    fakes = [f"{report.fake} ({name})" for name, report in zip(names, reports, strict=True)]
    missed = {side: misses_of(report) for side, report in zip("AB", reports, strict=True)}
    return conclude(differences, left_out, (fakes[0], fakes[1], first.real), features, level, misses=missed)


def require_comparable(reports: tuple[Report, Report], names: tuple[str, str]) -> None:
    """Raise DataError naming the field in which two reports differ, where it determines their numbers; UsageError for the same images."""
    for name, report in zip(names, reports, strict=True):
        if not report.digests:
            raise DataError(f"{name} does not say which images it evaluated; evaluate them again with this version")
    if difference := first_difference(reports):
        raise DataError(
            f"{names[0]} has {difference[0]} = {difference[1]!r}, {names[1]} {difference[2]!r}; reports are comparable only where everything that determines "
            "their numbers agrees: compare the images themselves with --real"
        )
    if reports[0].digests.get("fake") == reports[1].digests.get("fake"):
        raise UsageError(f"{names[0]} and {names[1]} evaluate the same images; there is nothing to compare")


def first_difference(reports: tuple[Report, Report]) -> tuple[str, Any, Any] | None:
    """Return the first field that determines numbers in which two reports differ, with both values; None where they agree."""
    return differing(*(_comparable_fields(report) for report in reports)) or differing(*_versions(*reports))


def report_path(path: str | Path) -> str:
    """Return the report.json that a path names, itself or in its folder."""
    return str(Path(path) / "report.json" if Path(path).is_dir() else path)


def _comparable_fields(report: Report) -> dict[str, Any]:
    """Return the fields that must agree for two reports' numbers to be comparable."""
    images = {f"{role} images": report.digests.get(role, "") for role in ("real", "training", "held-out")}
    plain = {field: value for field, value in report.features.items() if field != "spaces"}
    spaces = {
        f"{field} of {space}": value
        for space, identity in report.features.get("spaces", {}).items()
        for field, value in identity.items()
    }
    fitted = [line.removeprefix(FITTED) for line in report.warnings if line.startswith(FITTED)]
    size = {"resolution of the real images": fitted[0] if fitted else "their own"}  # named before its digest
    return {**plain, **spaces, **size, **images, "level": sorted({e.level for e in report.estimates})}


def _versions(*reports: Report) -> list[dict[str, Any]]:
    """Return, for each report, the versions and options of the metrics that all reports have."""
    common = set.intersection(*({e.metric for e in report.estimates} for report in reports))
    return [
        {f"version of {e.metric}": e.version for e in report.estimates if e.metric in common}
        | {f"options of {e.metric}": e.details.get("options") for e in report.estimates if e.metric in common}
        for report in reports
    ]


def _compare_one(title: str, a: Estimate, b: Estimate, differences: list[Difference], left_out: dict[str, str]) -> None:
    if a.value is None or b.value is None:
        left_out[title] = "; ".join(a.notes or b.notes)
    elif reason := unequal(a, b):
        left_out[title] = reason
    elif (difference := unpaired(title, a, b)) is None:
        left_out[title] = "it has no interval"
    else:
        differences.append(difference)

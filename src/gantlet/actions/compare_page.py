"""Write a comparison into a folder: comparison.json, and comparison.html with its pictures inside."""

from collections.abc import Mapping
from pathlib import Path

from gantlet.actions.catalogue import entries
from gantlet.core.files import write_text
from gantlet.core.output import COMPARISON, writing_result
from gantlet.core.results.comparison import Comparison
from gantlet.core.results.marks import CLASS
from gantlet.core.results.report import Report
from gantlet.reports.comparison import render
from gantlet.reports.html import data_uri, picture


def write_comparison(out: Path, comparison: Comparison, strips: Mapping[str, Mapping[str, bytes | str]]) -> Path:
    """Write page and numbers; return the page's path.

    Args: strips: by class ('': all images) and side (A, real, B), a PNG or an address that holds one.
    Raises: OutputError where a file would be replaced that is no earlier comparison, and where nothing can be written.
    """
    summaries = {entry.name: entry.summary for entry in entries("metrics")}
    addresses = {
        label: {side: png if isinstance(png, str) else data_uri(png) for side, png in row.items()}
        for label, row in strips.items()
    }
    page = render(comparison, addresses, summaries)
    with writing_result(out, COMPARISON):
        (out / "comparison.html").unlink(missing_ok=True)  # of the earlier comparison
        write_text(out / COMPARISON.file, comparison.to_json())
        write_text(out / "comparison.html", page)
    return out / "comparison.html"


def stored_pictures(reports: tuple[Report, Report], folders: tuple[Path, Path]) -> dict[str, dict[str, str]]:
    """Return the grids of images that lie beside two stored reports; none where a report is kept without its pictures.

    Raises DataError for a picture that is damaged, or no PNG file below the report's folder.
    """
    classes = _stored_classes(reports, folders)
    if classes:
        return classes
    sides = {
        "A": (reports[0], folders[0], ("by_class", "fakes")),
        "real": (reports[0], folders[0], ("reals",)),
        "B": (reports[1], folders[1], ("by_class", "fakes")),
    }
    strips = {}
    for side, (report, folder, roles) in sides.items():
        names = [name for role in roles for name in report.pictures.get(role, ())]
        if names and (folder / names[0]).is_file():
            strips[side] = picture(folder, names[0])
    return {"": strips} if {"A", "B"} <= strips.keys() else {}


def _stored_classes(reports: tuple[Report, Report], folders: tuple[Path, Path]) -> dict[str, dict[str, str]]:
    """Return the rows of each class that both reports have, where all their files are there."""
    (first, second), strips = reports, {}
    for role in (role for role in first.pictures if role.startswith(CLASS)):
        if not len(first.pictures[role]) == len(second.pictures.get(role, ())) == 2:
            continue
        (fake, real), (other, _) = first.pictures[role], second.pictures[role]
        files = {"A": (folders[0], fake), "real": (folders[0], real), "B": (folders[1], other)}
        if any(name and not (folder / name).is_file() for folder, name in files.values()):
            return {}
        strips[role.removeprefix(CLASS)] = {side: picture(*file) for side, file in files.items() if file[1]}
    return strips

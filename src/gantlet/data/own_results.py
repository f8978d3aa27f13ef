"""What gantlet itself has written into a folder of images: it is left out where images are read."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from gantlet.core.output import AUDIT, REPORT, Kind, of_lab
from gantlet.data.decode import Undecodable

MOST = 100
"""JSON files that are opened to see whether they are results; where there are more, they are the images' own."""


def own_results(files: Sequence[str], load: Callable[[str], bytes]) -> set[str]:
    """Return the folders of pictures of gantlet's own reports and its run folders, each with / at its end, and figures of audits and labs."""
    known, filled, found = set(files), {name.rpartition("/")[0] for name in files}, set[str]()
    for name in files:
        folder, slash, file = name.rpartition("/")
        if file == REPORT.file and f"{folder}{slash}pictures" in filled and _is_ours(REPORT, name, load):
            found.add(f"{folder}{slash}pictures/")
        if slash and file == "config.toml" and f"{folder}/events.jsonl" in known:
            found.add(f"{folder}/")
    return found | set(_figures(files, load))


def _figures(files: Sequence[str], load: Callable[[str], bytes]) -> Iterator[str]:
    """Yield the figures that lie beside the JSON file of an audit or a lab."""
    named = [name for name in files if name.endswith(".json")]
    for name in named if len(named) <= MOST else ():
        kind, folder = _kind(name), name[: name.rfind("/") + 1]
        inside = [path for path in files if path.startswith(folder) and "/" not in path[len(folder) :]]
        figures = [path for path in inside if any(fnmatchcase(path[len(folder) :], part) for part in kind.beside)]
        if figures and _is_ours(kind, name, load):
            yield from figures


def _kind(name: str) -> Kind:
    """Return the kind of result that a JSON file would be by its name."""
    file = name.rpartition("/")[2]
    return AUDIT if file == AUDIT.file else of_lab(file.removesuffix(".json"))


def _is_ours(kind: Kind, name: str, load: Callable[[str], bytes]) -> bool:
    with contextlib.suppress(Undecodable):
        return kind.is_ours(load(name))
    return False

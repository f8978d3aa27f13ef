"""The uses of fuzzed inputs: what gantlet does with a file or a string, called as its commands call it."""

import io
from collections.abc import Callable
from pathlib import Path

from . import whole


def file(name: str) -> Callable[[bytes, Path], object]:
    """Return a use that writes the input to a file and reads it by its suffix."""

    def use(data: bytes, folder: Path) -> object:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return whole.READERS.get(path.suffix, whole.images)(path)

    return use


def picture(data: bytes, _: Path) -> object:
    """Decode one image."""
    from gantlet.data.decode import decode

    return decode(data).sum()


def statistics(data: bytes, folder: Path) -> object:
    """Read statistics and compare them with what an evaluation computes."""
    from gantlet.evaluation.features.statistics_file import check_statistics, read_statistics

    (folder / "x.safetensors").write_bytes(data)
    statistics = read_statistics(folder / "x.safetensors")
    check_statistics("x", statistics, {"name": "pixels", "version": "1"}, 3, "")
    return statistics.summary.moments.cov


def run(data: bytes, folder: Path) -> object:
    """Load a generator and draw from it."""
    from gantlet.training.runs.generator import load_generator

    (folder / "checkpoints").mkdir(exist_ok=True)
    (folder / "config.toml").touch()
    (folder / "checkpoints" / "final.safetensors").write_bytes(data)
    return load_generator(folder).sample(2, seed=0).shape


def report(text: str, _: Path) -> object:
    """Read a report and write it again."""
    from gantlet.core.results.report import Report

    return Report.from_json(text).to_json()


def page(text: str, folder: Path) -> object:
    """Show a report and write its page, as ``gantlet report`` does."""
    from rich.console import Console

    from gantlet.actions.report import load_report, write_page
    from gantlet.reports.terminal import show

    (folder / "report.json").write_text(text, errors="surrogatepass")
    show(load_report(folder), Console(file=io.StringIO(), width=100))
    return write_page(folder)


def config(text: str, folder: Path) -> object:
    """Read a configuration and write it again."""
    from gantlet.core.config import TrainConfig

    (folder / "config.toml").write_bytes(text.encode(errors="surrogatepass"))
    return TrainConfig.from_toml(folder / "config.toml").to_toml()


def events(data: bytes, folder: Path) -> object:
    """Read a run's log, and its numbers."""
    from gantlet.training.runs.events import read_events, scalars_by_step

    (folder / "events.jsonl").write_bytes(data)
    return read_events(folder), list(scalars_by_step(folder))


def spec(text: str, _: Path) -> object:
    """Build the part of that name in every registry that has it."""
    from gantlet.evaluation.features import EXTRACTORS
    from gantlet.training.networks import NETWORKS
    from gantlet.training.objectives import OBJECTIVES
    from gantlet.training.penalties import PENALTIES
    from gantlet.training.techniques import TECHNIQUES

    errors = []
    for registry in (NETWORKS, OBJECTIVES, PENALTIES, TECHNIQUES, EXTRACTORS):
        try:
            registry.build(text)
        except Exception as error:
            if not _expected(error):
                raise
            errors.append(error)
    return errors


def source(text: str, folder: Path) -> object:
    """Open a source string, as typed and as found in a file."""
    from gantlet.core.trust import require_harmless
    from gantlet.data.opening import open_source

    try:
        require_harmless(text, folder / "config.toml", inside=folder)
    except Exception as error:
        if not _expected(error):
            raise
    source = open_source(text, n=3)
    return len(source) if source.kind != "statistics" else 0


def _expected(error: Exception) -> bool:
    """Return whether an error is meant for the user."""
    from gantlet.core.errors import GantletError

    return isinstance(error, GantletError)

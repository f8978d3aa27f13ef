"""Run a lab by name."""

import dataclasses
import time
from pathlib import Path
from typing import Any

from gantlet.core.calls import called
from gantlet.core.files import as_path, write_text
from gantlet.core.output import of_lab, writing_result
from gantlet.core.results.lab import LabResult
from gantlet.core.specs import format_spec, parse_spec
from gantlet.data.apart import require_apart
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Progress, Setting, silent


@called
def lab(
    name: str,
    *,
    size: str = "laptop",
    seed: int = 0,
    seeds: int = 0,
    out: Path | str = "labs",
    progress: Progress = silent,
    **options: Any,
) -> LabResult:
    """Test one claim of a paper by an experiment, as ``gantlet lab NAME`` does: ``gantlet.lab("weight-clipping", size="smoke")``.

    Args: name: of the lab (``gantlet.labs.LABS.names()``); size: smoke (seconds), laptop (≤ 10 minutes on two cores) or full (the
    paper's); seed: the first seed; seeds: their number, 0: the lab's default; out: the folder for its figures and NAME.json;
    progress: called with (stage, done, total); options: the lab's own, e.g. data.
    Raises: UnknownName for an unknown lab or option, ConfigError, OutputError, and the errors of the lab's data.
    """
    setting = Setting(size, seed, seeds, as_path(out, "out"), progress)
    return run_lab(name, setting, {key: str(value) for key, value in options.items()})


def run_lab(spec: str, setting: Setting, options: dict[str, str] | None = None) -> LabResult:
    """Run the lab that ``spec`` names (``options`` are added to its own) and write OUT/NAME.json beside its figures.

    Raises: UnknownName for an unknown lab or option, OutputError where it would replace somebody else's file, and the errors
    of the lab's data.
    """
    name, own_options = parse_spec(spec)
    chosen = {**own_options, **(options or {})}
    lab: Lab = LABS.build(format_spec(name, chosen))
    require_apart(setting.out, chosen.get("data", ""))
    started = time.perf_counter()
    with writing_result(setting.out, of_lab(name)):
        result = dataclasses.replace(lab.run(setting), seconds=time.perf_counter() - started)
        write_text(setting.out / f"{name}.json", result.to_json())
    return result

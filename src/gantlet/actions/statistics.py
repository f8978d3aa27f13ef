"""Compute a statistics file from images, merge such files, and describe one."""

import dataclasses
import warnings
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import CacheError, OutputError, ShapeError, UsageError
from gantlet.core.specs import format_spec, parse_spec, split_specs
from gantlet.core.stamp import differing
from gantlet.core.version import __version__
from gantlet.data.apart import require_apart, require_cache_apart
from gantlet.data.kinds import Source
from gantlet.evaluation.extraction import extract_sides
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.build import automatic
from gantlet.evaluation.features.statistics_file import Statistics, read_statistics, write_statistics
from gantlet.evaluation.opening import open_fakes
from gantlet.evaluation.prepare import build_all
from gantlet.evaluation.protocols import DEFAULT, fixed
from gantlet.evaluation.sides import Progress, nothing
from gantlet.evaluation.stats.summary import PublishedSummary, Summary


def make_statistics(
    source: str, out: Path, config: EvaluateConfig | None = None, *, progress: Progress = nothing
) -> Statistics:
    """Extract the features of a source in one space and write their statistics to ``out`` (.safetensors).

    Raises: OutputError when ``out`` exists or has another suffix; UsageError for several spaces; and the errors of `evaluate`.
    """
    _check_out(out)
    require_apart(out, source)
    config = fixed(config or EvaluateConfig())
    if config.cache:
        require_cache_apart(source)
    opened = open_fakes(source, config, config.n)
    if opened.kind == "statistics":
        raise UsageError(f"{source} holds statistics already; gantlet stats merge merges several")
    for note in opened.notes:
        warnings.warn(f"{source}: {note}", stacklevel=2)
    config = dataclasses.replace(config, features=_portable_spec(config.features, opened))
    extractors = build_all(config, opened, None, progress)
    (side,) = extract_sides(extractors, opened, role="given", config=config, progress=progress, seconds={})
    header = {
        "features": config.features,
        "extractor": dict(extractors[0].identity),
        "protocol": "" if config.protocol == DEFAULT else config.protocol,
        "package": __version__,
        "sources": [{"spec": opened.spec, "sha256": opened.digest, "n": side.rows.n}],
    }
    statistics = Statistics(Summary.of(side.rows.features, side.rows.probabilities), header)
    write_statistics(out, statistics)
    return statistics


def merge_statistics(paths: Sequence[Path], out: Path) -> Statistics:
    """Write the statistics of all images of several files; raises CacheError naming the field in which they differ."""
    _check_out(out)
    if len(paths) < 2:
        raise UsageError(f"gantlet stats merge needs two files or more; got {len(paths)}")
    files = [read_statistics(path) for path in paths]
    for path, file in zip(paths[1:], files[1:], strict=True):
        if difference := differing(_comparable_fields(file), _comparable_fields(files[0])):
            field, theirs, ours = difference
            raise CacheError(
                f"{path} has {field} = {theirs!r}, {paths[0]} {ours!r}; statistics merge only where everything that determines "
                "them agrees"
            )
    sources = [source for file in files for source in file.header.get("sources", [])]
    digests = [source["sha256"] for source in sources]
    repeated = next((source["spec"] for source in sources if digests.count(source["sha256"]) > 1), None)
    if repeated:
        raise CacheError(f"{repeated} is given twice; each image may count once")
    merged = dataclasses.replace(
        files[0],
        summary=reduce(Summary.merge, [_mergeable(file) for file in files]),
        header={**files[0].header, "sources": sources},
    )
    write_statistics(out, merged)
    return merged


def _mergeable(file: Statistics) -> Summary:
    if isinstance(file.summary, PublishedSummary):
        raise ShapeError("statistics of an unknown number of images cannot be merged; make them with gantlet stats")
    return file.summary


def describe_statistics(path: Path) -> dict[str, Any]:
    """Return the content of a statistics file, in words and numbers."""
    if not path.is_file():
        raise CacheError(f"there is no statistics file {path}; gantlet stats make SOURCE --out {path} writes one")
    statistics = read_statistics(path)
    moments, classes = statistics.summary.moments, statistics.summary.classes
    return {
        "images": "unknown" if statistics.summary.n is None else statistics.summary.n,
        "dimensions": len(moments.mean),
        "classes": classes.moments.mean.shape[0] - 1 if classes else 0,
        "total variance": moments.total_variance,
        **{key: value for key, value in statistics.header.items() if key != "kind"},
    }


def _comparable_fields(file: Statistics) -> dict[str, str]:
    fields = {field: file.header.get(field, "") for field in ("protocol", "package")}
    return {**file.header.get("extractor", {}), **fields}


def _portable_spec(features: str, source: Source) -> str:
    """Return one feature space as a spec that means the same in any evaluation, including its training data."""
    spaces = split_specs(features)
    if len(spaces) != 1:
        raise UsageError(f"a statistics file holds one feature space; got --features {features}")
    name, options = parse_spec(automatic(source) if spaces[0] == "auto" else spaces[0])
    if EXTRACTORS.entry(name).meta.trained and "data" not in options:
        options = {**options, "data": source.spec}
    return format_spec(name, options)


def _check_out(out: Path) -> None:
    if out.suffix.lower() != ".safetensors":
        raise OutputError(f"a statistics file is named NAME.safetensors; got {out}")
    if out.exists():
        raise OutputError(f"{out} exists already; choose another name, or move it away")

"""No worse than the last one: a report held against an earlier one, as a check of a gate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gantlet.actions.compare_reports import compare_stored, first_difference, report_path
from gantlet.actions.report import load_report
from gantlet.actions.winners import at_an_end
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import DataError, UsageError
from gantlet.core.results.gate import Check
from gantlet.core.results.report import Report
from gantlet.core.specs import parse_spec, split_specs
from gantlet.core.words import counted
from gantlet.evaluation.protocols import DEFAULT, fixed


def load_baseline(path: Path | str) -> Report:
    """Read the report that a new one is held against, before any work; raises DataError."""
    return load_report(Path(report_path(path)))


def require_same_settings(baseline: Report, config: EvaluateConfig) -> None:
    """Raise UsageError where an evaluation, as it is asked for, cannot be held against a report: before any work.

    Told from the protocol, the feature spaces and the level alone; what the images decide is told afterwards, by `against`.
    """
    asked = fixed(config)
    ours: dict[str, Any] = {"protocol": asked.protocol, "level": asked.level}
    theirs: dict[str, Any] = {"protocol": baseline.features.get("protocol", ""), "level": _level(baseline)}
    spaces = split_specs(asked.features)
    if "auto" not in spaces:
        ours["name"], theirs["name"] = _names(spaces), _names(_spaces(baseline))
    for field, value in ours.items():
        if theirs[field] is not None and value != theirs[field]:
            raise UsageError(_unlike(field, value, theirs[field], baseline))


def against(baseline: Report, report: Report) -> Check:
    """Return whether a report is worse than an earlier one by any metric, beyond chance (corrected for their number).

    Identical images are no worse. Reports that cannot be compared, or have no metric in common, are undefined.
    """
    name = "worse than the baseline"
    if baseline.digests.get("fake") == report.digests.get("fake") and report.digests.get("fake"):
        return Check(name, "passed", "the generated images are those of the baseline")
    if baseline.digests and (apart := first_difference((report, baseline))):
        return Check(name, "undefined", _unlike(*apart, baseline))
    try:
        comparison = compare_stored((report, baseline), ("this report", "the baseline"))
    except (DataError, UsageError) as error:
        return Check(name, "undefined", str(error))
    if not comparison.differences:
        reasons = "; ".join(f"{metric}: {why}" for metric, why in comparison.left_out.items())
        return Check(name, "undefined", f"no metric could be compared ({reasons})")
    worse = [d for d in comparison.differences if d.better == "B"]
    several = ", corrected for their number" if len(comparison.differences) > 1 else ""
    told = f"{counted(len(comparison.differences), 'metric')} compared at {comparison.level:.0%}{several}"
    if worse:
        listed = "; ".join(f"{d.metric} {d.a:.4g} against {d.b:.4g}" for d in worse)
        return Check(name, "failed", f"worse by {listed} ({told})")
    first = comparison.differences[0]
    end = at_an_end(first.metric, first.a, first.b, first.aim)
    found = f"; of {first.metric}, {end}" if end else ""
    if first.detectable is not None:
        found += f"; a difference of {first.detectable:.3g} in {first.metric} would have been found"
    return Check(name, "passed", f"not worse beyond chance ({told}{found})")


MEASURED = "the images that the baseline was measured with"
WORDS = {
    "name": ("feature space", "--features", "{theirs}"),
    "protocol": ("protocol", "--protocol", "{theirs}"),
    "weights_sha256": ("weights or options of the feature space", "", ""),
    "level": ("level of the intervals", "--level", "{theirs}"),
    "real images": ("real images", "--real", MEASURED),
    "training images": ("training images", "--train", MEASURED),
    "held-out images": ("held-out images", "--held-out", MEASURED),
}
"""What determines the numbers, in words, and the option and its value that make it the baseline's."""


def _unlike(field: str, ours: Any, theirs: Any, baseline: Report) -> str:
    """Return the sentence about the first field that differs: what it is on both sides, and what to do."""
    words, option, value = WORDS.get(field, (field, "", ""))
    here, there = _short(field, ours), _short(field, theirs)
    way_out = f"give {option} {value.format(theirs=there)}" if theirs else f"leave {option} out, as the baseline did"
    if field == "protocol" and not theirs:
        metrics = " ".join(dict.fromkeys(estimate.metric for estimate in baseline.estimates))
        way_out = f"give --features {','.join(_spaces(baseline))} and --metrics {metrics}, as the baseline has them, and no --protocol"
    elif field == "protocol" and theirs == DEFAULT:
        way_out = "leave --features and --metrics out, as the baseline did"
    again = "evaluate the baseline's images anew by these settings and keep that report"
    ways = f"{way_out}, or {again}" if option else again
    return f"this evaluation and the baseline differ in the {words}: {here} here, {there} there, so that their numbers are not comparable; {ways}"


def _short(field: str, value: Any) -> str:
    if value in (None, "", []):
        return "none"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)[:12] if field.endswith("images") or "sha256" in field else str(value)


def _level(report: Report) -> float | None:
    return next((estimate.level for estimate in report.estimates), None)


def _spaces(report: Report) -> list[str]:
    return [*report.features.get("spaces", {})] or [str(report.features.get("name", ""))]


def _names(specs: Sequence[str]) -> list[str]:
    return [parse_spec(spec)[0] for spec in specs]

"""No worse than the last one: a report held against an earlier one, as a check of a gate."""

from pathlib import Path

from gantlet.actions.compare_reports import compare_stored, report_path
from gantlet.actions.report import load_report
from gantlet.core.errors import DataError, UsageError
from gantlet.core.results.gate import Check
from gantlet.core.results.report import Report


def load_baseline(path: Path | str) -> Report:
    """Read the report that a new one is held against, before any work; raises DataError."""
    return load_report(Path(report_path(path)))


def against(baseline: Report, report: Report) -> Check:
    """Return whether a report is worse than an earlier one by any metric, beyond chance (corrected for their number).

    Identical images are no worse. Reports that cannot be compared, or have no metric in common, are undefined.
    """
    name = "worse than the baseline"
    if baseline.digests.get("fake") == report.digests.get("fake") and report.digests.get("fake"):
        return Check(name, "passed", "the generated images are those of the baseline")
    try:
        comparison = compare_stored((report, baseline), ("this report", "the baseline"))
    except (DataError, UsageError) as error:
        return Check(name, "undefined", str(error))
    if not comparison.differences:
        reasons = "; ".join(f"{metric}: {why}" for metric, why in comparison.left_out.items())
        return Check(name, "undefined", f"no metric could be compared ({reasons})")
    worse = [d for d in comparison.differences if d.better == "B"]
    told = f"{len(comparison.differences)} metrics compared at {comparison.level:.0%}, corrected for their number"
    if worse:
        listed = "; ".join(f"{d.metric} {d.a:.4g} against {d.b:.4g}" for d in worse)
        return Check(name, "failed", f"worse by {listed} ({told})")
    first = comparison.differences[0]
    found = (
        ""
        if first.detectable is None
        else f"; a difference of {first.detectable:.3g} in {first.metric} would have been found"
    )
    return Check(name, "passed", f"not worse beyond chance ({told}{found})")

"""The gate of ``gantlet evaluate``: what its options ask for, checked before any work; the outcome is the exit status."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gantlet.actions.baseline import against, load_baseline, require_same_settings
from gantlet.actions.compare_reports import report_path
from gantlet.actions.gate import gate, read_conditions, with_metrics
from gantlet.cli.commands.shared import put
from gantlet.cli.options import Evaluate
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import GantletError, UsageError
from gantlet.core.output import REPORT
from gantlet.core.processes import rank
from gantlet.core.results.gate import Condition, Gate
from gantlet.core.results.report import Report
from gantlet.core.visible import visible
from gantlet.reports.gate import (
    append_markdown,
    folders_missing,
    junit,
    junit_of_failure,
    lines,
    markdown,
    markdown_of_failure,
    require_junit,
    write_junit,
)


@contextlib.contextmanager
def failure_written(chosen: Evaluate) -> Iterator[None]:
    """Remove an earlier JUnit file, and write into it and the summary why an evaluation inside the block came to no result.

    So neither file tells of another run than this one. Raises OutputError as `require_junit` and `folders_missing`.
    """
    folders_missing([chosen.summary, chosen.junit])
    if chosen.junit is not None:
        require_junit(chosen.junit)
        if rank() == 0:
            chosen.junit.unlink(missing_ok=True)
    try:
        yield
    except GantletError as error:
        if rank() == 0:
            with contextlib.suppress(GantletError):  # the first error is the one to tell
                if chosen.junit is not None:
                    write_junit(chosen.junit, junit_of_failure(str(error)))
                if chosen.summary is not None:
                    append_markdown(chosen.summary, markdown_of_failure(str(error)))
        raise


@dataclass(frozen=True)
class Gating:
    """The conditions of an evaluation and its baseline."""

    conditions: tuple[Condition, ...]
    baseline: Report | None

    @classmethod
    def read(cls, chosen: Evaluate) -> "Gating":
        """Read the options; raises UsageError, DataError (the baseline) and OutputError (what would be replaced)."""
        if chosen.fail_if_worse and chosen.baseline is None:
            raise UsageError("--fail-if-worse needs an earlier report: --baseline report.json")
        if chosen.baseline is not None and not chosen.fail_if_worse:
            raise UsageError("--baseline is for --fail-if-worse; add it, or see gantlet compare for differences alone")
        conditions = read_conditions(chosen.fail_if)
        if chosen.junit is not None and not (conditions or chosen.fail_if_worse):
            raise UsageError("--junit lists the checks of a gate; give --fail-if or --fail-if-worse")
        if chosen.baseline is not None:
            _require_another_place(chosen.baseline, chosen.out)
        return cls(tuple(conditions), None if chosen.baseline is None else load_baseline(chosen.baseline))

    def asking(self, config: EvaluateConfig) -> EvaluateConfig:
        """Return the configuration with the metrics of the conditions; says on stderr which ones were added.

        Raises: UsageError where the baseline has other settings.
        """
        config, added = with_metrics(config, self.conditions)
        if added and rank() == 0:
            sys.stderr.write(f"gantlet: added for --fail-if: {', '.join(added)}\n")
        if self.baseline is not None:
            require_same_settings(self.baseline, config)
        return config

    def conclude(self, report: Report, chosen: Evaluate) -> int:
        """Print the outcome (to stderr beside JSON), write summary and JUnit file, and return the exit status."""
        result: Gate = gate(report, self.conditions)
        if self.baseline is not None:
            result = result.joined(against(self.baseline, report))
        if rank() == 0:
            if result.checks:
                text = "\n".join(lines(result))
                sys.stderr.write(visible(text) + "\n") if chosen.json else put(f"\n{text}")
            if chosen.summary is not None:
                append_markdown(chosen.summary, markdown(report, result, str(chosen.out / "report.html")))
            if chosen.junit is not None:
                write_junit(chosen.junit, junit(result, report))
        return result.exit_status


def _require_another_place(baseline: Path, out: Path) -> None:
    """Raise UsageError where the new report would replace the baseline, so that the next run would be held against this one."""
    written = (out.resolve(), out.resolve() / REPORT.file, (out / REPORT.file).resolve())
    if not {baseline.resolve(), Path(report_path(baseline)).resolve()}.isdisjoint(written):
        raise UsageError(
            f"the baseline {baseline} is where this evaluation writes its own report (--out {out}): it would be replaced, and the next "
            "run held against this one; give another --out, or keep the accepted report elsewhere"
        )

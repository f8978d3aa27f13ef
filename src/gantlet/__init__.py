"""gantlet: train generative adversarial networks and measure generative models so that the number can be trusted.

Everything here is imported on first use: ``import gantlet`` loads neither torch nor NumPy.
"""

import importlib
from typing import TYPE_CHECKING, Any

_WHERE = {
    "__version__": "gantlet.core.version",
    # evaluate
    "evaluate": "gantlet.actions.evaluate",
    "compare": "gantlet.actions.compare",
    "compare_reports": "gantlet.actions.compare_reports",
    "replay": "gantlet.actions.replay",
    "evaluate_runs": "gantlet.actions.evaluate_runs",
    "compare_runs": "gantlet.actions.compare_runs",
    "leaderboard": "gantlet.actions.leaderboard",
    "tournament": "gantlet.actions.tournament",
    "audit": "gantlet.actions.audit",
    "gate": "gantlet.actions.gate",
    "Evaluator": "gantlet.evaluation.evaluator",
    # images
    "open_source": "gantlet.data.opening",
    "images": "gantlet.data.given",
    "points": "gantlet.data.given",
    "features": "gantlet.data.given",
    # train and draw
    "train": "gantlet.actions.train",
    "load": "gantlet.training.runs.generator",
    "sample": "gantlet.actions.sample",
    "project": "gantlet.actions.project",
    "export": "gantlet.actions.export",
    "export_web": "gantlet.actions.export_web",
    "Samples": "gantlet.data.samples",
    # test a claim
    "lab": "gantlet.labs.run",
    # configurations, results, errors
    "AuditConfig": "gantlet.evaluation.audit.config",
    "EvaluateConfig": "gantlet.core.config",
    "TrainConfig": "gantlet.core.config",
    "AuditResult": "gantlet.core.results.audit",
    "Comparison": "gantlet.core.results.comparison",
    "Estimate": "gantlet.core.results.estimate",
    "LabResult": "gantlet.core.results.lab",
    "Leaderboard": "gantlet.core.results.leaderboard",
    "Gate": "gantlet.core.results.gate",
    "Report": "gantlet.core.results.report",
    "RunsReport": "gantlet.core.results.runs",
    "RunsComparison": "gantlet.core.results.runs",
    "Tournament": "gantlet.core.results.tournament",
    "TransportResult": "gantlet.transport.result",
    "GantletError": "gantlet.core.errors",
    "UsageError": "gantlet.core.errors",
    "DataError": "gantlet.core.errors",
}
_PACKAGES = ("transport", "labs")
"""Subpackages that are used by their own names: gantlet.transport.solve."""
__all__ = [
    "AuditConfig",
    "AuditResult",
    "Comparison",
    "DataError",
    "Estimate",
    "EvaluateConfig",
    "Evaluator",
    "GantletError",
    "Gate",
    "LabResult",
    "Leaderboard",
    "Report",
    "RunsComparison",
    "RunsReport",
    "Samples",
    "Tournament",
    "TrainConfig",
    "TransportResult",
    "UsageError",
    "audit",
    "compare",
    "compare_reports",
    "compare_runs",
    "evaluate",
    "evaluate_runs",
    "export",
    "export_web",
    "features",
    "gate",
    "images",
    "lab",
    "labs",
    "leaderboard",
    "load",
    "open_source",
    "points",
    "project",
    "replay",
    "sample",
    "tournament",
    "train",
    "transport",
]

if TYPE_CHECKING:
    from gantlet.actions.audit import audit
    from gantlet.actions.compare import compare
    from gantlet.actions.compare_reports import compare_reports
    from gantlet.actions.compare_runs import compare_runs
    from gantlet.actions.evaluate import evaluate
    from gantlet.actions.evaluate_runs import evaluate_runs
    from gantlet.actions.export import export
    from gantlet.actions.export_web import export_web
    from gantlet.actions.gate import gate
    from gantlet.actions.leaderboard import leaderboard
    from gantlet.actions.project import project
    from gantlet.actions.replay import replay
    from gantlet.actions.sample import sample
    from gantlet.actions.tournament import tournament
    from gantlet.actions.train import train
    from gantlet.core.config import EvaluateConfig, TrainConfig
    from gantlet.core.errors import DataError, GantletError, UsageError
    from gantlet.core.results.audit import AuditResult
    from gantlet.core.results.comparison import Comparison
    from gantlet.core.results.estimate import Estimate
    from gantlet.core.results.gate import Gate
    from gantlet.core.results.lab import LabResult
    from gantlet.core.results.leaderboard import Leaderboard
    from gantlet.core.results.report import Report
    from gantlet.core.results.runs import RunsComparison, RunsReport
    from gantlet.core.results.tournament import Tournament
    from gantlet.data.given import features, images, points
    from gantlet.data.opening import open_source
    from gantlet.data.samples import Samples
    from gantlet.evaluation.audit.config import AuditConfig
    from gantlet.evaluation.evaluator import Evaluator
    from gantlet.labs.run import lab
    from gantlet.training.runs.generator import load
    from gantlet.transport.result import TransportResult

    from . import labs, transport


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"gantlet.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module 'gantlet' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

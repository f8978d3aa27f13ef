"""gantlet: train generative adversarial networks and measure generative models so that the number can be trusted.

Everything here is imported on first use: ``import gantlet`` loads neither torch nor NumPy.
"""

import importlib
from typing import TYPE_CHECKING, Any

_WHERE = {
    "__version__": "gantlet.core.version",
    "train": "gantlet.actions.train",
    "evaluate": "gantlet.actions.evaluate",
    "compare": "gantlet.actions.compare",
    "compare_reports": "gantlet.actions.compare_reports",
    "audit": "gantlet.actions.audit",
    "AuditConfig": "gantlet.evaluation.audit.config",
    "AuditResult": "gantlet.core.results.audit",
    "Comparison": "gantlet.core.results.comparison",
    "sample": "gantlet.actions.sample",
    "export": "gantlet.actions.export",
    "load": "gantlet.training.runs.generator",
    "open_source": "gantlet.data.opening",
    "TrainConfig": "gantlet.core.config",
    "EvaluateConfig": "gantlet.core.config",
    "Evaluator": "gantlet.evaluation.evaluator",
    "Estimate": "gantlet.core.results.estimate",
    "Report": "gantlet.core.results.report",
    "GantletError": "gantlet.core.errors",
}
__all__ = [
    "AuditConfig",
    "AuditResult",
    "Comparison",
    "Estimate",
    "EvaluateConfig",
    "Evaluator",
    "GantletError",
    "Report",
    "TrainConfig",
    "audit",
    "compare",
    "compare_reports",
    "evaluate",
    "export",
    "load",
    "open_source",
    "sample",
    "train",
]

if TYPE_CHECKING:
    from gantlet.actions.audit import audit
    from gantlet.actions.compare import compare
    from gantlet.actions.compare_reports import compare_reports
    from gantlet.actions.evaluate import evaluate
    from gantlet.actions.export import export
    from gantlet.actions.sample import sample
    from gantlet.actions.train import train
    from gantlet.core.config import EvaluateConfig, TrainConfig
    from gantlet.core.errors import GantletError
    from gantlet.core.results.audit import AuditResult
    from gantlet.core.results.comparison import Comparison
    from gantlet.core.results.estimate import Estimate
    from gantlet.core.results.report import Report
    from gantlet.data.opening import open_source
    from gantlet.evaluation.audit.config import AuditConfig
    from gantlet.evaluation.evaluator import Evaluator
    from gantlet.training.runs.generator import load


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'gantlet' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

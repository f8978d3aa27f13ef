"""gantlet: train generative adversarial networks and measure generative models so that the number can be trusted.

Everything here is imported on first use: ``import gantlet`` loads neither torch nor NumPy.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "train": "gantlet.actions.train",
    "evaluate": "gantlet.actions.evaluate",
    "compare": "gantlet.actions.compare",
    "compare_reports": "gantlet.actions.reported",
    "audit": "gantlet.actions.audit",
    "AuditConfig": "gantlet.audit.settings",
    "AuditResult": "gantlet.audit_result",
    "Comparison": "gantlet.comparison",
    "sample": "gantlet.actions.sample",
    "export": "gantlet.actions.export",
    "load": "gantlet.networks.saved",
    "open_source": "gantlet.data",
    "TrainConfig": "gantlet.config",
    "EvaluateConfig": "gantlet.config",
    "Evaluator": "gantlet.integrations.loop",
    "Estimate": "gantlet.results",
    "Report": "gantlet.results",
    "GantletError": "gantlet.errors",
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
    from gantlet.actions.evaluate import evaluate
    from gantlet.actions.export import export
    from gantlet.actions.reported import compare_reports
    from gantlet.actions.sample import sample
    from gantlet.actions.train import train
    from gantlet.audit.settings import AuditConfig
    from gantlet.audit_result import AuditResult
    from gantlet.comparison import Comparison
    from gantlet.config import EvaluateConfig, TrainConfig
    from gantlet.data import open_source
    from gantlet.errors import GantletError
    from gantlet.integrations.loop import Evaluator
    from gantlet.networks.saved import load
    from gantlet.results import Estimate, Report


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'gantlet' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

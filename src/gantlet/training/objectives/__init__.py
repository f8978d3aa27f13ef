"""One adversarial objective per file: both players' losses beside their equations."""

from gantlet.core.interfaces.hooks import HOOKS
from gantlet.core.interfaces.objectives import Autoencodes, MatchesBatch, Objective
from gantlet.core.registry import Metadata, Registry

OBJECTIVES = Registry(
    "objective",
    __name__,
    metadata=Metadata,
    protocols=(Objective, MatchesBatch, Autoencodes, *HOOKS),
    group="objectives",
)

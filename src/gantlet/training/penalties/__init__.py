"""One penalty on the discriminator per file."""

from gantlet.core.interfaces.hooks import GENERAL_HOOKS
from gantlet.core.interfaces.penalties import LazyPenalty, Penalty
from gantlet.core.registry import Metadata, Registry

PENALTIES = Registry(
    "penalty", __name__, metadata=Metadata, protocols=(Penalty, LazyPenalty, *GENERAL_HOOKS), group="penalties"
)

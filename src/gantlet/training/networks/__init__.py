"""One family of generator and discriminator per file."""

from gantlet.core.interfaces.conditioning import ConditionalNorm, Conditioning
from gantlet.core.interfaces.hooks import GENERAL_HOOKS
from gantlet.core.interfaces.networks import ChoosesInputs, Network
from gantlet.core.registry import Metadata, Registry

NETWORKS = Registry(
    "network", __name__, metadata=Metadata, protocols=(Network, ChoosesInputs, *GENERAL_HOOKS), group="networks"
)
CONDITIONING = Registry(
    "conditioning",
    __name__,
    metadata=Metadata,
    protocols=(Conditioning, ConditionalNorm, *GENERAL_HOOKS),
    group="conditioning",
)

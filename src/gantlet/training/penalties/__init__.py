"""One penalty on the discriminator per file."""

from gantlet.core.registry import Metadata, Registry

PENALTIES = Registry("penalty", __name__, metadata=Metadata, group="penalties")

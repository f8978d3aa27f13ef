"""One family of generator and discriminator per file."""

from gantlet.core.registry import Metadata, Registry

NETWORKS = Registry("network", __name__, metadata=Metadata, group="networks")
CONDITIONING = Registry("conditioning", __name__, metadata=Metadata, group="conditioning")

"""One penalty on the discriminator a file."""

from gantlet.core.registry import Registry

PENALTIES = Registry("penalty", __name__)

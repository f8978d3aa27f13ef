"""One penalty on the discriminator a file."""

from gantlet.registry import Registry

PENALTIES = Registry("penalty", __name__)

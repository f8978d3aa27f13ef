"""One kind of image source a file, and the one decoder for all of them."""

from gantlet.registry import Registry

SOURCES = Registry("data source", __name__)

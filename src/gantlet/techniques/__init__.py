"""One training technique a file."""

from gantlet.registry import Registry

TECHNIQUES = Registry("technique", __name__)

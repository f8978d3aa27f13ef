"""One training technique a file."""

from gantlet.core.registry import Registry

TECHNIQUES = Registry("technique", __name__)

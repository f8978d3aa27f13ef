"""One training technique per file."""

from gantlet.core.registry import Metadata, Registry

TECHNIQUES = Registry("technique", __name__, metadata=Metadata, group="techniques")

"""One training technique per file."""

from gantlet.core.interfaces.hooks import HOOKS
from gantlet.core.registry import Metadata, Registry

TECHNIQUES = Registry("technique", __name__, metadata=Metadata, protocols=HOOKS, group="techniques")

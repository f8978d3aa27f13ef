"""One kind of data source per file, and the one decoder for all of them."""

from gantlet.core.interfaces.metadata import SourceMetadata
from gantlet.core.registry import Registry

SOURCES = Registry("data source", __name__, "gantlet.training.runs.source", metadata=SourceMetadata, group="sources")

"""One metric per file: a pure function of statistics beside its paper, its convention and its interval."""

from gantlet.core.field_words import meant_by
from gantlet.core.interfaces.metadata import MetricMetadata
from gantlet.core.registry import Registry

METRICS = Registry("metric", __name__, metadata=MetricMetadata, first="evidence", group="metrics", meant=meant_by)

"""Xu et al.'s audit: known failures are planted in real images, and each metric shows whether it detects them."""

from gantlet.core.interfaces.metadata import FailureMetadata
from gantlet.core.registry import Registry

FAILURES = Registry("failure", __name__, metadata=FailureMetadata, first="pool", group="failures")

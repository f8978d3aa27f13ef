"""Xu et al.'s audit: known failures are planted in real images, and each metric shows whether it sees them."""

from gantlet.core.registry import Registry

FAILURES = Registry("failure", __name__)

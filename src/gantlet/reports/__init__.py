"""Render a Report; compute nothing."""

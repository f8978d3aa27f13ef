"""The command line: parse options, call one use case, render the result; no computation here."""

from gantlet.cli.start import main

__all__ = ["main"]

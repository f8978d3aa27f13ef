"""Where the command line starts: light to import, so that an interrupt is one line from the beginning."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 success, 1 failure, 2 usage error, 3 gate not met, 4 gate undefined, 130 interrupted.

    What the command line needs is imported here, so that an interrupt meanwhile is one line too.
    """
    try:
        from gantlet.cli.entry import main as run
    except KeyboardInterrupt:
        sys.stderr.write("gantlet: interrupted; nothing was begun\n")
        return 130
    return run(arguments)

"""``python -m gantlet``: the command line."""

import sys

from gantlet.cli import main

sys.exit(main())

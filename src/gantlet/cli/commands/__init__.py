"""One function per command: read the options, call the use case, render the result."""

from collections.abc import Callable
from typing import Any

from gantlet.cli.commands.classroom import classroom
from gantlet.cli.commands.evaluation import audit, compare, evaluate, leaderboard, log, replay, report, stats
from gantlet.cli.commands.information import doctor, explain, lab, list_
from gantlet.cli.commands.methods import tournament
from gantlet.cli.commands.shared import Words
from gantlet.cli.commands.training import export, project, quickstart, sample, train
from gantlet.cli.commands.transport import transport

COMMANDS: dict[str, Callable[[Words], Any]] = {
    "quickstart": quickstart,
    "train": train,
    "sample": sample,
    "project": project,
    "export": export,
    "evaluate": evaluate,
    "compare": compare,
    "leaderboard": leaderboard,
    "tournament": tournament,
    "audit": audit,
    "stats": stats,
    "transport": transport,
    "lab": lab,
    "classroom": classroom,
    "report": report,
    "replay": replay,
    "log": log,
    "list": list_,
    "explain": explain,
    "doctor": doctor,
}

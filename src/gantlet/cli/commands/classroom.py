"""The command that writes the lab for the class room."""

from gantlet.cli import options
from gantlet.cli.commands.shared import Words, put
from gantlet.cli.parse import parse


def classroom(words: Words) -> None:
    """Write a page for the class room (opens from disk): 2-D GANs to play, exact transport beside them, six claims to guess."""
    (chosen,) = parse("classroom", words, options.Classroom)
    from gantlet.actions.classroom import classroom as action

    put(str(action(chosen.out, answers_from=chosen.answers)))

"""The command that solves a transport problem between two sets."""

from gantlet.cli.commands.shared import Words, first, put
from gantlet.cli.parse import parse
from gantlet.cli.progress import Progress
from gantlet.cli.transport_options import Transport
from gantlet.core.visible import json_text


def transport(words: Words) -> None:
    """Solve the optimal transport between two sets of points (.npy, .npz, .csv) or images: cost, bounds, method, page."""
    a, rest = first(words, "transport", "the first set of points or images")
    if rest == ["--help"]:
        parse("transport", rest, Transport, argument="A B")
        return
    b, rest = first(rest, "transport", "the second set of points or images")
    (chosen,) = parse("transport", rest, Transport, argument="A B")
    from gantlet.actions.transport import transport_between

    with Progress() as progress:
        found = transport_between(
            a,
            b,
            method=chosen.method,
            cost=chosen.cost,
            features=chosen.features,
            n=chosen.n,
            seed=chosen.seed,
            time_limit=chosen.time_limit,
            out=chosen.out,
            progress=progress,
        )
    if chosen.json:
        put(json_text(found, indent=1))
        return
    from gantlet.reports.transport import lines

    put("\n".join(lines(found)))
    put(f"\n{chosen.out / 'transport.html'}")

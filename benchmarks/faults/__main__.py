"""How gantlet holds under faults: ``python -m benchmarks.faults [kills] [writes] [flips] [fuzz] [lines] --share 0.1 --out FOLDER``.

kills: 200 SIGKILLs over all commands that write. writes: each kind of write fails once (on a full disk, with an error of
the disk), and small disks, for which the right to mount is needed. flips: 50 bit flips a kind of file. fuzz: 100,000 mutated
inputs. lines: 2,000 random command lines. One line of JSON each in FOLDER/PART.jsonl; a campaign that was stopped goes on
where it was. ``--share``: this share of the sizes; ``--again``: forget the lines that did not hold and measure them anew.
"""

import argparse
import functools
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.kept import Line, gone_on

from . import commands, flips, forked, fuzz, kills, lines, write_points

Tasks = Callable[[Path, float], Iterable[Mapping[str, Any]]]
PARTS: dict[str, tuple[Tasks, Callable[..., Mapping[str, Any]]]] = {
    "kills": (lambda _, share: kills.tasks(round(200 * share)), kills.measure),
    "writes": (lambda place, share: write_points.tasks(place)[:: round(1 / share)], write_points.measure),
    "flips": (lambda _, share: flips.tasks(round(50 * share)), flips.measure),
    "fuzz": (lambda _, share: fuzz.tasks(round(100_000 * share)), fuzz.measure),
    "lines": (lambda _, share: lines.tasks(round(2000 * share)), lines.measure),
}
WARM = ("evaluate", "audit", "lab", "export", "log", "train", "sample npy")


def prepare(place: Path) -> Path:
    """Make the folder that everything starts from; import here what the commands import; return a folder for readers."""
    base = commands.prepared(place)

    def fresh() -> Path:
        folder = place / "warm"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        return folder

    def some() -> int:
        return max(commands.COMMANDS[name].work(fresh())() for name in WARM)

    forked.warm(some)
    import torch

    torch.set_num_threads(1)
    readers = place / "readers"
    for name in ("run", "rep"):
        shutil.copytree(base / name, readers / name, dirs_exist_ok=True)
    fuzz.prepare(readers, readers / "run", readers / "rep")
    return readers


def forget(out: Path) -> None:
    """Drop the lines that did not hold."""
    kept = [line for line in out.read_text().splitlines() if json.loads(line)["held"]] if out.exists() else []
    out.write_text("".join(f"{line}\n" for line in kept))


def figures(part: str, measured: list[Line]) -> str:
    """Return a part's figures in words."""
    bad = [line for line in measured if not line["held"]]
    if part == "fuzz":
        counts = {
            key: sum(line.get(key, 0) for line in measured) for key in ("executions", "returned", "refused", "fault")
        }
        finds = {(line["target"], find["where"]) for line in measured for find in line["finds"]}
        peak, slowest = (max(line.get(key, 0) for line in measured) for key in ("peak_mb", "slowest"))
        return f"fuzz: {counts}, {len(finds)} different finds, at most {peak} MB and {slowest} s"
    if part == "flips":
        keys = ("refused", "unchanged", "changed unseen", "traceback", "hung", "crash")
        return "\n".join(
            f"flips: {line['kind']}: { {key: line[key] for key in keys if key in line} }" for line in measured
        )
    if part == "lines":
        statuses = sum((Counter(line["statuses"]) for line in measured), Counter[str]())
        faults = sum(len(line["faults"]) for line in measured)
        return f"lines: {sum(statuses.values())} lines, statuses {dict(statuses)}, {faults} faults, slowest {max(line['slowest'] for line in measured)} s"
    return f"{part}: {len(measured)}, held {len(measured) - len(bad)}" + "".join(f"\n  {line}" for line in bad)


def main() -> None:
    """Measure what is not there yet; print every line and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=Path("faults"))
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    for part in given.parts or PARTS:
        place = (given.out / f"place-{part}").resolve()
        readers = prepare(place)
        tasks, measure = PARTS[part]
        out = given.out / f"{part}.jsonl"
        if given.again:
            forget(out)
        here = readers if part in ("fuzz", "flips") else place
        measured = gone_on(out, tasks(place, given.share), functools.partial(measure, place=here))
        print(figures(part, measured))


if __name__ == "__main__":
    main()

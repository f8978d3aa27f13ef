"""Several processes: one that stops, is killed or stays away is named; one that works for long is waited for."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gantlet.core.errors import ConfigError
from gantlet.core.peers import duration, patience

SCRIPT = """
import json, os, signal, sys, time, torch
from pathlib import Path
from torch.distributed import TCPStore
from gantlet.core.errors import GantletError
from gantlet.core.processes import processes, tell

def work():
    return {"by": int(os.environ["RANK"])}

def long():  # in Python, which shares its lock with the thread that beats
    Path("works").touch()
    until = time.monotonic() + 1.5 * float(os.environ["GANTLET_PATIENCE"])
    while time.monotonic() < until:
        sum(range(1000))
    return work()

def together(place, fault):
    group = processes()
    assert int(group.total(torch.tensor(1))) == group.size
    bad = group.rank == group.size - 1
    if place == "inside first":
        print(group.first(fault)["by"])
    elif place == "inside everyone":
        print([made["by"] for made in group.everyone(fault if bad else work)])
    elif place == "error" and bad:
        raise GantletError("the disk is full")
    elif bad and place != "error":
        fault()
    print("done", int(group.total(torch.tensor(1))))

def play(place, what):
    def fault():
        if what.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, what))
        return time.sleep(60) if what == "stays away" else long()

    Path("ready-" + os.environ["RANK"]).touch()
    while len(list(Path().glob("ready-*"))) < int(os.environ["WORLD_SIZE"]):
        time.sleep(0.01)
    try:
        fault() if place == "joining" and os.environ["RANK"] == "1" else together(place, fault)
    except GantletError as error:
        if tell(str(error)):
            print("gantlet:", error, file=sys.stderr)
        else:
            print("quiet:", error)
        sys.exit(error.exit_status)
    sys.exit(0)

def status(pid):
    for _ in range(6000):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return "runs for a minute"

for line in sys.stdin:  # a process that has loaded torch forks those of the tests, which then start at once
    order = json.loads(line)
    if "wait" in order:
        print(status(order["wait"]), flush=True)
    elif pid := os.fork():
        print(pid, flush=True)
    elif "store" in order:  # in a process of its own, as torchrun's is
        store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        Path(order["store"]).write_text(str(store.port))
        signal.pause()
    else:
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name + "-" + os.environ["RANK"], os.O_WRONLY | os.O_CREAT), number)
        play(*order["words"])
"""


NO_NAMES = {"RES_OPTIONS": "timeout:1 attempts:1", "TORCH_CPP_LOG_LEVEL": "ERROR"}
"""The store looks up the name of each process that connects, and would wait 5 s for a name server, then complain of it."""


class Host:
    """The process that starts those of the tests."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **NO_NAMES},
        )

    def order(self, **order: Any) -> int:
        """Have a process forked, or waited for; return its id, or its exit status."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


class Group:
    """Processes with a store of their own, as torchrun starts them, except that none is ended for another's fault."""

    def __init__(self, host: Host, folder: Path, words: tuple[str, ...], size: int, patience: str) -> None:
        self.host, self.folder = host, folder
        port = folder / "port"
        self.store = host.order(store=str(port))
        while not (port.is_file() and port.read_text()):
            time.sleep(0.01)
        shared = {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port.read_text(),
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "WORLD_SIZE": str(size),
            "GANTLET_PATIENCE": patience,
        }
        self.pids = [
            host.order(environment={**shared, "RANK": str(rank)}, folder=str(folder), words=words)
            for rank in range(size)
        ]

    def end(self, *faulty: int) -> tuple[list[int], str, str]:
        """Return the exit statuses, what was printed and the errors of all but the faulty ones, which are then killed."""
        sound = [rank for rank in range(len(self.pids)) if rank not in faulty]
        statuses = [self.host.order(wait=self.pids[rank]) for rank in sound]
        for pid in (self.store, *(self.pids[rank] for rank in faulty)):
            os.kill(pid, signal.SIGKILL)  # nobody has waited for it: the number is still its own
            self.host.order(wait=pid)
        out, err = ("".join((self.folder / f"{name}-{rank}").read_text() for rank in sound) for name in ("out", "err"))
        return statuses, out, err


Start = Callable[..., Group]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    host = Host()

    def one(*words: str, size: int = 2, patience: str = "3") -> Group:
        return Group(host, tmp_path_factory.mktemp("group"), words, size, patience)

    yield one
    assert host.process.stdin is not None
    host.process.stdin.close()
    assert host.process.wait(10) == 0


STOPPED = "process 1 of 2 (counted from 0) has not answered for 3 seconds: stopped"
ENDED = "process 1 of 2 (counted from 0) has ended before the others: killed"
AWAY = "process 1 of 2 (counted from 0) has not come to where the others wait for 3 seconds"
FAULTS = {
    ("joining", "SIGKILL"): "process 1 of 2 (counted from 0) has not answered for 3 seconds",
    ("total", "SIGSTOP"): STOPPED,
    ("total", "SIGKILL"): ENDED,
    ("total", "stays away"): AWAY,
    ("inside first", "SIGSTOP"): STOPPED.replace("process 1", "process 0"),
    ("inside first", "SIGKILL"): ENDED.replace("process 1", "process 0"),
    ("inside everyone", "SIGSTOP"): STOPPED,
    ("inside everyone", "SIGKILL"): ENDED,
}


def test_a_process_that_stops_is_killed_or_stays_away_is_named_by_the_others(start: Start) -> None:
    groups = {fault: start(*fault) for fault in FAULTS}
    for fault, sentence in FAULTS.items():
        statuses, printed, errors = groups[fault].end(0 if fault[0] == "inside first" else 1)
        assert (statuses, printed) == ([1], ""), fault
        (line,) = errors.splitlines()
        assert line.startswith(f"gantlet: {sentence}"), fault
        assert "--resume" in line


@pytest.mark.parametrize("signal_name", ["SIGSTOP", "SIGKILL"])
def test_of_several_that_wait_one_names_the_process(start: Start, signal_name: str) -> None:
    """The others end quietly, though some lose the connection to a process that has ended because of the fault."""
    statuses, printed, errors = start("total", signal_name, size=4).end(3)
    assert statuses == [1, 1, 1]
    (line,) = errors.splitlines()
    assert "process 3 of 4" in line
    assert printed == 2 * (line.replace("gantlet:", "quiet:") + "\n")


def test_long_work_in_one_process_is_waited_for(start: Start) -> None:
    first, everyone = start("inside first", "long work"), start("inside everyone", "long work")
    assert first.end() == ([0, 0], "0\ndone 2\n" * 2, "")
    assert everyone.end() == ([0, 0], "[0, 1]\ndone 2\n" * 2, "")


def test_an_error_of_one_process_ends_all_and_is_printed_once(start: Start) -> None:
    statuses, printed, errors = start("error", "", patience="300").end()
    quiet = "quiet: process 1 of 2 (counted from 0) ended with an error: the disk is full\n"
    assert (statuses, printed, errors) == ([1, 1], quiet, "gantlet: the disk is full\n")


def test_a_group_that_is_stopped_and_continued_as_a_whole_goes_on(start: Start) -> None:
    """As a closed laptop does: nobody was silent while nobody listened."""
    group = start("inside first", "long work")
    while not (group.folder / "works").exists():
        time.sleep(0.01)
    works, waits = group.pids
    for pid, number, seconds in (
        (works, signal.SIGSTOP, 0.7),  # the last heartbeat has been seen
        (waits, signal.SIGSTOP, 4),
        (waits, signal.SIGCONT, 0.3),
        (works, signal.SIGCONT, 0),
    ):
        os.kill(pid, number)
        time.sleep(seconds)
    assert group.end() == ([0, 0], "0\ndone 2\n" * 2, "")


def test_patience_is_five_minutes_or_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANTLET_PATIENCE", raising=False)
    assert duration(patience()) == "5 minutes"
    monkeypatch.setenv("GANTLET_PATIENCE", "90")
    assert duration(patience()) == "90 seconds"
    for wrong in ("soon", "0", "-3", "nan", "inf"):
        monkeypatch.setenv("GANTLET_PATIENCE", wrong)
        with pytest.raises(ConfigError, match="expected GANTLET_PATIENCE to be a number of seconds above 0"):
            patience()

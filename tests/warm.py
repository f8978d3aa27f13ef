"""A `gantlet` that has imported everything already: the commands of tests are forks of one process, and start seconds sooner.

The stand-in on the path sends its words, folder, environment and open files to that process and waits for the exit status.
"""

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CLIENT = """#!{python} -IS
import array, json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
about = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
files = array.array("i", [0, 1, 2])
server.sendmsg([len(about).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
server.sendall(about)
sys.exit((server.recv(1) or b"\\1")[0])
"""
IMPORTED = ("evaluate", "compare", "train", "report", "catalogue", "leaderboard", "gate")


@contextlib.contextmanager
def warm(folder: Path) -> Iterator[str]:
    """Start the process and put the stand-in into ``folder``; yield the folder's path, for the front of PATH. Ends it afterwards."""
    with tempfile.TemporaryDirectory(prefix="gw") as short:  # a socket's address has 100 characters at most
        address = str(Path(short, "s"))
        stand_in = folder / "gantlet"
        stand_in.write_text(CLIENT.format(python=sys.executable, address=address))
        stand_in.chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(address)
            listening.listen()
            words = [sys.executable, __file__, str(listening.fileno())]
            process = subprocess.Popen(words, pass_fds=[listening.fileno()])
        try:
            yield str(folder)
        finally:
            process.terminate()
            process.wait()


def serve(number: int) -> None:
    """Import what commands need, then fork for each connection."""
    import importlib

    import torch  # noqa: F401

    import gantlet.cli  # noqa: F401

    for name in IMPORTED:
        importlib.import_module(f"gantlet.actions.{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(fileno=number)
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _run(connection)
        connection.close()


def _run(connection: socket.socket) -> None:
    """Be the command that one connection asks for, and tell its exit status."""
    from gantlet.cli import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    files = array.array("i")
    size, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(3 * files.itemsize))
    files.frombytes(ancillary[0][2])
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += connection.recv(1 << 16)
    words, place, environment = json.loads(text)
    for wanted, file in enumerate(files):
        os.dup2(file, wanted)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = ["gantlet", *words]
    status = 1
    try:
        status = main()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send(bytes([status]))
    os._exit(status)


if __name__ == "__main__":
    serve(int(sys.argv[1]))

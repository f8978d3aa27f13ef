"""Install the built wheel with uv and with pipx, in temporary folders, and use it: ``python tools/try_installers.py [WAY …]``.

Needs uv and pipx on the PATH. Prints, for each way, the seconds that installation and first command took, the size of the environment, and what
the first command said; ends with status 1 where a way fails. Variables of uv and pip (an index, UV_FIND_LINKS for a CPU build of torch) are passed on.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIRST = ["explain", "coverage"]
"""The first command: it loads torch and every metric, and needs no data."""


def ways(wheel: Path, folder: Path) -> dict[str, list[list[str]]]:
    """Return for each way its commands; the last one is the first command of gantlet."""
    limits = str(ROOT / "constraints.txt")
    python = str(folder / "venv" / "bin" / "python")
    return {
        "uv pip": [
            ["uv", "venv", "--quiet", str(folder / "venv")],
            ["uv", "pip", "install", "--quiet", "--python", python, "-c", limits, str(wheel)],
            [str(folder / "venv" / "bin" / "gantlet"), *FIRST],
        ],
        "uv tool": [
            ["uv", "tool", "install", "--quiet", "-c", limits, str(wheel)],
            [str(folder / "bin" / "gantlet"), *FIRST],
        ],
        "uvx": [["uvx", "--quiet", "-c", limits, "--from", str(wheel), "gantlet", *FIRST]],
        "pipx": [
            ["pipx", "install", "--quiet", f"--pip-args=--constraint={limits}", str(wheel)],
            [str(folder / "bin" / "gantlet"), *FIRST],
        ],
    }


def environment(folder: Path) -> dict[str, str]:
    """Return variables that keep everything that uv and pipx install inside ``folder``; what was downloaded is shared."""
    return os.environ | {
        "UV_TOOL_DIR": str(folder / "tools"),
        "UV_TOOL_BIN_DIR": str(folder / "bin"),
        "UV_CACHE_DIR": str(folder.parent / "uv-cache"),
        "PIPX_HOME": str(folder / "pipx"),
        "PIPX_BIN_DIR": str(folder / "bin"),
        "GANTLET_CACHE": str(folder / "cache"),
    }


def size(folder: Path) -> float:
    """Return the megabytes under a folder, each file once."""
    return sum({path.stat().st_ino: path.stat().st_size for path in folder.rglob("*") if path.is_file()}.values()) / 1e6


def tried(name: str, commands: list[list[str]], folder: Path) -> bool:
    """Run the commands of a way and print the outcome; return whether it works."""
    start = time.perf_counter()
    for command in commands:
        done = subprocess.run(command, env=environment(folder), cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name}: failed at {' '.join(command[:3])}: {done.stderr.strip()[-300:]}")
            return False
    said = done.stdout.splitlines()[0]
    taken, place = time.perf_counter() - start, f"{size(folder):,.0f} MB" if size(folder) > 1 else "in uv's cache"
    print(f"{name}: {taken:.0f} s, {place}, says {said!r}", flush=True)
    return True


def main(chosen: list[str]) -> None:
    """Try the ways that are named, or all."""
    wheels = list((ROOT / "dist").glob("*.whl"))
    if len(wheels) != 1:
        sys.exit("no wheel in dist/: run `make dist` first")
    if missing := [tool for tool in ("uv", "pipx") if shutil.which(tool) is None]:
        sys.exit(f"not found: {', '.join(missing)}; pip install uv pipx")
    works = []
    with tempfile.TemporaryDirectory() as parent:
        for name in chosen or list(ways(wheels[0], Path(parent))):
            (folder := Path(parent, name.replace(" ", "-"))).mkdir()
            works.append(tried(name, ways(wheels[0], folder)[name], folder))
            shutil.rmtree(folder)
    sys.exit(int(not all(works)))


if __name__ == "__main__":
    main(sys.argv[1:])

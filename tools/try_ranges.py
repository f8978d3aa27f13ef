"""Run all examples with the oldest and with the newest dependencies that pyproject.toml allows: ``make ranges``.

``uv`` resolves both sets, pip installs each in an environment of its own. torch stays at the version of constraints.txt (its other versions
bring gigabytes of CUDA), so its own range is not tried. Ends with status 1 where an example fails.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BOUND_TO_CUDA = re.compile(r"^(nvidia-|cuda-|triton==)")


def resolved(resolution: str, folder: Path) -> list[str]:
    """Return name==version of each package of one end of the ranges, torch as it is tested."""
    (torch,) = re.findall(r"^torch==\S+", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    (folder / "torch.txt").write_text(f"{torch}\n")
    command = ["uv", "pip", "compile", "--quiet", "--no-annotate", "--no-header", "--python-version", "3.11"]
    command += ["--resolution", resolution, "-c", str(folder / "torch.txt"), str(ROOT / "pyproject.toml")]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if not BOUND_TO_CUDA.match(line)]


def failures(packages: list[str], folder: Path) -> list[str]:
    """Install packages and this checkout in ``folder``; return the examples that fail there."""
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([environment / "bin" / "pip", "install", "--quiet", "--no-deps", *packages, "-e", ROOT], check=True)
    found = []
    for example in sorted((ROOT / "examples").glob("*.py")):
        run = subprocess.run(
            [environment / "bin" / "python", example, folder / example.stem],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            found.append(f"{example.name}: {run.stderr.strip().splitlines()[-1]}")
    return found


def main() -> None:
    """Try both ends and print what failed."""
    if shutil.which("uv") is None:
        sys.exit("uv is not found: pip install uv")
    failed = False
    for resolution in ("lowest-direct", "highest"):
        with tempfile.TemporaryDirectory() as name:
            packages = resolved(resolution, Path(name))
            found = failures(packages, Path(name))
        count = len(list((ROOT / "examples").glob("*.py")))
        print(f"{resolution}: {len(packages)} packages, {count - len(found)} of {count} examples run")
        print(*found, sep="\n", end="\n" if found else "")
        failed = failed or bool(found)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()

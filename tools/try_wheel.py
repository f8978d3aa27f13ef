"""Build sdist and wheel, install the wheel in an environment of its own, and use it: ``make dist``.

Prints the sizes, the seconds that the installation took, and what the first evaluation said; ends with status 1 where a step fails.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIRST = "import gantlet; r = gantlet.evaluate('digits[split=test]', 'digits', features='pixels'); print(r.verdict[0])"


def main() -> None:
    """Build, look into both archives, install, evaluate."""
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    build = "from setuptools import build_meta as b; print(b.build_sdist('dist')); print(b.build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "gantlet").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    if missing := wanted - packed | {f"src/{name}" for name in wanted if f"src/{name}" not in inside}:
        sys.exit(f"not packed: {', '.join(sorted(missing)[:10])}")
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        start = time.perf_counter()
        pip = [environment / "bin" / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel]
        subprocess.run(pip, check=True)
        taken = time.perf_counter() - start
        size = sum(path.stat().st_size for path in environment.rglob("*") if path.is_file())
        subprocess.run(
            [environment / "bin" / "gantlet", "list", "metrics"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        said = subprocess.run(
            [environment / "bin" / "python", "-c", FIRST], cwd=folder, check=True, capture_output=True, text=True
        )
    print(f"{wheel.name} {wheel.stat().st_size / 1e6:.1f} MB, {sdist.name} {sdist.stat().st_size / 1e6:.1f} MB")
    print(f"installed in {taken:.0f} s, {size / 1e6:,.0f} MB with all that it needs")
    print(said.stdout.strip())


if __name__ == "__main__":
    main()

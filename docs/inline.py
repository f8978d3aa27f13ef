"""How-to, explanation and gallery run in one process: ``python docs/inline.py OUT [FOLDER …]`` writes each page with what it printed.

A fence of ``python`` is executed; a fence of ``bash`` holds commands of gantlet, which are called without a new process, and pip; a fence with
``title="FILE"`` is written as that file. A command that ends with ``# status N`` must end so, and what it says to stderr is shown; of one that
ends with ``> /dev/null`` nothing is. The pages of docs/how-to share the folders that their index makes. Checks are run as in tutorials.
"""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import notebooks

ROOT = Path(__file__).parent
KINDS = ("how-to", "explanation")
"""Folders of docs/ whose pages run here."""
PIECE = re.compile(
    r'^```(?P<kind>python|bash)\n(?P<code>.*?)^```$|^```\w+ title="(?P<file>[^"]+)"\n(?P<text>.*?)^```$|^<!-- check: (?P<check>.*?) -->$',
    re.MULTILINE | re.DOTALL,
)
STATUS = re.compile(r"\s*# status (\d)$")
"""At the end of a command: the exit status that it must have."""


def run(path: Path, folder: Path) -> str:
    """Run a page with ``folder`` as working directory; return its Markdown with what it printed. Raises what a cell raises."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    parts, start, text = [], 0, path.read_text()
    with contextlib.chdir(folder):
        for piece in PIECE.finditer(text):
            parts.append(text[start : piece.start()])
            start = piece.end()
            if piece["check"]:
                exec(compile(piece["check"], f"{path.name}, a check", "exec"), scope)
                continue
            parts.append(piece[0])
            if piece["file"]:
                Path(piece["file"]).parent.mkdir(parents=True, exist_ok=True)
                Path(piece["file"]).write_text(piece["text"])
                continue
            shown = python(piece["code"], scope, path.name) if piece["kind"] == "python" else bash(piece["code"])
            parts += [f"\n\n{one}" for one in shown]
    return "".join([*parts, text[start:]])


def python(code: str, scope: dict[str, Any], name: str) -> list[str]:
    """Execute a cell; return what it printed and drew, as Markdown."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(code, name, "exec"), scope)
    outputs = [notebooks.v4.new_output("stream", name="stdout", text=out.getvalue())] if out.getvalue() else []
    for number in pyplot.get_fignums():
        drawn = io.BytesIO()
        pyplot.figure(number).savefig(drawn, dpi=100, bbox_inches="tight")
        data = {"image/png": notebooks.base64.b64encode(drawn.getvalue()).decode()}
        outputs.append(notebooks.v4.new_output("display_data", data=data))
    pyplot.close("all")
    return [shown for output in outputs if (shown := notebooks.shown(output))]


def bash(code: str) -> list[str]:
    """Run a cell's commands; return what they printed, as Markdown. Raises AssertionError for another exit status than the one stated."""
    said = []
    for line in code.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        stated = STATUS.search(line)
        wanted = int(stated[1]) if stated else 0
        words = shlex.split(line, comments=True)
        quiet = words[-2:] == [">", "/dev/null"]
        status, out, error = called(words[:-2] if quiet else words)
        if status != wanted:
            raise AssertionError(f"{line}\nended with status {status}, not {wanted}:\n{out}{error}")
        said.append("" if quiet else error if wanted else out)
    text = "".join(said)
    return (
        [shown]
        if (shown := notebooks.shown(notebooks.v4.new_output("stream", name="stdout", text=text))) and text
        else []
    )


def called(words: list[str]) -> tuple[int, str, str]:
    """Run one command; return its exit status, and what it wrote to both streams."""
    if words[0] == "pip":
        done = subprocess.run([sys.executable, "-m", *words, "--quiet"], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr
    assert words[0] == "gantlet", f"pages run commands of gantlet, and pip; {words[0]} is neither"
    from gantlet.cli import main

    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        status = main(words[1:])
    return status, out.getvalue(), error.getvalue()


def texts(kinds: Sequence[str] = KINDS) -> str:
    """Return the text of all pages of these folders."""
    return "\0".join(path.read_text() for kind in kinds for path in sorted((ROOT / kind).glob("*.md")))


def shown_files(page: Path, work: Path) -> Iterator[Path]:
    """Yield, relative to ``work``, the files that a page shows or links to; of an index.html its whole folder."""
    for name in dict.fromkeys(re.findall(r'(?:\]\(|src=")([^)":#]+)', page.read_text())):
        path = work / name
        found = path.parent.rglob("*") if path.name == "index.html" and path.is_file() else [path]
        yield from (one.relative_to(work) for one in sorted(found) if one.is_file())


def made(folder: Path, kinds: Sequence[str] = KINDS) -> None:
    """Run pages in a process of their own; leave them, and the files that they show beside them, in ``folder``.

    Raises RuntimeError with the errors of the pages that failed.
    """
    environment = {**os.environ, "GANTLET_CACHE": str(folder / "cache")}
    subprocess.run([sys.executable, __file__, folder, *kinds], check=True, env=environment)
    outcome = json.loads((folder / "outcome.json").read_text())
    if failed := {name: one["error"] for name, one in outcome.items() if one["error"]}:
        raise RuntimeError("\n\n".join(f"{name}: {error}" for name, error in failed.items()))
    for name in outcome:
        page, work = folder / name, folder / "work" / name
        for file in shown_files(page, work):
            (page.parent / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(work / file, page.parent / file)
    for rest in ("work", "site-packages", "cache"):
        shutil.rmtree(folder / rest, ignore_errors=True)


def main(target: Path, kinds: Sequence[str]) -> None:
    """Run all pages; write each into ``target``, and outcome.json: seconds and, where it failed, the error of each."""
    site = target / "site-packages"  # of packages that a page installs: not of this environment
    site.mkdir(parents=True)
    os.environ |= {"PIP_TARGET": str(site), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    os.environ |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1", "COLUMNS": "88"}
    os.environ.setdefault("GANTLET_CACHE", str(target / "cache"))
    sys.path.append(str(site))
    data = ROOT / "how-to" / "index.md"
    pages = [path for kind in kinds for path in (ROOT / kind).glob("*.md")]
    # the data first; then the package, since entry points are looked up once in a process
    pages.sort(key=lambda path: (path != data, path.name != "plugin-metric.md", path))
    outcome = {}
    for path in pages:
        name = f"{path.parent.name}/{path.name}"
        (target / name).parent.mkdir(exist_ok=True)
        (folder := target / "work" / name).mkdir(parents=True)
        for shared in (target / "work" / "how-to" / "index.md").glob("*") if path != data else ():
            (folder / shared.name).symlink_to(shared)
        began = time.process_time()
        try:
            (target / name).write_text(run(path, folder))
            error = ""
        except (Exception, SystemExit):  # noqa: BLE001  the outcome holds it
            error = traceback.format_exc()
        outcome[name] = {"seconds": round(time.process_time() - began, 1), "error": error}
    (target / "outcome.json").write_text(json.dumps(outcome, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:] or KINDS)

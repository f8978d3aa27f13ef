"""No cell is cut at any width: columns go in the order of their worth, and the first one is wrapped."""

import io
import subprocess
import sys

import pytest
from rich.console import Console

from gantlet.reports.tables import Column, Fitted

ROWS = [
    ("frechet_distance_debiased in inception-v3[tap=64] ↓", "0.1234", "0.1 … 0.2", "permutation", "1.234e+05"),
    ("coverage ↑", "12.5", "—", "wilson", "—"),
]
TABLE = Fitted(
    [
        Column("metric"),
        Column("value", right=True),
        Column("95% interval"),
        Column("by", 1),
        Column("real", 2, right=True),
    ],
    ROWS,
)


def printed(width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(TABLE)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 66, 72, 80, 100, 200])
def test_every_cell_is_whole(width: int) -> None:
    text = printed(width)
    assert "…" not in text.replace("0.1 … 0.2", "")
    assert all(len(line) <= width for line in text.splitlines())
    for value in ("0.1234", "0.1 … 0.2", "12.5"):
        assert value in text
    together = "".join(line.split("  ")[0].strip() for line in text.splitlines()[1:3])
    assert together.replace(" ", "").startswith("frechet_distance_debiasedin")
    assert "[tap=64]" in text.replace("\n", "") or width < 80


def test_what_is_left_out_is_said_and_the_least_worth_goes_first() -> None:
    assert "not shown" not in printed(120)
    assert "not shown at this width: by\n" in printed(66)
    assert "not shown at this width: by, real" in printed(54)
    assert "permutation" in printed(120)


def test_checked_signatures_of_what_prints_itself_warn_of_nothing() -> None:
    # beartype, which a notebook may switch on for all packages, warns of hints that rich writes the old way
    loads = "import gantlet.reports.tables, gantlet.reports.audit"
    code = f"from jaxtyping import install_import_hook\nwith install_import_hook('gantlet', 'beartype.beartype'):\n    {loads}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert "beartype" not in done.stderr and done.returncode == 0, done.stderr[-500:]

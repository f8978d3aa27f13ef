"""The built documentation: every page opens from disk without a request or an error, fits a phone, and axe finds nothing serious."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser]
pytest.importorskip("mkdocs", reason="mkdocs is not installed: pip install -e '.[docs]'")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install -e '.[dev]'")
ROOT = Path(__file__).parents[2]
WRITTEN = ("gallery/a-or-b", "gallery/digits", "gallery/two-folders", "gallery/web", "gallery/lab.html")
"""Pages that gantlet wrote, whose own tests look at them."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the pages of a strict build, one of each kind of the catalogue's."""
    site = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    subprocess.run(build, cwd=ROOT, check=True)
    found = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name != "404.html" and not name.startswith(WRITTEN):
            found.setdefault(name if not name.startswith("catalogue/") else path.parent.name, path)
    return list(found.values())


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "light"), (390, "dark")])
def test_every_page_is_fit_to_read(browser: Any, pages: list[Path], width: int, scheme: str) -> None:
    problems: list[Any] = []
    context = browser.new_context(
        color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 900}, offline=True
    )
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda one: problems.append(one.url) if one.url.startswith("http") else None)
    for path in pages:
        page.goto(path.as_uri())
        page.wait_for_timeout(200)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            problems.append((path.name, "is wider than the screen"))
        found = axe.Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        problems += [(path.name, one["id"], one["nodes"][0]["html"][:200]) for one in serious]
    context.close()
    assert len(pages) > 40
    assert not problems

"""A transport problem's result as lines for the terminal and as one self-contained page."""

import base64
import html
from collections.abc import Mapping
from typing import Any

from gantlet.core.visible import visible
from gantlet.core.words import counted

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color-scheme:light dark}"
    "td{padding:.15em 1.2em .15em 0;vertical-align:top}img{max-width:100%;background:#fff}"
)


def facts(found: Mapping[str, Any]) -> dict[str, str]:
    """Return what a result says, in words, in the order of reading."""
    lower, upper = (
        "not known" if found[f"certificate_{end}"] is None else f"{found[f'certificate_{end}']:.6g}"
        for end in ("lower", "upper")
    )
    sizes = f"{found['n_source']:,} × {counted(found['n_target'], 'row')} of {counted(found['dim'], 'number')}"
    return {
        "from": found["source"],
        "to": found["target"],
        "between": f"{sizes} ({found['space']})",
        "method": found["method"],
        "cost": f"{found['cost']:.6g} ({found['cost_name']})",
        "lower bound": lower,
        "upper bound": upper,
        "certificate": found["certificate_kind"],
        "converged": "yes" if found["converged"] else "no",
        "why": found["reason"],
        "time": f"{found['seconds']:.2f} s",
    }


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return one line per fact, for the terminal."""
    return [f"{name:<12} {visible(text)}" for name, text in facts(found).items()]


def page(found: Mapping[str, Any], picture: bytes) -> str:
    """Return a page that opens from disk, offline, with the figure inside."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(visible(text))}</td></tr>"
        for name, text in facts(found).items()
    )
    inside = base64.b64encode(picture).decode()
    title = "Optimal transport"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body>'
        f'<h1>{title}</h1><table>{rows}</table><p><img alt="The two sets with the strongest pairs of the plan, and the '
        f'result" src="data:image/png;base64,{inside}"></p></body></html>\n'
    )

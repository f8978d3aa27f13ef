"""Training parts: each names the protocols that it implements, and nothing is read from a part by an undeclared name."""

import ast
from pathlib import Path
from typing import Any

import pytest

from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.conditioning import Conditioning
from gantlet.core.interfaces.networks import Network
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.registry import Registry
from gantlet.training.networks import CONDITIONING, NETWORKS
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.penalties import PENALTIES
from gantlet.training.techniques import TECHNIQUES

SOURCE = Path(__file__).parents[2] / "src" / "gantlet"
KINDS: tuple[tuple[Registry[..., Any], type], ...] = (
    (NETWORKS, Network),
    (CONDITIONING, Conditioning),
    (OBJECTIVES, Objective),
    (PENALTIES, Part),
    (TECHNIQUES, Part),
)
PARTS = [(kind, base, name) for kind, base in KINDS for name in kind.names()]
FOREIGN = {
    "core/plugins.py": "attributes of imported modules",
    "core/registry.py": "attributes of imported modules",
    "data/download.py": "errors of urllib",
    "data/huggingface.py": "tables of datasets",
    "data/samples.py": "whatever a caller's generator returns",
    "evaluation/features/callable.py": "a caller's function",
    "evaluation/features/user_supplied.py": "tensors of any library",
    "training/allocator.py": "symbols of the C library",
}
"""Files that ask an object of another library for an attribute."""


@pytest.mark.parametrize(("registry", "base", "name"), PARTS, ids=[f"{kind.kind}-{name}" for kind, _, name in PARTS])
def test_a_part_names_its_kind_and_its_capabilities_are_typed(
    registry: Registry[..., Any], base: type, name: str
) -> None:
    thing = registry.entry(name).object
    assert base in thing.__mro__
    assert isinstance(registry.build(name).capabilities, Capabilities)


def reads_by_name(tree: ast.Module) -> list[str]:
    """Return the calls hasattr(…) and getattr(…, "literal", …) of a module."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [
        ast.unparse(call)
        for call in calls
        if (call.func.id == "hasattr" and call.args)
        or (call.func.id == "getattr" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant))
    ]


def test_the_search_finds_what_it_looks_for() -> None:
    code = 'getattr(part, "whole_batch", False); hasattr(part, name); getattr(self, name); getattr(config, name, 1)'
    assert reads_by_name(ast.parse(code)) == ["getattr(part, 'whole_batch', False)", "hasattr(part, name)"]


def test_nothing_is_read_by_a_name_with_a_default() -> None:
    files = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
    assert set(FOREIGN) <= set(files)
    offenders = {
        name: reads
        for name, path in files.items()
        if name not in FOREIGN and (reads := reads_by_name(ast.parse(path.read_text())))
    }
    assert not offenders, "declare these by a protocol"

"""torchmetrics imports torch-fidelity where that is installed, and that needs torchvision, which is not installed here:
empty modules stand in for torch-fidelity while torchmetrics is imported.
"""

import importlib
import sys
import types
from importlib import util


class _Anything(types.ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def _import_torchmetrics() -> None:
    names = ("torch_fidelity", "torch_fidelity.feature_extractor_inceptionv3")
    names += ("torch_fidelity.interpolate_compat_tensorflow", "torch_fidelity.helpers")
    stubs = {name: _Anything(name) for name in names}
    known = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("torch_fidelity")}
    sys.modules.update(stubs)
    try:
        importlib.import_module("torchmetrics")
    finally:
        for name in stubs:
            del sys.modules[name]
        sys.modules.update(known)


if util.find_spec("torchvision") is None:
    _import_torchmetrics()

"""Write a trained generator as an ONNX model, and check that it generates the same images."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gantlet.core.calls import called
from gantlet.core.errors import ConfigError, OutputError
from gantlet.core.files import as_path, write_bytes
from gantlet.core.interfaces.modules import module_capabilities
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.onnx_graph import onnx_runtime, to_onnx
from gantlet.core.rng import torch_stream
from gantlet.training.runs.generator import LoadedGenerator, Which, load_generator

ROWS, TOLERANCE = 8, 1e-4
"""Number of latents in the check, and the largest difference that the order of float32 operations explains; outputs are O(1)."""


class ExportResult(NamedTuple):
    """Result of an export: the inputs' names with their shapes, and the largest difference in the check."""

    inputs: dict[str, str]
    difference: float

    @property
    def sentence(self) -> str:
        """Return the inputs and the difference in words."""
        inputs = ", ".join(f"{name} {shape}" for name, shape in self.inputs.items())
        return f"inputs {inputs}; differs from the run's generator by at most {self.difference:.1e} on {ROWS} latents"


@called
def export(run: Path | str, out: Path | str, *, which: Which = "newest") -> ExportResult:
    """Write the generator of a run to ``out`` as ONNX: z [b, latent] float32 (and labels [b] int64, inputs [b, i, s, s]) → images or points.

    Images are [b, c, s, s] float32 in [−1, 1]; the batch is free. The model is run once by ONNX Runtime, on fresh latents
    and at another batch size than in the trace, and compared with the original before the file is written.

    Args: which: newest (the moving average where there is one), ema, generator, best or final weights.
    Raises: ConfigError without onnx and onnxruntime, and for a generator that cannot be written as an ONNX graph (its module
    gives the reason by the capability ``no_graph``); OutputError when ``out`` exists or the check fails; CheckpointError.
    """
    run, out = as_path(run, "run"), as_path(out, "out")
    if out.suffix.lower() != ".onnx":
        raise ConfigError(f"a model is named NAME.onnx; got {out}")
    if out.exists():
        raise OutputError(f"{out} exists already; choose another name, or move it away")
    model, result = checked_model(load_generator(run, which), run)
    write_bytes(out, model)
    return result


def checked_model(loaded: LoadedGenerator, run: Path) -> tuple[bytes, ExportResult]:
    """Return a run's generator as an ONNX model that ONNX Runtime has run once on fresh latents; raises as `export`."""
    _require_packages()
    reasons = (module_capabilities(module).no_graph for module in loaded.generator.modules())
    reason = next(filter(None, reasons), None)
    if reason:
        raise ConfigError(
            f"{run}: its generator {reason}, which an ONNX graph cannot express; use gantlet.load or gantlet sample"
        )
    inputs = _inputs(loaded, 2, "export")
    kind = "images" if isinstance(loaded.shape, ImageShape) else "points"
    try:
        model = to_onnx(_Named(loaded.generator, tuple(inputs)), inputs, [kind])
    except torch.onnx.errors.UnsupportedOperatorError as error:
        raise ConfigError(
            f"{run}: its generator has an operator that torch cannot write as ONNX ({str(error).splitlines()[0]}); use gantlet.load "
            "or gantlet sample"
        ) from error
    fresh = _inputs(loaded, ROWS, "export-check")
    with torch.inference_mode():
        ours = _Named(loaded.generator, tuple(fresh))(*fresh.values()).numpy()
    (theirs,) = onnx_runtime(model)({name: tensor.numpy() for name, tensor in fresh.items()})
    difference = float(np.abs(ours - theirs).max())
    if not difference <= TOLERANCE * max(1.0, float(np.abs(ours).max())):
        raise OutputError(
            f"the ONNX model differs from the generator by {difference:.2g}; nothing was written. Please report it"
        )
    shapes = {name: str(["b", *tensor.shape[1:]]).replace("'", "") for name, tensor in inputs.items()}
    return model, ExportResult(shapes, difference)


def _inputs(loaded: LoadedGenerator, rows: int, stream: str) -> dict[str, Tensor]:
    chance, shape = torch_stream(0, stream), loaded.shape
    inputs: dict[str, Any] = {"z": torch.randn(rows, loaded.latent, generator=chance)}
    if loaded.n_classes:
        inputs["labels"] = torch.arange(rows) % loaded.n_classes
    if isinstance(shape, ImageShape) and shape.inputs:
        inputs["inputs"] = torch.rand(rows, shape.inputs, shape.size, shape.size, generator=chance) * 2 - 1
    return inputs


class _Named(nn.Module):
    """A generator that takes its inputs as positional arguments."""

    def __init__(self, generator: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.generator, self.names = generator, names

    def forward(self, *inputs: Tensor) -> Tensor:
        arguments: dict[str, Tensor | None] = {"labels": None, **dict(zip(self.names, inputs, strict=True))}
        outputs: Tensor = self.generator(**arguments)
        return outputs


def _require_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"an ONNX model needs {error.name}: pip install 'gantlet[onnx]'") from error

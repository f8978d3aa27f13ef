"""Other engines for an extractor's network, where they are faster on a CPU: ONNX Runtime and OpenVINO, in float32."""

import importlib
import importlib.metadata
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.onnx_graph import Arrays, onnx_runtime, to_onnx

BACKENDS = ("torch", "onnxruntime", "openvino")
INPUT = "input"


def check_backend(extractor: str, backend: str, device: str, precision: str = "float32") -> None:
    """Raise ConfigError for a backend that there is not, that is not installed, or that does not fit the settings."""
    if backend not in BACKENDS:
        raise ConfigError(f"{extractor}: option 'backend' must be one of {', '.join(BACKENDS)}; got {backend!r}")
    if backend == "torch":
        return
    if device != "cpu" or precision != "float32":
        raise ConfigError(
            f"{extractor}: backend {backend} computes in float32 on the CPU; got device={device}, precision={precision}: "
            "leave them out, or use backend=torch"
        )
    for package in ("onnx", backend):
        try:
            importlib.import_module(package)
        except ImportError as error:
            extra = "onnx" if package == "onnx" else {"onnxruntime": "onnx"}.get(package, package)
            raise ConfigError(
                f"{extractor}: backend {backend} needs {package}: pip install 'gantlet[{extra}]'"
            ) from error


def backend_identity(backend: str) -> dict[str, str]:
    """Return what another engine adds to the identity of features: its name and version; nothing for torch."""
    return {} if backend == "torch" else {"backend": f"{backend} {importlib.metadata.version(backend)}"}


def compiled(network: nn.Module, example: Tensor, backend: str) -> Callable[[Tensor], Any]:
    """Return a function with the outputs of ``network`` (a tuple, or a dictionary, of tensors) for any batch size.

    Differences from torch are those of float32 arithmetic in another order: below 1e-4.
    """
    if backend == "torch":
        return network
    with torch.inference_mode():
        outputs = network(example)
    names = list(outputs) if isinstance(outputs, dict) else None
    model = to_onnx(network, {INPUT: example}, names or [f"output{i}" for i in range(len(outputs))])
    run = _openvino(model) if backend == "openvino" else onnx_runtime(model)

    def call(batch: Tensor) -> Any:
        arrays = run({INPUT: np.ascontiguousarray(batch.cpu().numpy())})
        tensors = tuple(torch.from_numpy(np.array(array)) for array in arrays)
        return dict(zip(names, tensors, strict=True)) if names else tensors

    return call


def _openvino(model: bytes) -> Callable[[Mapping[str, np.ndarray]], Arrays]:
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    engine = core.compile_model(core.read_model(model), "CPU", settings)

    def run(inputs: Mapping[str, np.ndarray]) -> Arrays:
        outputs = engine(dict(inputs))
        return [outputs[i] for i in range(len(engine.outputs))]

    return run

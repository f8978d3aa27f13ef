"""Devices and precision: the one place that knows Lightning Fabric."""

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gantlet.core.errors import ConfigError
from gantlet.core.processes import processes_started

if TYPE_CHECKING:
    import torch
    from torch import nn

DEVICES = ("auto", "cpu", "cuda")
"""Choices of `chosen_device`; mps is missing because it has no float64."""


def connect(device: str, precision: str) -> Any:
    """Return a launched Fabric on one device; under torchrun each process uses the GPU of its local rank.

    Args: device: auto, cpu, cuda or mps; precision: 32-true or bf16-mixed.
    Raises: ConfigError when the device is not available.
    """
    import torch
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments import LightningEnvironment
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    try:
        on_gpus = processes_started() > 1 and device in ("auto", "cuda") and torch.cuda.is_available()
        devices = [int(os.environ.get("LOCAL_RANK", "0"))] if on_gpus else 1
        # `Processes` averages the gradients, so Fabric is configured for a single process
        fabric = Fabric(accelerator=device, devices=devices, precision=precision, plugins=[LightningEnvironment()])
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise ConfigError(f"device {device!r} with precision {precision!r} cannot be used here: {error}") from error
    fabric.launch()
    return fabric


def unwrapped(network: "nn.Module") -> "nn.Module":
    """Return the module inside Fabric's wrapper; a module that Fabric has not set up is returned as it is."""
    from lightning_fabric.wrappers import _FabricModule

    inner: nn.Module = network.module if isinstance(network, _FabricModule) else network
    return inner


def chosen_device(name: str) -> "torch.device":
    """Return the device for tensors: auto (a GPU where there is one), cpu or cuda; each torchrun process gets the next GPU.

    Raises: ConfigError for another name, and for cuda where PyTorch finds no GPU.
    """
    import torch

    if name not in DEVICES:
        raise ConfigError(f"expected the device {', '.join(DEVICES)}; got {name!r}")
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise ConfigError("device 'cuda' cannot be used here: PyTorch finds no GPU; use cpu, or auto")
    if name == "cpu" or not has_gpu:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


def described(device: "torch.device") -> str:
    """Return a device in words: the CPU with its instruction set, or the accelerator's name."""
    import torch

    if device.type == "cpu":
        return f"cpu ({torch.backends.cpu.get_cpu_capability()})"
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def threads_used(size: int) -> int:
    """Return the number of processor threads for networks of images of ``size`` pixels: see `threads_for`."""
    import torch

    return 1 if size < 16 else torch.get_num_threads()


@contextlib.contextmanager
def threads_for(size: int) -> Iterator[None]:
    """Use one processor thread for networks of images below 16 pixels; the number is restored at the end.

    Their operations are too small to share: on two cores, with one of them busy with other work, two threads that wait
    for each other ran 3.5 steps/s of the recipe ``digits``; one thread ran 44.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads_used(size))
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""The one place that knows Lightning Fabric: devices, precision, processes."""

import os
from typing import Any

from gantlet.errors import ConfigError


def connect(device: str, precision: str) -> Any:
    """Return a launched Fabric on one device.

    Args: device: auto, cpu, cuda or mps; precision: 32-true or bf16-mixed.
    Raises: ConfigError when the device is not there, or when several processes were started (torchrun).
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError(
            f"training runs in one process; got WORLD_SIZE = {os.environ['WORLD_SIZE']}: start it without torchrun"
        )
    from lightning_fabric import Fabric
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    try:
        fabric = Fabric(accelerator=device, devices=1, precision=precision)
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise ConfigError(f"device {device!r} with precision {precision!r} cannot be used here: {error}") from error
    fabric.launch()
    return fabric

"""Networks compiled by PyTorch, where the compiled ones have all derivatives that the game needs."""

import os
import shutil
from typing import cast

import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import Unrolls
from gantlet.core.interfaces.objectives import MatchesBatch
from gantlet.training.parts import Parts

COMPILERS = ("g++", "clang++")


def compiled(
    compiles: bool, parts: Parts, generator: nn.Module, discriminator: nn.Module
) -> tuple[nn.Module, nn.Module]:
    """Return both networks, as `torch.compile` makes them where wanted; parameters and names are those of the originals.

    Compiled networks cannot be differentiated twice: where a penalty on gradients, unrolled or wgan-qc does that, the
    discriminator stays as it is.
    Raises: ConfigError where there is no C++ compiler.
    """
    if not compiles:
        return generator, discriminator
    named = os.environ.get("CXX")
    if not any(shutil.which(name) for name in ((named,) if named else COMPILERS)):
        looked = f"$CXX = {named}" if named else ", ".join(COMPILERS)
        raise ConfigError(
            f"compile needs a C++ compiler, and none is here (looked for {looked}); install one, or leave compile off"
        )
    compiled_generator = cast(nn.Module, torch.compile(generator))
    return compiled_generator, discriminator if differentiated_twice(parts) else cast(
        nn.Module, torch.compile(discriminator)
    )


def differentiated_twice(parts: Parts) -> bool:
    """Return whether the discriminator's gradient is differentiated again."""
    return bool(parts.penalties) or isinstance(parts.objective, MatchesBatch) or bool(parts.implementing(Unrolls))

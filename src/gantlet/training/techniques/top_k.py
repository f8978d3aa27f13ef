"""Top-k training: the generator learns from the fakes alone that the discriminator likes best."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.hooks import Follows, ReadsMemory, WeighsFakes
from gantlet.core.interfaces.step import Memory
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("top-k", source="Sinha et al. 2020, arXiv:2002.06224, §3 and Algorithm 1")
@dataclass(frozen=True)
class TopK(WeighsFakes, ReadsMemory, Follows):
    """The generator's loss is the mean over the k fakes of the batch with the highest logits.

    k = ⌈s·b⌉ of b fakes, s = max(``floor``, ``decay``^⌊t/every⌋) after t generator steps: all at first, then fewer. Options:
    ``decay``; ``floor``, the smallest share; ``every``, generator steps per decay; ``share``, s at the start.

    When to use it: once the discriminator knows what is wrong: gradients of its worst fakes often lead away from the data.
    It costs nothing; too small a share starves modes.

    Raises: ConfigError for a decay, floor or share outside (0, 1], or every < 1.
    Convention: decay 0.99 and floor ½ as in the paper, which decays once per epoch: 782 steps are one epoch of CIFAR-10 in
    batches of 64. Ties go by the order of rows. Only the objective's loss is cut, not further terms of the generator.
    Source: Sinha et al. 2020, arXiv:2002.06224, §3 and Algorithm 1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)
    decay: float = 0.99
    floor: float = 0.5
    every: int = 782
    share: float = 1.0

    def __post_init__(self) -> None:
        if not all(0 < value <= 1 for value in (self.decay, self.floor, self.share)) or self.every < 1:
            raise ConfigError(
                "technique 'top-k': expected decay, floor and share in (0, 1] and every ≥ 1; got "
                f"{self.decay}, {self.floor}, {self.share}, {self.every}"
            )

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return the number of generator steps, 0."""
        return {"steps": torch.zeros((), dtype=torch.int64)}

    def at(self, memory: Memory) -> "TopK":
        """Return the technique with the present share."""
        decayed = self.share * self.decay ** (int(memory["steps"]) // self.every)
        return replace(self, share=max(self.floor, decayed))

    def follow(self, memory: Memory, player: str, network: nn.Module) -> None:
        """Count the generator's steps."""
        if player == "generator":
            memory["steps"] += 1

    def fake_weights(self, scores: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Return n/k for the k highest scores and 0 for the others."""
        k = math.ceil(self.share * len(scores) - 1e-9)
        best = scores.argsort(descending=True, stable=True)[:k]
        return torch.zeros_like(scores).index_fill_(0, best, len(scores) / k)

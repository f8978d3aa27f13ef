"""The output of one player's step: its loss and terms, logits and fakes."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class StepOutput(NamedTuple):
    """One player's loss, the terms that it is the sum of, logits and fakes (empty where they were not computed)."""

    loss: Float[Tensor, ""]
    terms: dict[str, Tensor]
    real_logits: Float[Tensor, " r"]
    fake_logits: Float[Tensor, " f"]
    fake: Float[Tensor, "n *shape"]

    @classmethod
    def of(cls, terms: dict[str, Tensor], real_logits: Tensor, fake_logits: Tensor, fake: Tensor) -> "StepOutput":
        """Return the output whose loss is the sum of ``terms``; logits and fakes carry no gradient."""
        loss = torch.stack(list(terms.values())).sum()
        return cls(loss, terms, real_logits.detach(), fake_logits.detach(), fake.detach())

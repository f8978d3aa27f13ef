"""One player's turn: its loss, and what was seen on the way."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class StepOutput(NamedTuple):
    """One player's loss, the terms it is the sum of, and what was seen on the way (empty where it was not computed)."""

    loss: Float[Tensor, ""]
    terms: dict[str, Tensor]
    real_logits: Float[Tensor, " r"]
    fake_logits: Float[Tensor, " f"]
    fake: Float[Tensor, "n *shape"]

    @classmethod
    def of(cls, terms: dict[str, Tensor], real_logits: Tensor, fake_logits: Tensor, fake: Tensor) -> "StepOutput":
        """Return the turn whose loss is the sum of ``terms``; what was seen carries no gradient."""
        loss = torch.stack(list(terms.values())).sum()
        return cls(loss, terms, real_logits.detach(), fake_logits.detach(), fake.detach())

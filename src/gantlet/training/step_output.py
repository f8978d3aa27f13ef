"""The output of one player's step: its loss and terms, logits and fakes."""

from collections.abc import Sequence
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

    def detached(self) -> "StepOutput":
        """Return the output without its graph, which keeps the memory of a step."""
        return self._replace(loss=self.loss.detach(), terms={name: term.detach() for name, term in self.terms.items()})

    @classmethod
    def mean(cls, parts: "Sequence[StepOutput]") -> "StepOutput":
        """Return the output of a batch from those of its equal parts: the mean of losses and terms, all logits and fakes."""
        terms = {name: torch.stack([part.terms[name] for part in parts]).mean() for name in parts[0].terms}
        loss = torch.stack([part.loss for part in parts]).mean()
        real, fake = torch.cat([part.real_logits for part in parts]), torch.cat([part.fake_logits for part in parts])
        return cls(loss, terms, real, fake, torch.cat([part.fake for part in parts]))

"""The divergence alarm: symptoms of a failing run, as sentences; and the check that every number is finite."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import TrainingDiverged

PATIENCE = 20
"""Logged lines in a row that must show a symptom before the alarm is raised."""
STARVED = 1e-3
"""The generator's gradient is gone below this fraction of its largest norm so far."""
COLLAPSED = 0.02
"""The samples have collapsed below this fraction of the real images' variance."""

_WORDS = {
    "separated": "the discriminator tells every real image of the batch from every fake one and has for {n} "
    "logged lines: the generator learns little. "
    "Lower lr_discriminator, or add a penalty (r1, r2, gradient-penalty)",
    "starved": "the generator's gradient has been below a thousandth of its largest norm for {n} logged lines: "
    "it no longer learns. "
    "Raise lr_generator or use the nonsaturating or rpgan objective",
    "collapsed": "the samples vary less than a fiftieth as much as the real images and have for {n} logged "
    "lines: the generator has collapsed. "
    "Go back to the best checkpoint; try rpgan with r1 and r2",
}


@dataclass
class Monitor:
    """Counts, for each symptom, the logged lines in a row that show it; part of the training state."""

    streaks: dict[str, int] = field(default_factory=dict)
    largest_gradient: float = 0.0

    def update(self, line: Mapping[str, float]) -> list[str]:
        """Read one logged line; return the newly raised warnings, as sentences.

        Symptoms: min(real logits) > max(fake logits) with a margin; ‖∇G‖ < 10⁻³ · its largest; Var(fake) < 0.02 ·
        Var(real).
        A warning comes once when a streak reaches PATIENCE lines, and again only after the symptom was gone.
        """
        self.largest_gradient = max(self.largest_gradient, line["generator_gradient"])
        symptoms = {
            "separated": line.get("real_logits_min", 0.0) > line.get("fake_logits_max", 0.0),
            "starved": line["generator_gradient"] < STARVED * self.largest_gradient,
            "collapsed": line["sample_variance"] < COLLAPSED * line["real_variance"],
        }
        for name, shows in symptoms.items():
            self.streaks[name] = self.streaks.get(name, 0) + 1 if shows else 0
        return [_WORDS[name].format(n=PATIENCE) for name in symptoms if self.streaks[name] == PATIENCE]


def require_finite(
    step: int, player: str, loss: Float[Tensor, ""], terms: Mapping[str, Tensor], network: nn.Module
) -> float:
    """Return the norm of a network's gradient; raises TrainingDiverged naming the first non-finite loss or gradient."""
    named = {**terms, f"{player}'s loss": loss}
    values = torch.stack(
        [value.detach().to(loss.dtype) for value in named.values()]
    ).tolist()  # one wait for the device
    for name, value in zip(named, values, strict=True):
        if not math.isfinite(value):
            raise TrainingDiverged(f"step {step}: {name} is not finite ({value:.3g})")
    return gradient_norm(step, player, network.named_parameters())


def gradient_norm(step: int, player: str, parameters: Iterable[tuple[str, nn.Parameter]]) -> float:
    """Return ‖∇‖₂ over all parameters; raises TrainingDiverged naming the parameter that is not finite."""
    gradients = {name: parameter.grad for name, parameter in parameters if parameter.grad is not None}
    if not gradients:  # a game without a discriminator
        return 0.0
    norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(gradients.values())))))
    if math.isfinite(norm):
        return norm
    for name, gradient in gradients.items():
        if not torch.isfinite(gradient).all():
            raise TrainingDiverged(f"step {step}: the gradient of the {player}'s {name} is not finite")
    raise TrainingDiverged(f"step {step}: the norm of the {player}'s gradient overflows float32")


def sample_variance(images: Float[Tensor, "b *shape"]) -> float:
    """Return the variance over the batch, averaged over pixels (or coordinates), in their squared units."""
    return float(images.detach().float().var(dim=0).mean())

"""Latents carried to codes by semi-discrete transport before a decoder sees them: the generator of AE-OT."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import ModuleCapabilities, Part
from gantlet.core.interfaces.hooks import AltersGenerator, Finishes, Refuses
from gantlet.core.interfaces.modules import NetworkModule
from gantlet.core.rng import numpy_stream
from gantlet.training.techniques import TECHNIQUES
from gantlet.transport import solve
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Gaussian
from gantlet.transport.extension import Blend, Extension
from gantlet.transport.problem import Points

SOURCE = "An et al. 2020, openreview HkldyTNYwH (AE-OT)"
TRIALS = 100
PLAN = ("codes", "heights", "centres", "masses")
DRAWN = 1000
"""Codes drawn for the report on copying."""


class Transported(NetworkModule):
    """z ~ N(0, I) goes to codes by the extended optimal map, then through the decoder; before there is a plan, straight.

    The plan is four buffers: codes [n, k], heights, barycentres [n, k] and masses of the cells; empty until `carry`.
    """

    capabilities = ModuleCapabilities(no_graph="searches among codes")
    codes: Tensor
    heights: Tensor
    centres: Tensor
    masses: Tensor

    def __init__(self, decoder: nn.Module, latent: int, plan: "TransportCodes") -> None:
        super().__init__()
        self.decoder, self.plan = decoder, plan
        for name, shape in zip(PLAN, ((0, latent), (0,), (0, latent), (0,)), strict=True):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in [−1, 1]."""
        if not len(self.codes):
            return self.decoder(z, labels)
        carried = self.blend(z.detach().cpu().double().numpy()).points
        return self.decoder(torch.from_numpy(carried).to(z), labels)

    def carry(self, potential: Brenier, seed: int) -> None:
        """Store a solved plan."""
        centres, masses = potential.barycentres(seed=seed)
        arrays = (potential.target.points, potential.dual_potential, centres, masses)
        for name, array in zip(PLAN, arrays, strict=True):
            setattr(self, name, torch.from_numpy(np.ascontiguousarray(array)).to(getattr(self, name).device))
        self.__dict__.pop("extension", None)

    @cached_property
    def extension(self) -> Extension:
        """Return the extended map of the plan."""
        codes, heights, centres, masses = (getattr(self, name).cpu().numpy() for name in PLAN)
        target = Points(codes, np.full(len(codes), 1 / len(codes)))
        potential = Brenier(Gaussian.standard(codes.shape[1]), target, heights)
        return Extension(potential, centres, masses, self.plan.limit, self.plan.neighbours, self.plan.mixed)

    def blend(self, z: Float64[np.ndarray, "b k"]) -> Blend:
        """Return the codes that latents go to; a latent beside the singular set is replaced by another.

        The next one is drawn from a stream that its own bits seed, so an image depends on its latent alone, whatever
        the other rows of the batch. After 100 trials the point goes to its cell's own code.
        """
        latents, blend = z.copy(), self.extension(z)
        streams = {int(i): _stream(z[i]) for i in np.flatnonzero(~blend.regular)}
        for _ in range(TRIALS):
            left = np.flatnonzero(~blend.regular)
            if not len(left):
                break
            latents[left] = [streams[int(i)].standard_normal(z.shape[1]) for i in left]
            again = self.extension(latents[left])
            for part, renewed in zip(blend, again, strict=True):
                part[left] = renewed
        return blend

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Allocate buffers for the plan that is loaded: the file alone knows its number of codes."""
        for name in PLAN:
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name], device=getattr(self, name).device))
        self.__dict__.pop("extension", None)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _stream(row: Float64[np.ndarray, " k"]) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.frombuffer(row.tobytes(), np.uint32).tolist()))


@TECHNIQUES.register("transport-codes", source=SOURCE)
@dataclass(frozen=True)
class TransportCodes(Refuses, AltersGenerator, Finishes):
    """After the last step, optimal transport carries the latents N(0, I) to the training images' codes: no adversary.

    max_i (⟨z, y_i⟩ + h_i) over codes y_i by semidiscrete-stochastic, its map continued between the barycentres of the
    cells (`Extension`); latents beside the singular set, where the map jumps and a blend would mix modes, are
    drawn again. Options: ``targets``, codes taken at random (0: all); ``tolerance`` of the cell masses' χ²; ``limit`` of a
    jump and ``neighbours`` of its local radius; ``mixed`` codes per blend.

    When to use it: with the objective reconstruction. Pictures of the steps before decode latents as they are.
    Raises: ConfigError for options out of range, and with anything but an encoder that gives codes.
    Convention: scale-free jumps where the paper takes the dihedral angle. Source: An et al. 2020, openreview HkldyTNYwH (AE-OT).
    """

    targets: int = 10_000
    tolerance: float = 0.02
    limit: float = 1.25
    neighbours: int = 8
    mixed: int = 3

    def __post_init__(self) -> None:
        if self.targets < 0 or self.neighbours < 1 or self.mixed < 1 or not min(self.tolerance, self.limit) > 0:
            raise ConfigError(
                "technique 'transport-codes': expected targets ≥ 0, neighbours, mixed ≥ 1, tolerance, limit > 0; got "
                f"{self.targets}, {self.neighbours}, {self.mixed}, {self.tolerance}, {self.limit}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with a game without codes, or with a moving average."""
        if not any(other.capabilities.reads_code for other in others.values()):
            return f"it carries latents to codes, and objective {config.objective!r} has none; use reconstruction"
        if "ema" in others:
            return "its generator is completed after the last step, where no average follows; leave ema out"
        return None

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator behind the transport of its latents."""
        return Transported(generator, latent, self)

    @torch.no_grad()
    def finish(
        self, generator: nn.Module, discriminator: nn.Module, images: Iterable[Float[Tensor, "b c s s"]], seed: int
    ) -> dict[str, Any]:
        """Encode all training images, solve, and give the generator its plan; return measures of it.

        nearest_code: the median distance of 1,000 generated codes from their nearest training code, over the distance from that
        one to its own nearest; 0 is a copy. largest_share: the mean of a blend's largest share; 1 is a copy too.
        """
        assert isinstance(generator, Transported)
        discriminator.eval()
        codes = torch.cat([discriminator(batch, None).features for batch in images]).double().cpu().numpy()
        discriminator.train()
        rng = numpy_stream(seed, "transport-codes")
        chosen = np.sort(rng.permutation(len(codes))[: self.targets or len(codes)])
        targets, counts = np.unique(codes[chosen], axis=0, return_counts=True)
        method = f"semidiscrete-stochastic[tolerance={self.tolerance},seed={seed}]"
        masses = counts / counts.sum()  # equal images have one code with their masses added
        solved = solve(Gaussian.standard(codes.shape[1]), targets, method=method, target_masses=masses)
        assert solved.brenier is not None
        generator.carry(solved.brenier, seed)
        blend = generator.blend(rng.standard_normal((DRAWN, codes.shape[1])))
        return {
            "codes": len(targets),
            "converged": solved.converged,
            "reason": solved.reason,
            "cost_lower": solved.certificate.lower,
            "cost_upper": solved.certificate.upper,
            "seconds": solved.seconds,
            "nearest_code": nearest_code(targets, blend.points),
            "largest_share": float(blend.shares.max(axis=1).mean()),
        }


def nearest_code(codes: Float64[np.ndarray, "n k"], drawn: Float64[np.ndarray, "m k"]) -> float:
    """Return the median over drawn codes of the distance to the nearest code over that code's own nearest distance.

    0 is a copy. Distances are taken again as differences, so that an exact copy gives exactly 0. Codes must be distinct.
    """
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(codes)
    nearest = index.kneighbors(drawn, n_neighbors=1, return_distance=False)[:, 0]
    second = index.kneighbors(codes[nearest], return_distance=False)
    other = np.where(second[:, 0] == nearest, second[:, 1], second[:, 0])
    own = np.linalg.norm(codes[nearest] - codes[other], axis=1)
    return float(np.median(np.linalg.norm(drawn - codes[nearest], axis=1) / own))

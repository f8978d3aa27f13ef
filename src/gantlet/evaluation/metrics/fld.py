"""FLD, the feature likelihood divergence: the density of held-out real images around the fakes, fitted by others."""

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from gantlet.core.errors import TooFewSamples
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS

CAP = 1000
STEPS = 50
RATE = 0.5


def log_densities(squared: Float[Tensor, "n m"], log_variance: Float[Tensor, " m"], d: int) -> Float[Tensor, " n"]:
    """Return log (1/m) Σ_j N(x_i; y_j, σ_j²I) in nats a dimension, from squared distances [n, m]."""
    exponents = -squared / (2 * log_variance.exp()) - d / 2 * (log_variance + np.log(2 * np.pi))
    return (torch.logsumexp(exponents, dim=1) - np.log(squared.shape[1])) / d


def fitted_densities(
    centres: Float32[np.ndarray, "m d"], fit: Float32[np.ndarray, "n d"], test: Float32[np.ndarray, "t d"]
) -> Float64[np.ndarray, " t"]:
    """Return the log-density of each test row, nats a dimension, under Gaussians at ``centres``.

    Each Gaussian has its own variance; together they maximise the likelihood of ``fit`` by 50 steps of Adam at rate
    0.5 on log σ², begun at the mean over ``fit`` of the nearest squared distance over d. A centre that copies a row of
    ``fit`` gets a tiny variance and is lost for the test rows: so copying costs likelihood.
    Source: Jiralerspong et al. 2023, arXiv:2302.04440, Eq. 1–3.
    """
    d = centres.shape[1]
    to_fit, to_test = (torch.cdist(torch.from_numpy(side), torch.from_numpy(centres)).square() for side in (fit, test))
    start = float(to_fit.min(dim=1).values.mean()) / d
    log_variance = torch.full((len(centres),), float(np.log(max(start, 1e-6))), requires_grad=True)
    optimiser = torch.optim.Adam([log_variance], lr=RATE)
    with torch.enable_grad():
        for _ in range(STEPS):
            optimiser.zero_grad()
            loss = -log_densities(to_fit, log_variance, d).mean()
            loss.backward()
            optimiser.step()
            with torch.no_grad():
                log_variance.clamp_(min=float(np.log(1e-6)))
    found: Float64[np.ndarray, " t"] = log_densities(to_test, log_variance.detach(), d).double().numpy()
    return found


def fld(
    fit: Float32[np.ndarray, "n d"], test: Float32[np.ndarray, "t d"], fake: Float32[np.ndarray, "m d"]
) -> Float64[np.ndarray, " t"]:
    """Return for each test row 100·(log-density of a perfect generator − that of the fakes), nats a dimension.

    All features are standardised by the test rows. The perfect generator: half of the ``fit`` rows as centres, fitted
    to the other half. Raises: TooFewSamples (fewer than 8 ``fit``, 2 test or 1 fake rows).
    """
    if len(fit) < 8 or len(test) < 2 or len(fake) < 1:
        raise TooFewSamples(f"fld needs 8 + 2 real and 1 fake; got {len(fit)} + {len(test)} and {len(fake)}")
    mean, spread = test.mean(axis=0, dtype=np.float64), test.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0
    fit, test, fake = (((side - mean) / spread).astype(np.float32) for side in (fit, test, fake))
    perfect = fitted_densities(fit[::2].copy(), fit[1::2].copy(), test)
    return 100 * (perfect - fitted_densities(fake, fit[1::2].copy(), test))


@METRICS.register(
    "fld",
    source="Jiralerspong et al. 2023, arXiv:2302.04440",
    needs=("features",),
    unit="nats a dimension × 100 above a perfect generator",
    lower_is_better=True,
    version=1,
    estimand="fresh test images, given the training images and the fakes",
    unpaired="its widths are fitted anew for each side",
)
def estimate(evidence: Evidence) -> Measurement:
    """Feature likelihood divergence: fidelity, diversity and novelty in one, by the likelihood of held-out real images.

    FLD = 100·(NLL/d − baseline): NLL of unseen real images under Gaussians at the fakes whose widths were fitted to training
    images; baseline: the same with training images for fakes. Half of the training images are centres of the baseline
    and half fit the widths; where training and unseen images are not known, two random halves of the real ones play
    both (seeded). At most 1,000 of each.

    Interval: delta: the spread over the test images of the difference to the baseline, all else fixed.

    When it lies: isotropic Gaussians in hundreds of dimensions are a crude density: differences mean more than values.
    Only copies of images that fit the widths are punished. The baseline has a number of centres of its own, so values
    shift with n: compare at equal n.

    Source: Jiralerspong et al. 2023, arXiv:2302.04440, Eq. 1–4; here full-batch, and no
    component at the origin.
    """
    fake = evidence.sample(CAP)[1]
    train, test, notes = evidence.train_and_test(CAP)
    differences = fld(train.features, test.features, fake.features)
    notes += (f"computed on {train.n} training, {test.n} test and {counted(fake.n, 'fake image')} (seeded)",)
    value, variance = float(differences.mean()), float(differences.var(ddof=1) / len(differences))
    return Measurement(
        value, ("delta", *normal(value, variance, evidence.level)), Rows(train.n + test.n, fake.n), notes=notes
    )

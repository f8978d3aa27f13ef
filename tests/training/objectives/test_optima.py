"""The best discriminator on a known pair (p, q), found by a general optimiser, gives the divergence of the theory.

minimax and VEEGAN's pairs: −log 4 + 2·JSD; lsgan: Pearson's χ²; hinge: total variation; wgan: W₁, by a linear program over 1-Lipschitz
critics and by SciPy's closed form in one dimension.
"""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance
from torch import Tensor

from gantlet.training.objectives import OBJECTIVES

P = np.array([0.5, 0.2, 0.2, 0.1])
Q = np.array([0.1, 0.3, 0.15, 0.45])


def expected(objective: str, p: np.ndarray, q: np.ndarray, logits: Tensor) -> Tensor:
    """E_p E_q of the discriminator's loss when both see the same function of the point, as all here split into sums."""
    built = OBJECTIVES.build(objective)
    n = len(p)
    pairs = built.discriminator_loss(logits.repeat_interleave(n), logits.repeat(n)).view(n, n)
    return (torch.from_numpy(np.outer(p, q)) * pairs).sum()


def best(objective: str, p: np.ndarray, q: np.ndarray) -> tuple[float, np.ndarray]:
    """The smallest discriminator's loss over all functions of the points, by L-BFGS with the objective's own gradient."""

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        logits = torch.from_numpy(x).requires_grad_(True)
        loss = expected(objective, p, q, logits)
        return float(loss.detach()), torch.autograd.grad(loss, logits)[0].numpy()

    found = minimize(value, np.zeros(len(p)), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    return float(found.fun), found.x


@pytest.mark.parametrize("name", ["minimax", "nonsaturating"])
def test_minimax_is_log_four_minus_twice_the_jensen_shannon_divergence(name: str) -> None:
    value, logits = best(name, P, Q)
    # the optimiser stops at |gradient| ≤ 1e-10 of a function with curvature ≥ .04: its error is below 1e-8
    assert value == pytest.approx(math.log(4) - 2 * jensenshannon(P, Q) ** 2, abs=1e-8)
    np.testing.assert_allclose(logits, np.log(P / Q), atol=1e-6)
    assert best(name, P, P)[0] == pytest.approx(math.log(4), abs=1e-12)


def test_minimax_generator_then_minimises_the_same_divergence() -> None:
    logits = torch.from_numpy(np.log(P / Q))
    fake = float((torch.from_numpy(Q) * OBJECTIVES.build("minimax").generator_loss(logits, logits)).sum())
    real = float((P * np.log(P / (P + Q))).sum())
    assert real + fake == pytest.approx(-math.log(4) + 2 * jensenshannon(P, Q) ** 2, abs=1e-12)


def test_veegan_then_minimises_the_divergence_of_the_pairs_of_latent_and_image() -> None:
    """Srivastava et al. 2017, §3: with the best D of the pairs (F(x), x) ~ p and (z, G(z)) ~ q, −E_q f is KL(q ‖ p)."""
    value, logits = best("veegan", P, Q)
    assert value == pytest.approx(math.log(4) - 2 * jensenshannon(P, Q) ** 2, abs=1e-8)
    found = torch.from_numpy(logits)
    pull = (torch.from_numpy(Q) * OBJECTIVES.build("veegan").generator_loss(found, found)).sum()
    # −E_q f is linear in the logits, each known to 1e-6
    assert float(pull) == pytest.approx(entropy(Q, P), abs=1e-6)


def test_lsgan_is_pearsons_chi_square() -> None:
    """Mao et al. 2017, Eq. 6–9: with b − c = 1 and b − a = 2, 2·C(G) = ∫ (2q − (p + q))² / (p + q)."""
    spec = "lsgan[a=-1,b=1,c=0]"
    _, outputs = best(spec, P, Q)
    np.testing.assert_allclose(outputs, (P - Q) / (P + Q), atol=1e-7)
    pull = OBJECTIVES.build(spec).generator_loss(torch.from_numpy(outputs), torch.from_numpy(outputs)).numpy()
    chi_square = ((2 * Q - (P + Q)) ** 2 / (P + Q)).sum()
    assert 2 * ((P + Q) * pull).sum() == pytest.approx(chi_square, abs=1e-7)


def test_hinge_is_total_variation() -> None:
    """The loss is piecewise linear between −1 and 1, so its minimum is found at a corner: all 2⁴ are tried."""
    corners = torch.tensor(np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T)
    values = [float(expected("hinge", P, Q, corner)) for corner in corners]
    total_variation = np.abs(P - Q).sum() / 2
    assert min(values) == pytest.approx(2 * (1 - total_variation), abs=1e-12)
    assert corners[int(np.argmin(values))].tolist() == np.sign(P - Q).tolist()
    rng = np.random.default_rng(0)
    for _ in range(200):  # nothing inside or outside the box is better
        anywhere = torch.from_numpy(rng.normal(scale=2, size=4))
        assert float(expected("hinge", P, Q, anywhere)) >= min(values) - 1e-12


def test_wgan_is_the_wasserstein_distance() -> None:
    places = np.array([-1.0, 0.3, 0.5, 2.0])
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    slopes = np.zeros((len(pairs), 4))
    for row, (i, j) in enumerate(pairs):
        slopes[row, i], slopes[row, j] = 1, -1
    limits = [abs(places[i] - places[j]) for i, j in pairs]
    zeros = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    (cost,) = torch.autograd.grad(expected("wgan", P, Q, zeros), zeros)  # the loss is linear in the critic
    found = linprog(cost.numpy(), A_ub=slopes, b_ub=limits, bounds=[(0, 0), *[(None, None)] * 3])
    critic = torch.from_numpy(found.x)
    # HiGHS' default tolerance is 1e-7
    w1 = wasserstein_distance(places, places, P, Q)
    assert float(expected("wgan", P, Q, critic)) == pytest.approx(-w1, abs=1e-6)

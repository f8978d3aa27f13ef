"""vae, madgan and veegan: losses by hand, gradients by finite differences, their optima; and a short run of each."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm
from tiny import term_context
from torch import Tensor, nn

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.data.opening import open_source
from gantlet.training.loop import run
from gantlet.training.networks.mlp import Mlp
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.objectives.madgan import Many, Naming
from gantlet.training.objectives.vae import Encoder, divergence, negative_log_likelihood
from gantlet.training.objectives.veegan import Pairing
from gantlet.training.observer import Silent
from gantlet.training.runs.build import build_generator
from gantlet.training.runs.generator import load_generator


def d(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def body(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return Mlp(width=5, depth=1).discriminator(PointShape(2), "none", 0).double()


def require_finite_differences(loss: Any, parameters: list[nn.Parameter]) -> None:
    """Central differences, h = 1e-5, in float64: their error is about 1e-10 away from the kinks of LeakyReLU."""
    gradients = torch.autograd.grad(loss(), parameters, allow_unused=True)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        flat = parameter.data.view(-1)
        for i in range(len(flat)):
            kept, sides = float(flat[i]), []
            for step in (1e-5, -1e-5):
                flat[i] = kept + step
                sides.append(float(loss().detach()))
            flat[i] = kept
            found = 0.0 if gradient is None else float(gradient.view(-1)[i])
            assert found == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=1e-6)


def test_divergence_by_hand_and_by_quadrature() -> None:
    assert divergence(d(0, 0)[None], d(1, 1)[None]).tolist() == [0]
    x = np.linspace(-30, 30, 200_001)
    q, p = norm(1.5, 0.7), norm(0, 1)
    integral = np.trapezoid(q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), x)
    assert float(divergence(d(1.5)[None], d(0.7)[None])) == pytest.approx(integral, abs=1e-8)


def test_bernoulli_cost_by_hand() -> None:
    real, before_tanh = d(1, -1, 0)[None].float(), d(0, math.atanh(0.5), math.atanh(-0.5))[None].float()
    # t = 1, 0, ½; p = ½, ¾, ¼
    expected = -math.log(0.5) - math.log(0.25) - (math.log(0.25) + math.log(0.75)) / 2
    assert float(negative_log_likelihood(real, before_tanh, "bernoulli", 0.1)) == pytest.approx(expected, rel=1e-6)


def test_bernoulli_cost_is_not_clamped_where_tanh_rounds_to_one() -> None:
    """−t log σ(2a) − (1 − t) log(1 − σ(2a)) = log(1 + e^2a) − 2at; its slope by a is 2(σ(2a) − t)."""
    real, wrong = torch.tensor([[-1.0, 1.0, -0.5]]), torch.tensor([[30.0, -40.0, 20.0]], requires_grad=True)
    assert (wrong.tanh().abs() == 1).all()
    cost = negative_log_likelihood(real, wrong, "bernoulli", 0.1)
    t, a = (real.double().numpy() + 1) / 2, wrong.detach().double().numpy()
    assert float(cost.detach()) == pytest.approx(float((np.logaddexp(0, 2 * a) - 2 * a * t).sum()), rel=1e-6)
    (slope,) = torch.autograd.grad(cost.sum(), wrong)
    np.testing.assert_allclose(slope.numpy(), 2 * (1 / (1 + np.exp(-2 * a)) - t), rtol=1e-6)


@pytest.mark.parametrize("network", ["infogan[width=4,hidden=8]", "dcgan[width=4]", "resnet[width=4]", "mlp[width=8]"])
def test_the_decoder_gives_logits_in_training_and_images_otherwise(network: str) -> None:
    config = TrainConfig.from_mapping({"network": network, "objective": "vae", "latent": 3})
    decoder = build_generator(config, ImageShape(8, 1), 0)
    plain = build_generator(dataclasses.replace(config, objective="nonsaturating"), ImageShape(8, 1), 0)
    plain.load_state_dict(decoder.state_dict())  # the names are those of other objectives
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(decoder(z, None).tanh(), plain(z, None))
    torch.testing.assert_close(decoder.eval()(z, None), plain.eval()(z, None))


def test_bernoulli_refuses_a_generator_without_tanh() -> None:
    config = TrainConfig.from_mapping({"network": "mlp[width=8]", "objective": "vae", "latent": 3})
    with pytest.raises(ConfigError, match="does not end in tanh"):
        build_generator(config, PointShape(2), 0)


def test_the_bound_is_the_evidence_where_the_posterior_is_exact() -> None:
    """x = 2z + N(0, ½²): the posterior is N(2x/(4 + ¼), ¼/(4 + ¼)), and −ELBO = −log N(x; 0, 4.25)."""
    x, weight, noise = 1.3, 2.0, 0.5
    total = weight**2 + noise**2

    class Exact(nn.Module):
        def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
            mean = weight * images / total
            spread = torch.full_like(images, noise / math.sqrt(total))
            return DiscriminatorOutput(-divergence(mean, spread), torch.cat([mean, spread], 1))

    class Line(nn.Module):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return weight * z

    rows = torch.full((200_000, 1), x, dtype=torch.float64)
    stream = torch.Generator().manual_seed(0)
    game = OBJECTIVES.build(f"vae[likelihood=gaussian,noise={noise}]")
    terms = game.common_terms(Line(), Exact(), Batch(rows, None, rows), stream)
    # the reconstruction varies by about 1 a draw: 200,000 draws give ± .002
    assert float(sum(terms.values())) == pytest.approx(-norm(0, math.sqrt(total)).logpdf(x), abs=0.01)


def test_vae_gradients() -> None:
    encoder = Encoder(body(), 2).double()
    decoder = nn.Linear(2, 2).double()
    real = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 2)))
    game = OBJECTIVES.build("vae[likelihood=gaussian,noise=0.5]")

    class Decoder(nn.Module):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return decoder(z)

    def loss() -> Tensor:
        stream = torch.Generator().manual_seed(3)
        return sum(game.common_terms(Decoder(), encoder, Batch(real, None, real), stream).values())  # type: ignore[return-value]

    require_finite_differences(loss, [*encoder.parameters(), *decoder.parameters()])


def test_madgan_is_the_cross_entropy_of_k_plus_one_classes() -> None:
    naming = Naming(body(), 3).double()
    rng = np.random.default_rng(0)
    real, fake = torch.from_numpy(rng.normal(size=(7, 2))), torch.from_numpy(rng.normal(size=(7, 2)))
    game = OBJECTIVES.build("madgan[generators=3]")

    def loss() -> Tensor:
        on_real, on_fake = naming(real), naming(fake)
        adversarial = game.discriminator_loss(on_real.logits, on_fake.logits).mean()
        return adversarial + game.discriminator_term(on_real, on_fake, term_context())

    outputs = [naming.linear(naming.body(side).features) for side in (real, fake)]
    maker = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    whole = nn.functional.cross_entropy(outputs[0], torch.full((7,), 3))
    whole = whole + nn.functional.cross_entropy(outputs[1], maker)
    assert float(loss().detach()) == pytest.approx(float(whole.detach()), rel=1e-12)
    share = outputs[1].softmax(1)[:, 3]
    torch.testing.assert_close(game.generator_loss(naming(real).logits, naming(fake).logits), -share.log())
    require_finite_differences(loss, list(naming.parameters()))


def test_madgan_optimum_is_the_bayes_rule() -> None:
    """On three points with laws p, q₁, q₂: the best outputs are p : q₁/2 : q₂/2, so D_real = p/(p + q̄)."""
    p, q = d(0.5, 0.2, 0.3), torch.stack([d(0.1, 0.8, 0.1), d(0.3, 0.3, 0.4)])
    outputs = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    game = OBJECTIVES.build("madgan[generators=2]")
    optimizer = torch.optim.LBFGS([outputs], max_iter=200, line_search_fn="strong_wolfe", tolerance_grad=1e-10)

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = outputs[:, 2] - outputs[:, :2].logsumexp(1)
        zero = torch.zeros_like(logits)
        on_real = (p * (game.discriminator_loss(logits, zero) - math.log(2))).sum()
        on_fake = (q.mean(0) * (game.discriminator_loss(zero, logits) - math.log(2))).sum()
        named = -(q / 2 * outputs[:, :2].log_softmax(1).T).sum()
        (on_real + on_fake + named).backward()
        return on_real + on_fake + named

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    expected = torch.stack([*(q / 2), p]).T
    # the optimiser stops where a step changes the loss by less than 1e-9: with curvature about .1, within 1e-4
    torch.testing.assert_close(outputs.detach().softmax(1), expected / expected.sum(1, keepdim=True), atol=1e-4, rtol=0)


def test_many_generators_keep_rows_in_order() -> None:
    class Constant(nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = value

        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return z * 0 + self.value + z

    z = torch.arange(7.0)[:, None]
    made = Many([Constant(10), Constant(20), Constant(30)])(z)
    assert made[:, 0].tolist() == [10, 21, 32, 13, 24, 35, 16]
    assert Many([Constant(10), Constant(20), Constant(30)])(z[:2])[:, 0].tolist() == [10, 21]


def test_veegan_by_hand_and_its_gradients() -> None:
    pairing = Pairing(body(), 2, 3).double()
    rng = np.random.default_rng(1)
    x, fake, z = (torch.from_numpy(rng.normal(size=(5, 2))) for _ in range(3))
    game = OBJECTIVES.build("veegan[weight=0.5]")

    def back(images: Tensor) -> Tensor:
        return pairing.to_latent(pairing.back(images).features)

    def score(images: Tensor, beside: Tensor) -> Tensor:
        return pairing.pair(torch.cat([pairing.body(images).features, beside], 1)).squeeze(1)

    on_real, on_fake = pairing(x), pairing(fake, None, z)
    torch.testing.assert_close(on_real.logits, score(x, back(x)))
    torch.testing.assert_close(on_fake.logits, score(fake, z))
    gap = (back(fake) - z).square().sum(1).mean()
    torch.testing.assert_close(game.generator_term(on_real, on_fake, term_context()), 0.5 * gap)

    def loss() -> Tensor:
        judged = pairing(fake, None, z)
        return game.discriminator_loss(judged.logits, judged.logits).mean() + game.discriminator_term(
            judged, judged, term_context()
        )

    require_finite_differences(loss, list(pairing.parameters()))
    adversarial = game.discriminator_loss(pairing(x).logits, pairing(x).logits).mean()
    left = torch.autograd.grad(adversarial, list(pairing.to_latent.parameters()), allow_unused=True)
    assert left == (None, None)  # F is taught by reconstruction alone


@pytest.mark.parametrize("objective", ["vae[likelihood=gaussian]", "madgan[generators=3]", "veegan", "wgan-qc"])
def test_runs_resumes_bit_exactly_and_reloads_with_falling_rates(objective: str, tmp_path: Path) -> None:
    data = training_data(open_source("mixture[kind=ring,n=300]"))
    config = TrainConfig(
        out=str(tmp_path / "a"), objective=objective, network="mlp[width=12,depth=2]", latent=3, batch=16, steps=12,
        checkpoint_every=5, log_every=4, sample_every=12, decay="cosine", decay_to=0.1, device="cpu",
    )  # fmt: skip
    whole = run(config, data, observer=Silent())
    assert load_generator(tmp_path / "a").sample(5).shape == (5, 2)
    (tmp_path / "a" / "checkpoints" / "final.safetensors").unlink()
    assert run(config, data, resume=True, observer=Silent()).weights_sha256 == whole.weights_sha256


@pytest.mark.parametrize(
    "spec",
    ["vae[likelihood=cauchy]", "vae[noise=0]", "madgan[generators=1]", "veegan[weight=-1]", "veegan[width=0]"],
)
def test_bad_options(spec: str) -> None:
    with pytest.raises(ConfigError):
        OBJECTIVES.build(spec)

"""hadamard, conditional-batch-norm and auxiliary-classifier against their formulas written out."""

import numpy as np
import pytest
import torch
from tiny import term_context

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import CONDITIONING, NETWORKS
from gantlet.training.networks.labels import ConditionalBatchNorm2d

LABELS = torch.tensor([0, 2, 1, 2])


def test_hadamard_multiplies_and_keeps_the_width() -> None:
    torch.manual_seed(0)
    module, width = CONDITIONING.build("hadamard").latent_input(5, 3)
    z = torch.randn(4, 5)
    assert width == 5
    expected = np.stack([z[i].numpy() * module.embedding.weight[LABELS[i]].detach().numpy() for i in range(4)])
    np.testing.assert_allclose(module(z, LABELS).detach().numpy(), expected, rtol=1e-6)


def test_conditional_batch_norm_has_a_gain_and_bias_a_class() -> None:
    torch.manual_seed(0)
    norm = ConditionalBatchNorm2d(2, 3).double()
    torch.nn.init.normal_(norm.gain.weight)
    torch.nn.init.normal_(norm.bias.weight)
    x = torch.randn(4, 2, 3, 3, dtype=torch.float64)
    found = norm(x, LABELS).detach().numpy()
    array, gain, bias = x.numpy(), norm.gain.weight.detach().numpy(), norm.bias.weight.detach().numpy()
    for i in range(4):
        for c in range(2):
            normal = (array[i, c] - array[:, c].mean()) / np.sqrt(array[:, c].var() + 1e-5)
            np.testing.assert_allclose(found[i, c], gain[LABELS[i], c] * normal + bias[LABELS[i], c], atol=1e-12)


@pytest.mark.parametrize("spec", ["dcgan[width=4]", "infogan[width=4,hidden=8]", "resnet[width=4]"])
def test_every_norm_of_the_generator_is_conditional(spec: str) -> None:
    generator = NETWORKS.build(spec).generator(ImageShape(16, 1), 6, "conditional-batch-norm", 3)
    plain = [m for m in generator.modules() if isinstance(m, torch.nn.BatchNorm2d) and m.affine]
    assert plain == []
    assert any(isinstance(m, ConditionalBatchNorm2d) for m in generator.modules())


@pytest.mark.parametrize(
    ("options", "weights"), [("", (1, 1, 1)), ("[discriminator=2,generator=0.1,on_fake=false]", (2, 0, 0.1))]
)
def test_auxiliary_classifier_adds_cross_entropies(options: str, weights: tuple[float, float, float]) -> None:
    rule = CONDITIONING.build(f"auxiliary-classifier{options}")
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(2, 4, 3))
    judged = [
        DiscriminatorOutput(
            torch.zeros(4, dtype=torch.float64), torch.zeros(4, 2, dtype=torch.float64), torch.from_numpy(s)
        )
        for s in scores
    ]

    def entropy(s: np.ndarray) -> float:
        chances = np.exp(s) / np.exp(s).sum(1, keepdims=True)
        return float(-np.log(chances[np.arange(4), LABELS.numpy()]).mean())

    on_real, on_fake = entropy(scores[0]), entropy(scores[1])
    weight_d, fake, weight_g = weights
    found = float(rule.discriminator_term(judged[0], judged[1], term_context(LABELS)))
    assert found == pytest.approx(weight_d * on_real + fake * on_fake, rel=1e-12)
    assert float(rule.generator_term(judged[0], judged[1], term_context(LABELS))) == pytest.approx(
        weight_g * on_fake, rel=1e-12
    )


def test_auxiliary_classifier_refuses_negative_weights() -> None:
    with pytest.raises(ConfigError, match="generator ≥ 0"):
        CONDITIONING.build("auxiliary-classifier[generator=-1]")

"""Networks against their papers: layers, numbers of weights, first weights, formulas."""

import numpy as np
import pytest
import torch
from scipy.signal import upfirdn
from tiny import pair
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.training.game import Game
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.halving import Doubling
from gantlet.training.networks.r3gan import double, halve
from gantlet.training.networks.resnet import DownBlock, UpBlock


def test_projection_is_the_papers_formula() -> None:
    _, discriminator = pair("dcgan[width=4,norm=none]", ImageShape(8, 1), "projection", 3)
    labels = torch.tensor([2, 0])
    judged = discriminator(torch.rand(2, 1, 8, 8), labels)
    head = discriminator.head
    expected = (
        judged.features @ head.linear.weight[0]
        + head.linear.bias
        + (judged.features * head.embedding.weight[labels]).sum(1)
    )
    torch.testing.assert_close(judged.logits, expected)


def test_dcgan_has_batch_norm_where_the_paper_has_it_and_its_initial_weights() -> None:
    generator, discriminator = pair("dcgan[width=64]", ImageShape(64, 3), "none", 0)
    norms = [m.num_features for m in discriminator.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms == [128, 256, 512]
    assert [m.num_features for m in generator.modules() if isinstance(m, nn.BatchNorm2d)] == [512, 256, 128, 64]
    kernels = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert all(k.kernel_size == (4, 4) and k.stride == (2, 2) for k in kernels)
    # 512·256·16 draws: the sample deviation is within 0.02·(1 ± 3/√(2·2e6)) < 0.1 %
    assert float(kernels[-1].weight.detach().std()) == pytest.approx(0.02, rel=2e-3)
    assert not any(
        isinstance(m, nn.BatchNorm2d) for m in pair("dcgan[norm=none]", ImageShape(32, 1), "none", 0)[1].modules()
    )


def test_dcgans_guidelines_can_be_undone_one_by_one() -> None:
    usual = [type(m) for network in pair("dcgan[width=4]", ImageShape(16, 1), "none", 0) for m in network.modules()]
    for spec, kind, gone in (
        ("down=pooled", nn.MaxPool2d, False),
        ("up=nearest", Doubling, True),
        ("judging=relu", nn.LeakyReLU, True),
        ("making=leaky", nn.ReLU, True),
        ("out=linear", nn.Tanh, True),
        ("making_norm=none,norm=none", nn.BatchNorm2d, True),
    ):
        networks = pair(f"dcgan[width=4,{spec}]", ImageShape(16, 1), "none", 0)
        found = [type(m) for network in networks for m in network.modules()]
        assert found.count(kind) != usual.count(kind) and (not gone or kind not in found), spec
        assert networks[0](torch.randn(2, 6)).shape == (2, 1, 16, 16)
    with pytest.raises(ConfigError, match="needs batch normalisation in the generator"):
        pair("dcgan[making_norm=none]", ImageShape(8, 1), "conditional-batch-norm", 3)


@pytest.mark.parametrize(("judging", "share"), [(2, [2, 4, 8]), (4, [4, 8, 16])])
def test_metz_has_the_papers_channels(judging: int, share: list[int]) -> None:
    """The paper's table at 32 pixels: G 64-32-16-8 and D's quarter and half, every kernel 3×3, both linear layers at 4×4."""
    generator, discriminator = pair(f"metz[judging={judging}]", ImageShape(32, 3), "none", 0)
    made = [m for m in generator.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    judged = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert [m.in_channels for m in made] == [64, 32, 16, 8] and made[-1].out_channels == 3
    assert [m.out_channels for m in judged] == share
    assert {m.kernel_size for m in (*made, *judged)} == {(3, 3)}
    assert generator.dense[0].out_features == 4 * 4 * 64 and discriminator.head.linear.in_features == 4 * 4 * share[-1]
    assert [m.num_features for m in generator.modules() if isinstance(m, nn.BatchNorm2d)] == [64, 32, 16, 8]
    assert [m.num_features for m in discriminator.modules() if isinstance(m, nn.BatchNorm2d)] == share
    bare = pair(f"metz[judging={judging},norm=none,making_norm=none]", ImageShape(32, 3), "none", 0)
    assert not any(isinstance(m, nn.BatchNorm2d) for network in bare for m in network.modules())


def test_metz_he_weights_keep_the_size_of_signals() -> None:
    """Before tanh and before the logit the second context is of order 1 (He: preserved by ReLU); with N(0, 0.02²) lost."""
    z = torch.randn(256, 64, generator=torch.Generator().manual_seed(1))
    images = torch.randn(256, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    for init, low, high in (("he", 0.3, 3.0), ("normal", 0.0, 0.05)):
        torch.manual_seed(0)
        network = NETWORKS.build(f"metz[width=16,judging=16,norm=none,making_norm=none,init={init}]")
        generator = network.generator(ImageShape(32, 3), 64, "none", 0)
        before_tanh = generator.layers[:-1](generator.dense(z)).detach()
        logits = network.discriminator(ImageShape(32, 3), "none", 0)(images).logits.detach()
        assert low < float(before_tanh.square().mean().sqrt()) < high
        assert low < float(logits.square().mean().sqrt()) < high
    with pytest.raises(ConfigError, match="needs batch normalisation in the generator"):
        pair("metz[making_norm=none]", ImageShape(8, 1), "conditional-batch-norm", 3)


def test_he_weights_keep_the_size_of_signals() -> None:
    """Through five layers without normalisation the deviation stays within a factor of 2; with N(0, 0.02²) it is lost."""
    x = torch.randn(64, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    for options, low, high in (("", 0.5, 2.0), (",init=he", 0.5, 2.0), (",init=normal", 0.0, 0.05)):
        _, judge = pair(f"autoencoder[width=32{options}]", ImageShape(8, 1), "none", 0)
        assert low < float(judge.decoder(judge.encoder(x)).detach().std()) < high


def test_energies_tell_images_apart_from_the_first_step_on() -> None:
    """From N(0, 0.02²) the output is 0 and the energy the image's own size, whatever the image; from He's weights it is not."""
    x = torch.randn(64, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    own = x.flatten(1).square().sum(1)
    for options, blind in ((",init=normal", True), ("", False)):
        _, judge = pair(f"autoencoder[width=32{options}]", ImageShape(8, 1), "none", 0)
        assert torch.allclose(-judge(x, None).logits, own, rtol=1e-3) == blind
    _, encoder = pair("autoencoder[width=32,energy=none]", ImageShape(8, 1), "none", 0)
    assert float(encoder.encoder[0].weight.detach().std()) == pytest.approx(0.02, rel=0.2)  # 512 numbers: ± 3 %


def test_r3gan_has_no_norm_and_its_residual_branches_start_at_zero() -> None:
    for network in pair("r3gan", ImageShape(32, 1), "none", 0):
        assert not any(isinstance(m, (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)) for m in network.modules())
        for stage in network.stages:
            x = torch.randn(2, stage[0].expand.in_channels, 4, 4)
            assert torch.equal(stage(x), x)


def test_resampling_is_upfirdn_by_one_two_one() -> None:
    line = np.random.default_rng(0).normal(size=(2, 3, 8, 8))
    images = torch.from_numpy(line)
    kernel = np.array([1.0, 2.0, 1.0])

    def along(x: np.ndarray, axis: int, up: int, down: int, gain: float) -> np.ndarray:
        y = upfirdn(kernel * gain, x, up=up, down=down, axis=axis) if up > 1 else upfirdn(kernel * gain, x, axis=axis)
        picked = np.arange(1, 1 + x.shape[axis] * up, down) if up > 1 else np.arange(1, 1 + x.shape[axis], down)
        return np.take(y, picked, axis=axis)

    # float64, sums of nine products: 1e-14
    np.testing.assert_allclose(halve(images).numpy(), along(along(line, 2, 1, 2, 0.25), 3, 1, 2, 0.25), atol=1e-14)
    np.testing.assert_allclose(double(images).numpy(), along(along(line, 2, 2, 1, 0.5), 3, 2, 1, 0.5), atol=1e-14)


def test_orthogonal_tanh_networks_are_those_of_metz() -> None:
    """Without biases and with tanh both are odd functions; the singular values of every weight are 1.4."""
    torch.manual_seed(0)
    network = NETWORKS.build("mlp[width=16,depth=2,activation=tanh,init=orthogonal,gain=1.4]")
    generator, discriminator = (
        network.generator(PointShape(2), 5, "none", 0),
        network.discriminator(PointShape(2), "none", 0),
    )
    z, x = torch.randn(7, 5), torch.randn(7, 2)
    torch.testing.assert_close(generator(-z), -generator(z))
    torch.testing.assert_close(discriminator(-x).logits, -discriminator(x).logits)
    for module in [*generator.modules(), *discriminator.modules()]:
        if isinstance(module, nn.Linear):
            values = torch.linalg.svdvals(module.weight)
            torch.testing.assert_close(values, torch.full_like(values, 1.4))
    usual = NETWORKS.build("mlp[width=16,depth=2]").generator(PointShape(2), 5, "none", 0)
    assert (usual(-z) + usual(z)).abs().max() > 0.01


def test_infogan_has_the_studys_layers() -> None:
    """Lucic et al. 2018, App. B at 28 pixels has dense 1024 and 128·7·7; here at 32: 128·8·8."""
    generator, discriminator = pair("infogan", ImageShape(32, 1), "none", 0)
    dense = [(m.in_features, m.out_features) for m in generator.modules() if isinstance(m, nn.Linear)]
    assert dense == [(6, 1024), (1024, 128 * 64)]
    kernels = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert [(k.in_channels, k.out_channels, k.kernel_size[0], k.stride[0]) for k in kernels] == [
        (1, 64, 4, 2),
        (64, 128, 4, 2),
    ]
    assert [m.out_features for m in discriminator.modules() if isinstance(m, nn.Linear)] == [1024, 1]
    assert discriminator(torch.zeros(2, 1, 32, 32)).features.shape == (2, 1024)


def test_resnet_has_the_papers_number_of_weights() -> None:
    """SNGAN for CIFAR-10 (Miyato et al. 2018, Table 4), counted by hand from the table's layers, z in R^128."""
    torch.manual_seed(0)
    network = NETWORKS.build("resnet[width=256,judging=128]")
    generator = network.generator(ImageShape(32, 3), 128, "none", 0)
    discriminator = network.discriminator(ImageShape(32, 3), "none", 0)

    def convolution(before: int, after: int, kernel: int) -> int:
        return before * after * kernel**2 + after

    up = 2 * convolution(256, 256, 3) + convolution(256, 256, 1) + 2 * 2 * 256
    dense = 128 * 4096 + 4096
    assert sum(p.numel() for p in generator.parameters()) == dense + 3 * up + 2 * 256 + convolution(256, 3, 3)
    first = convolution(3, 128, 3) + convolution(128, 128, 3) + convolution(3, 128, 1)
    down = 2 * convolution(128, 128, 3) + convolution(128, 128, 1)
    same = 2 * convolution(128, 128, 3)
    assert sum(p.numel() for p in discriminator.parameters()) == first + down + 2 * same + 129
    images = torch.randn(2, 3, 32, 32)
    assert discriminator.blocks(images).shape == (2, 128, 8, 8)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in discriminator.modules())


def test_a_resnet_block_pools_the_mean_of_branch_and_shortcut() -> None:
    """An identity-like block written out: with zero branch weights the halving block is the pooled 1×1 shortcut."""
    torch.manual_seed(0)
    block = DownBlock(2, 3, down=True).double()
    nn.init.zeros_(block.two.weight)
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64)
    pooled = x.view(1, 2, 2, 2, 2, 2).mean((3, 5))
    expected = torch.einsum("oc,bchw->bohw", block.shortcut.weight[:, :, 0, 0], pooled)
    torch.testing.assert_close(block(x), expected)
    up = UpBlock(2, 2, "none", 0).double()
    nn.init.zeros_(up.branch[-1].weight)
    expected = torch.einsum("oc,bchw->bohw", up.shortcut.weight[:, :, 0, 0], x)
    torch.testing.assert_close(up(x, None), expected.repeat_interleave(2, 2).repeat_interleave(2, 3))


@pytest.mark.parametrize("energy", ["squared", "absolute"])
def test_an_autoencoders_logit_is_minus_its_reconstruction_error(energy: str) -> None:
    _, discriminator = pair(f"autoencoder[width=4,code=5,energy={energy}]", ImageShape(8, 3), "none", 0)
    images = torch.randn(3, 3, 8, 8)
    judged = discriminator(images)
    error = (discriminator.decoder(judged.features) - images).detach().numpy().reshape(3, -1)
    expected = (error**2).sum(1) if energy == "squared" else np.abs(error).mean(1)
    np.testing.assert_allclose(-judged.logits.detach().numpy(), expected, rtol=1e-5)


def test_an_autoencoder_takes_no_labels() -> None:
    with pytest.raises(ConfigError, match="takes no labels"):
        pair("autoencoder", ImageShape(8, 1), "projection", 3)


def test_an_encoder_with_a_linear_layer_is_an_ordinary_critic() -> None:
    _, discriminator = pair("autoencoder[width=4,code=5,energy=logit]", ImageShape(8, 3), "none", 0)
    judged = discriminator(torch.randn(3, 3, 8, 8))
    torch.testing.assert_close(judged.logits, discriminator.head(judged.features)[:, 0])
    assert judged.features.shape == (3, 5)
    for objective, says in (("nonsaturating", None), ("ebgan", "energ"), ("reconstruction", "energy=none")):
        config = TrainConfig(network="autoencoder[width=4,energy=logit]", objective=objective)
        if says is None:
            Game.of(config).parts.require_fit(config, discriminator)
            continue
        with pytest.raises(ConfigError, match=says):
            Game.of(config).parts.require_fit(config, discriminator)

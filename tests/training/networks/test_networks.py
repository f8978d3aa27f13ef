"""Every network: shapes for all sizes, channels and conditionings; labels matter; what the papers say about each."""

import inspect

import pytest
import torch
from tiny import pair
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import CONDITIONING, NETWORKS
from gantlet.training.networks.labels import ConditionalBatchNorm2d

SPECS = [
    "autoencoder[width=4,code=5]",
    "autoencoder[width=4,norm=none,energy=absolute]",
    "autoencoder[width=4,energy=logit]",
    "dcgan[width=4]",
    "dcgan[width=4,norm=none]",
    "dcgan[width=4,down=pooled,up=nearest,judging=relu,making=leaky]",
    "infogan[width=4,hidden=16]",
    "infogan[width=4,hidden=16,norm=none]",
    "metz[width=2,judging=2]",
    "metz[width=2,norm=none,init=he]",
    "mlp[width=8,depth=2]",
    "mlp[width=8,norm=batch]",
    "mlp[width=8,depth=2,activation=tanh,init=orthogonal]",
    "r3gan[width=4,group_width=4]",
    "r3gan[width=4,group_width=4,image=3]",
    "resnet[width=4]",
    "resnet[width=4,judging=6,pool=mean]",
    "sagan[width=2]",
    "stylegan2[width=2,style=8,mapping=1]",
    "fastgan[width=2]",
]
CONDITIONINGS = ["none", *CONDITIONING.names()]
WITHOUT_NORM = ("mlp", "r3gan", "stylegan2", "fastgan")
"""Generators whose normalisation cannot be conditional."""
LINEAR = ("r3gan", "stylegan2")
"""Generators that do not end in tanh."""
PAIRS = [
    (spec, conditioning)
    for spec in SPECS
    for conditioning in CONDITIONINGS
    if not (conditioning == "conditional-batch-norm" and spec.startswith(WITHOUT_NORM))
    and not (conditioning != "none" and spec.startswith("autoencoder"))
]
CONDITIONAL_PAIRS = [(spec, conditioning) for spec, conditioning in PAIRS if conditioning != "none"]


def test_every_network_is_tried_here() -> None:
    halves = {"unet", "patch", "flow"}  # test_unet_patch.py, and objectives/test_flow_matching.py
    assert {spec.partition("[")[0] for spec in SPECS} == set(NETWORKS.names()) - halves


SHAPES = [(8, 3), (16, 1), (32, 3), (48, 3), (64, 1), (128, 1)]
NO_48 = ("dcgan", "metz", "r3gan", "stylegan2", "fastgan")
"""Networks that begin at 4×4."""


@pytest.mark.parametrize(
    ("spec", "conditioning", "size", "channels"),
    [(*p, *s) for p in PAIRS for s in SHAPES if not (s[0] == 48 and p[0].startswith(NO_48))],
)
def test_shapes_and_range(spec: str, size: int, channels: int, conditioning: str) -> None:
    n_classes = 0 if conditioning == "none" else 4
    generator, discriminator = pair(spec, ImageShape(size, channels), conditioning, n_classes)
    labels = torch.tensor([0, 1, 3]) if n_classes else None
    images = generator(torch.randn(3, 6), labels)
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1 or spec.startswith(LINEAR)
    judged = discriminator(images, labels)
    assert judged.logits.shape == (3,)
    assert judged.features.shape[0] == 3
    loss = judged.logits.sum()
    if conditioning == "auxiliary-classifier":
        assert judged.class_logits.shape == (3, 4)
        loss = loss + judged.class_logits.sum()
    else:
        assert judged.class_logits is None
    loss.backward()
    unused = [name for name, p in [*generator.named_parameters(), *discriminator.named_parameters()] if p.grad is None]
    assert unused == []


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.startswith(NO_48)])
def test_48_pixels_are_refused_where_4_by_4_does_not_reach_them(spec: str) -> None:
    network, why = NETWORKS.build(spec), "48 pixels halve to 6×6; take --network resnet"
    with pytest.raises(ConfigError, match=why):
        network.generator(ImageShape(48, 3), 6, "none", 0)
    with pytest.raises(ConfigError, match=why):
        network.discriminator(ImageShape(48, 3), "none", 0)


def test_resnet_doubles_6_by_6_three_times_to_48_pixels_and_judges_at_12_by_12() -> None:
    """Miyato et al. 2018, App. B.4: the STL-10 generator begins at 6×6; halved twice, then two blocks, as at 32 pixels."""
    generator, discriminator = pair("resnet[width=4]", ImageShape(48, 3), "none", 0)
    sides = [6]
    for block in generator.blocks:
        block.register_forward_hook(lambda _, __, out: sides.append(out.shape[2]))
    for block in discriminator.blocks:
        block.register_forward_hook(lambda _, __, out: sides.append(out.shape[2]))
    assert generator.unflatten.unflattened_size == (4, 6, 6)
    discriminator(generator(torch.randn(2, 6)))
    assert sides == [6, 12, 24, 48, 24, 12, 12, 12]


@pytest.mark.parametrize(("spec", "conditioning"), CONDITIONAL_PAIRS)
def test_labels_change_images_and_logits(spec: str, conditioning: str) -> None:
    generator, discriminator = pair(spec, ImageShape(16, 1), conditioning, 3)
    for module in generator.modules():
        if isinstance(module, ConditionalBatchNorm2d):  # gains start equal for all classes
            nn.init.normal_(module.gain.weight)
    generator.eval()
    discriminator.eval()
    z = torch.randn(1, 6).expand(3, 6)
    images = generator(z, torch.tensor([0, 1, 2]))
    assert (images[0] - images[1]).abs().max() > 1e-6
    one = torch.rand(1, 1, 16, 16).expand(3, 1, 16, 16) * 2 - 1
    logits = discriminator(one, torch.tensor([0, 1, 2])).logits
    if (
        conditioning == "auxiliary-classifier"
    ):  # its logit is the unconditional one: labels enter through the class loss
        torch.testing.assert_close(logits, logits[:1].expand(3), rtol=1e-6, atol=0)  # eight roundings of float32
    else:
        assert len({round(v, 7) for v in logits.tolist()}) == 3


@pytest.mark.parametrize("spec", SPECS)
def test_without_conditioning_labels_do_not_matter(spec: str) -> None:
    generator, _ = pair(spec, ImageShape(8, 1), "none", 0)
    generator.eval()
    z = torch.randn(2, 6)
    assert torch.equal(generator(z, torch.tensor([0, 1])), generator(z, None))


@pytest.mark.parametrize(
    "spec",
    [
        "dcgan[norm=layer]",
        "dcgan[width=0]",
        "dcgan[down=pool]",
        "dcgan[making=tanh]",
        "autoencoder[init=xavier]",
        "r3gan[blocks=0]",
        "r3gan[width=5]",
        "r3gan[most=4]",
        "infogan[norm=layer]",
        "infogan[hidden=0]",
        "metz[norm=layer]",
        "metz[init=xavier]",
        "metz[judging=0]",
        "mlp[depth=0]",
        "mlp[norm=layer]",
        "mlp[activation=elu]",
        "mlp[gain=0]",
        "mlp[init=xavier]",
        "resnet[pool=max]",
        "resnet[judging=-1]",
        "autoencoder[energy=cubed]",
        "autoencoder[code=0]",
    ],
)
def test_refuses_options_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError):
        NETWORKS.build(spec)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("shape", [ImageShape(28, 1), ImageShape(32, 4)])
def test_refuses_shapes_it_has_no_network_for(spec: str, shape: ImageShape) -> None:
    with pytest.raises(ConfigError, match="8, 16, 32, 48, 64 or 128"):
        pair(spec, shape, "none", 0)


@pytest.mark.parametrize("conditioning", CONDITIONING.names())
def test_conditioning_needs_classes(conditioning: str) -> None:
    with pytest.raises(ConfigError, match="needs labels"):
        pair("dcgan", ImageShape(8, 1), conditioning, 0)
    if "dim" in inspect.signature(CONDITIONING.entry(conditioning).object).parameters:
        with pytest.raises(ConfigError, match="dim"):
            CONDITIONING.build(f"{conditioning}[dim=0]")


@pytest.mark.parametrize("spec", ["mlp", "r3gan"])
def test_conditional_batch_norm_needs_batch_norm_in_the_generator(spec: str) -> None:
    with pytest.raises(ConfigError, match="needs batch normalisation in the generator"):
        pair(spec, ImageShape(8, 1), "conditional-batch-norm", 3)

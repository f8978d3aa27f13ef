"""minibatch-discrimination against a loop over all pairs; it stands beside any linear head."""

import math

import torch

from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import NETWORKS
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.minibatch_discrimination import MinibatchLayer


def test_closeness_is_the_sum_over_all_other_rows() -> None:
    torch.manual_seed(0)
    layer = MinibatchLayer(dim=4, kernels=3, kernel_dim=2).double()
    features = torch.randn(5, 4, dtype=torch.float64)
    found = layer(features)
    matrix = layer.project.weight.detach()  # [B·C, d]
    for i in range(5):
        for k in range(3):
            total = 0.0
            for j in range(5):
                if j != i:
                    rows = matrix[2 * k : 2 * k + 2]
                    total += math.exp(-float((rows @ features[i] - rows @ features[j]).abs().sum()))
            assert abs(found[i, k].item() - total) < 1e-12
    copies = layer(features[:1].expand(5, 4))
    torch.testing.assert_close(
        copies, torch.full((5, 3), 4.0, dtype=torch.float64)
    )  # each of four others at distance 0


def test_the_logit_is_linear_in_features_and_closeness() -> None:
    torch.manual_seed(0)
    discriminator = NETWORKS.build("dcgan[width=4]").discriminator(ImageShape(16, 1), "projection", 3)
    images, labels = torch.randn(6, 1, 16, 16), torch.tensor([0, 1, 2, 0, 1, 2])
    before = discriminator(images, labels)
    TECHNIQUES.build("minibatch-discrimination[kernels=7,kernel_dim=2]").prepare(discriminator)
    after = discriminator(images, labels)
    head = discriminator.head
    expected = before.logits + head.closeness(before.features) @ head.linear.weight[0]
    torch.testing.assert_close(after.logits, expected)
    assert torch.equal(after.features, before.features)

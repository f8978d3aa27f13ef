"""The modules by which a label enters a network, and the heads that score features."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.interfaces.modules import DiscriminatorOutput, Head


class PassThrough(nn.Module):
    """Returns z or images unchanged; labels are not read."""

    def forward(
        self,
        inputs: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
    ) -> Float[Tensor, "b *shape"]:
        """Return the inputs."""
        return inputs


class LatentWithLabel(nn.Module):
    """[z; e_y]: a learned embedding beside the latent."""

    def __init__(self, n_classes: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_classes, dim)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"]) -> Float[Tensor, "b width"]:
        """Return z and the label's embedding side by side."""
        return torch.cat([z, self.embedding(labels)], dim=1)


class ImageWithLabelMap(nn.Module):
    """[x; map_y]: one more channel that holds the label's learned map."""

    def __init__(self, n_classes: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(n_classes, size * size)

    def forward(self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"]) -> Float[Tensor, "b c+1 s s"]:
        """Return the images with the label's map as their last channel."""
        return torch.cat([images, self.embedding(labels).view(-1, 1, self.size, self.size)], dim=1)


class LinearHead(Head):
    """ψ(φ): one linear layer; labels are not read."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
        """Return ψ(φ) with the features."""
        return DiscriminatorOutput(self.linear(features).squeeze(1), features)


class ProjectionHead(Head):
    """ψ(φ) + ⟨e_y, φ⟩."""

    def __init__(self, dim: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1)
        self.embedding = nn.Embedding(n_classes, dim)
        nn.init.normal_(self.embedding.weight, std=dim**-0.5)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"]) -> DiscriminatorOutput:
        """Return ψ(φ) + ⟨e_y, φ⟩ with the features."""
        return DiscriminatorOutput(
            self.linear(features).squeeze(1) + (self.embedding(labels) * features).sum(1), features
        )


class LatentTimesLabel(nn.Module):
    """z ⊙ e_y: a learned embedding times the latent."""

    def __init__(self, n_classes: int, latent: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_classes, latent)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"]) -> Float[Tensor, "b k"]:
        """Return the elementwise product."""
        return z * self.embedding(labels)


class ClassifyingHead(Head):
    """ψ(φ) and, beside it, class logits; the logit does not depend on labels."""

    def __init__(self, dim: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1)
        self.classes = nn.Linear(dim, n_classes)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
        """Return ψ(φ), the features and the class logits."""
        return DiscriminatorOutput(self.linear(features).squeeze(1), features, self.classes(features))


class ConditionalBatchNorm2d(nn.Module):
    """Batch normalisation whose gain and bias are the label's: γ_y · (x − mean)/√(var + ε) + β_y."""

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Embedding(n_classes, channels)
        self.bias = nn.Embedding(n_classes, channels)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"]) -> Float[Tensor, "b c h w"]:
        """Return the normalised, scaled and shifted maps."""
        gain, bias = self.gain(labels)[:, :, None, None], self.bias(labels)[:, :, None, None]
        return gain * self.norm(x) + bias


class LabelledSequential(nn.Sequential):
    """Layers in a row; conditional normalisation among them sees the labels."""

    def forward(self, x: Tensor, labels: Int64[Tensor, " b"] | None = None) -> Tensor:
        """Return the last layer's output."""
        for layer in self:
            x = layer(x, labels) if isinstance(layer, ConditionalBatchNorm2d) else layer(x)
        return x

"""A discriminator that is an auto-encoder: its reconstruction error is the energy of an image."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import ModuleCapabilities, Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput, NetworkModule
from gantlet.core.interfaces.networks import PLANES, ImageShape, Network, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.infogan import initialise

ENERGIES = ("squared", "absolute")


def decoder(inputs: int, width: int, shape: ImageShape, norm: bool) -> list[nn.Module]:
    """Return dense to a quarter of the size, then two transposed convolutions; LeakyReLU 0.2, the end is linear."""
    quarter = shape.size // 4
    return [
        nn.Linear(inputs, 2 * width * quarter**2),
        nn.Unflatten(1, (2 * width, quarter, quarter)),
        *([nn.BatchNorm2d(2 * width)] if norm else []),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
        *([nn.BatchNorm2d(width)] if norm else []),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(width, shape.channels, 4, 2, 1),
    ]


def he(module: nn.Module) -> None:
    """Draw a layer's weights from N(0, 2/(1.04·n)), n the inputs that meet in an output, for LeakyReLU 0.2; biases are 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        # a transposed 4×4 convolution with stride 2 lets a quarter of its kernel meet in each output
        shared = module.weight[:, 0].numel() / 4 if isinstance(module, nn.ConvTranspose2d) else module.weight[0].numel()
        nn.init.normal_(module.weight, std=(2 / (1.04 * shared)) ** 0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


INITIAL = {"normal": initialise, "he": he}


class DecoderGenerator(nn.Module):
    """The auto-encoder's decoder as a generator, with tanh at the end."""

    def __init__(self, plan: "Autoencoder", shape: ImageShape, latent: int) -> None:
        super().__init__()
        stages(shape, PLANES)
        self.layers = nn.Sequential(*decoder(latent, plan.width, shape, plan.norm == "batch"), nn.Tanh())
        self.apply(INITIAL["normal" if plan.norm == "batch" else "he"])

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        return self.layers(z)


class AutoencoderDiscriminator(NetworkModule):
    """Encoder, code, decoder; the logit is minus the reconstruction error and the features are the code.

    With ``energy=none`` it is the encoder alone, and the logit is 0; with ``energy=logit`` a linear function of the code.
    """

    def __init__(self, plan: "Autoencoder", shape: ImageShape) -> None:
        super().__init__()
        width = plan.width
        self.energy = plan.energy
        energetic = plan.energy in ENERGIES
        self.capabilities = ModuleCapabilities(gives_energy=energetic, gives_code=not energetic)
        self.encoder = nn.Sequential(
            nn.Conv2d(shape.channels, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(2 * width * (shape.size // 4) ** 2, plan.code),
        )
        if energetic:
            self.decoder = nn.Sequential(*decoder(plan.code, width, shape, norm=False))
        if self.energy == "logit":
            self.head = nn.Linear(plan.code, 1)
        self.apply(INITIAL[plan.init or ("he" if energetic else "normal")])

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return −E(x) and the code."""
        code = self.encoder(images)
        if self.energy == "logit":
            return DiscriminatorOutput(self.head(code)[:, 0], code)
        if self.energy == "none":
            return DiscriminatorOutput(code.new_zeros(len(code)), code)
        error = (self.decoder(code) - images).flatten(1)
        energy = error.square().sum(1) if self.energy == "squared" else error.abs().mean(1)
        return DiscriminatorOutput(-energy, code)


@NETWORKS.register(
    "autoencoder",
    source="Zhao et al. 2017, arXiv:1609.03126, Eq. 3; Berthelot et al. 2017, arXiv:1703.10717; layers of Lucic et al. 2018, arXiv:1711.10337, App. B",
)
@dataclass(frozen=True)
class Autoencoder(Network[ImageShape], Refuses):
    """The discriminator is an auto-encoder whose reconstruction error is the energy; the generator is its decoder.

    E(x) = Σ (Dec(Enc(x)) − x)² over all pixels (``energy=squared``, for ebgan) or the mean of their absolute values
    (``energy=absolute``, for began); logit = −E, features = the code. With ``energy=none`` the discriminator is the encoder
    alone, and the generator the one decoder (for reconstruction). With ``energy=logit`` the discriminator is the encoder and
    one linear layer on its code: the plain GAN of the same two networks. Options: ``width`` of the outer convolutions (the inner
    ones have twice as many), ``code``, ``norm`` of the generator: ``batch`` or ``none``; ``init`` of the discriminator:
    ``normal``, N(0, 0.02²), or ``he``, with which signals keep their size through layers without normalisation; not given: he
    where it decodes (energies), else normal. The generator starts from N(0, 0.02²), from He's weights without normalisation.

    When to use it: with the objectives ebgan, began and reconstruction, or as the plain GAN beside them. Sizes 8 … 128 and 48;
    1 or 3 channels; no labels.

    Raises: ConfigError for other options, with conditioning, and with objectives that do not read energies.
    Convention: no normalisation in the auto-encoder, linear output; from N(0, 0.02²) its output is 0 whatever it sees, so that an
    energy is the image's own size and fakes are told from real images by their contrast alone.
    Source: Zhao et al. 2017, arXiv:1609.03126, Eq. 3; Berthelot et al. 2017, arXiv:1703.10717; layers of Lucic et al.
    2018, arXiv:1711.10337, App. B.
    """

    width: int = 64
    code: int = 64
    norm: str = "batch"
    energy: str = "squared"
    init: str = ""

    def __post_init__(self) -> None:
        choices = {
            "norm": ("batch", "none"),
            "energy": (*ENERGIES, "none", "logit"),
            "init": ("", *INITIAL),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"network 'autoencoder': expected {name} {' or '.join(filter(None, known))}; got {getattr(self, name)!r}"
                )
        if self.width < 1 or self.code < 1:
            raise ConfigError(f"network 'autoencoder': expected width, code ≥ 1; got {self.width}, {self.code}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with the objective, or with latents that are no codes."""
        if any(other.capabilities.reads_code for other in others.values()):
            if self.energy == "none" and self.code == config.latent:
                return None
            return (
                f"objective {config.objective!r} decodes its codes: expected energy=none and code = latent; got "
                f"energy={self.energy}, code={self.code}, latent={config.latent}"
            )
        if self.energy == "none":
            return f"its discriminator is an encoder without energies; use the objective reconstruction, not {config.objective!r}"
        if self.energy == "logit" or any(other.capabilities.reads_energy for other in others.values()):
            return None  # an objective that reads energies refuses logits itself
        return (
            f"its discriminator gives energies ≥ 0, and objective {config.objective!r} reads logits; use ebgan or began"
        )

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        _require_unconditional(conditioning)
        return DecoderGenerator(self, shape, latent)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised auto-encoder."""
        _require_unconditional(conditioning)
        return AutoencoderDiscriminator(self, shape)


def _require_unconditional(conditioning: str) -> None:
    if conditioning != "none":
        raise ConfigError(f"network 'autoencoder' takes no labels; got conditioning {conditioning!r}: use none")

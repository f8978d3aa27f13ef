"""The arms of ring-and-grid: the unrolled paper's game for four of them, each further remedy in its own paper's game."""

from typing import NamedTuple

from gantlet.core.config import TrainConfig
from gantlet.labs.lab import Setting

PLAIN = "GAN"
UNROLLED_GAME, OWN_GAME = "unrolled's game", "own game"


class Arm(NamedTuple):
    """A training: its game, the options that differ from the game's, and the published modes of ring and grid."""

    game: str
    options: dict[str, object]
    published: tuple[float | None, float | None] = (None, None)


GAMES: dict[str, dict[str, object]] = {
    UNROLLED_GAME: {
        "objective": "minimax", "network": "mlp[width=128,depth=2,judging=1,init=orthogonal,gain=0.8]", "latent": 256, "batch": 512,
        "lr_generator": 1e-3, "lr_discriminator": 1e-4, "beta1": 0.5, "beta2": 0.999,
    },
    OWN_GAME: {"network": "mlp[width=128,depth=3]", "latent": 2, "batch": 128},
}  # fmt: skip
PACGAN_GAME: dict[str, object] = {
    "network": "mlp[width=128,depth=4,judging=3,norm=batch]", "lr_generator": 1e-4, "lr_discriminator": 1e-4, "beta1": 0.8,
}  # fmt: skip
WGAN_GP_RATES: dict[str, object] = {
    "lr_generator": 1e-4,
    "lr_discriminator": 1e-4,
    "beta1": 0.5,
    "beta2": 0.9,
    "batch": 256,
}
ARMS = {
    PLAIN: Arm(UNROLLED_GAME, {}, (1.0, 3.3)),
    "unrolled, 5 steps": Arm(UNROLLED_GAME, {"techniques": ("unrolled[steps=5]",)}, (7.6, 23.6)),
    "VEEGAN": Arm(UNROLLED_GAME, {"objective": "veegan"}, (8.0, 24.6)),
    "PacGAN4": Arm(UNROLLED_GAME, {"techniques": ("pacgan[pack=4]",)}, (7.8, 24.8)),
    "GAN, PacGAN's game": Arm(OWN_GAME, PACGAN_GAME, (6.3, 17.3)),
    "PacGAN2": Arm(OWN_GAME, {**PACGAN_GAME, "techniques": ("pacgan[pack=2]",), "batch": 256}, (7.9, 23.8)),
    "minibatch discrimination": Arm(
        OWN_GAME,
        {"techniques": ("minibatch-discrimination[kernels=16,kernel_dim=4]",), "lr_generator": 3e-4, "lr_discriminator": 3e-4,
         "beta1": 0.5},
    ),
    "MAD-GAN, 4 generators": Arm(OWN_GAME, {"objective": "madgan[generators=4]", "lr_generator": 1e-3, "lr_discriminator": 1e-4}),
    "DRAGAN": Arm(OWN_GAME, {"penalties": ("dragan[weight=0.1]",), **WGAN_GP_RATES}),
    "WGAN-GP": Arm(
        OWN_GAME,
        {"objective": "wgan", "penalties": ("gradient-penalty[weight=0.1]",), "discriminator_steps": 5, **WGAN_GP_RATES},
    ),
    "RpGAN + R1 + R2": Arm(
        OWN_GAME,
        {"objective": "rpgan", "penalties": ("r1[gamma=0.1]", "r2[gamma=0.1]"), "network": "mlp[width=128,depth=6,judging=4,init=he]",
         "latent": 4, "lr_generator": 2e-3, "lr_discriminator": 2e-3, "beta1": 0.0, "beta2": 0.99, "decay": "cosine",
         "decay_to": 0.005, "batch": 256},
    ),
    "mixture latent, 50": Arm(
        OWN_GAME, {"techniques": ("mixture-latent[components=50]",), "lr_generator": 1e-3, "lr_discriminator": 1e-4, "beta1": 0.5}
    ),
}  # fmt: skip
"""Published: the plain GAN, unrolled and VEEGAN of VEEGAN's Table 1; PacGAN's of its Table 1."""
DECISIVE = tuple(arm for arm, (game, *_) in ARMS.items() if game == UNROLLED_GAME)


def config(arm: str, setting: Setting, seed: int) -> TrainConfig:
    """Return the configuration of one arm."""
    game, options, _ = ARMS[arm]
    steps = setting.of(20, 10_000, 25_000) if game == UNROLLED_GAME else setting.of(20, 2_000, 25_000)
    return TrainConfig.from_mapping(
        {**GAMES[game], **options, "steps": steps, "seed": seed, "log_every": steps, "device": "cpu"}
    )

"""The games and data sets of the class room: what the page plays is what `gantlet train` trains."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantlet.core.config import TrainConfig
from gantlet.core.specs import parse_spec

WIDTH, DEPTH, LATENT, BATCH = 32, 2, 2, 128
FIELDS = (
    "objective", "optimizer", "lr_generator", "lr_discriminator", "beta1", "beta2", "discriminator_steps", "batch", "latent",
)  # fmt: skip
"""What the page needs of a configuration beside its penalties and network."""


@dataclass(frozen=True)
class Game:
    """A game by its title in the page, a sentence on its loss, and what differs from the defaults of a training."""

    title: str
    words: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """A data set by its title: ``pieces`` of equal mass that are counted, ``each`` targets per piece for the transport."""

    title: str
    pieces: int
    each: int
    counted: str
    source: str = ""
    """The source string for `gantlet train`; empty: the page alone has it."""


GAMES = {
    "nonsaturating": Game(
        "Non-saturating GAN",
        "The first GAN: the discriminator tells real from generated, and the generator makes it say 'real'.",
        {"objective": "nonsaturating", "lr_generator": 2e-3, "lr_discriminator": 2e-3, "beta1": 0.5},
    ),
    "wgan-clip": Game(
        "WGAN, weight clipping",
        "The critic's mean on real minus its mean on generated points; after each step its weights are cut to ±c.",
        {"objective": "wgan", "penalties": ("weight-clipping[clip=0.1]",), "optimizer": "rmsprop", "discriminator_steps": 5,
         "lr_generator": 2e-4, "lr_discriminator": 1e-3},
    ),
    "wgan-gp": Game(
        "WGAN-GP, gradient penalty",
        "The same game; instead of cutting, slopes of the critic other than 1 cost something between real and generated points.",
        {"objective": "wgan", "penalties": ("gradient-penalty[weight=0.1]",), "discriminator_steps": 5, "lr_generator": 2e-3,
         "lr_discriminator": 2e-3, "beta1": 0.5, "beta2": 0.9},
    ),
    "rpgan": Game(
        "RpGAN + R1 + R2 (R3GAN)",
        "Real and generated points are compared in pairs, and the discriminator's slope at either costs something.",
        {"objective": "rpgan", "penalties": ("r1[gamma=0.1]", "r2[gamma=0.1]"), "lr_generator": 2e-3, "lr_discriminator": 2e-3,
         "beta1": 0.0, "beta2": 0.99},
    ),
}  # fmt: skip

SHAPES = {
    "two-modes": Shape("Two modes", 2, 20, "modes", "mixture[kind=two-modes,sigma=0.15]"),
    "ring": Shape("Ring: 8 modes", 8, 8, "modes", "mixture[kind=ring,scale=2,sigma=0.03]"),
    "grid": Shape("Grid: 25 modes", 25, 3, "modes", "mixture[kind=grid,scale=0.5,sigma=0.1]"),
    "swiss-roll": Shape("Swiss roll", 20, 3, "pieces", "mixture[kind=swiss-roll]"),
    "C": Shape("C: not convex", 20, 3, "pieces"),
}


def config(game: str, data: str = "", activation: str = "relu", **options: Any) -> TrainConfig:
    """Return the training of one game; ``options`` override its fields, e.g. steps and seed."""
    network = f"mlp[width={WIDTH},depth={DEPTH}{'' if activation == 'relu' else f',activation={activation}'}]"
    fields: dict[str, Any] = {"network": network, "latent": LATENT, "batch": BATCH, **GAMES[game].options, **options}
    return TrainConfig.from_mapping(fields | ({"data": data} if data else {}))


def settings(game: str) -> dict[str, Any]:
    """Return a game as the page reads it: the fields of its configuration, its penalties with their numbers, the network."""
    chosen = config(game)
    penalties = {
        name: {key: float(value) for key, value in options.items()}
        for name, options in map(parse_spec, chosen.penalties)
    }
    fields = {name: getattr(chosen, name) for name in FIELDS}
    network = {"width": WIDTH, "depth": DEPTH, "activation": "relu"}
    return {"title": GAMES[game].title, "words": GAMES[game].words, **fields, **network, "penalties": penalties}


def command(game: str) -> str:
    """Return the options of `gantlet train` that play the same game."""
    chosen, usual = config(game), TrainConfig()
    words = []
    for name in ("network", "latent", "batch", *GAMES[game].options):
        value = getattr(chosen, name)
        if value != getattr(usual, name):
            shown = " ".join(f"'{part}'" for part in value) if isinstance(value, tuple) else str(value)
            words.append(
                f"--{name.replace('_', '-')} {repr(shown) if '[' in shown and chr(39) not in shown else shown}"
            )
    return " ".join(words)

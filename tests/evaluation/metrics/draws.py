"""Evidence that the coverage tests of several metrics draw."""

import numpy as np
from covering import Case, Draw

from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.images import ImageRows


def rows(rng: np.random.Generator, n: int, d: int, shift: float = 0.0, scale: float | np.ndarray = 1.0) -> FeatureBank:
    return FeatureBank((scale * rng.standard_normal((n, d)) + shift).astype(np.float32))


def two(n: int, d: int, shift: float = 0.0, scale: float = 1.0) -> Draw:
    """Return draws of n real rows N(0, I) and n fakes N(shift, scale²I) in d dimensions."""

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([n, d, repeat])
        return Evidence(rows(rng, n, d), rows(rng, n, d, shift, scale), seed=repeat)

    return draw


def stretched() -> Case:
    """Return two Gaussians with diagonal covariances and their Fréchet distance |shift|² + Σ(σ − 1)²."""
    d, shift, spread = 4, 0.5, 1.5 * np.linspace(1.0, 2.0, 4)

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([1, repeat])
        return Evidence(rows(rng, 800, d), rows(rng, 800, d, shift, spread), seed=repeat)

    return Case(draw, d * shift**2 + float(((spread - 1) ** 2).sum()))


def probabilities(n: int, rng: np.random.Generator, noise: float) -> FeatureBank:
    """Return n images of five classes, unequal in number, with a classifier's noisy probabilities."""
    logits = rng.standard_normal((n, 5)) * noise + 3 * np.eye(5)[rng.choice(5, n, p=[0.4, 0.3, 0.1, 0.1, 0.1])]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return FeatureBank(logits.astype(np.float32), p.astype(np.float32))


def unsure(n: int) -> Draw:
    """Return draws of n real and n fake images with class probabilities, the fakes' less noisy."""

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([3, repeat])
        return Evidence(probabilities(n, rng, 1.5), probabilities(n, rng, 1.0), seed=repeat)

    return draw


REAL_SHARES, FAKE_SHARES = [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]


def classes(rng: np.random.Generator, n: int, p: list[float] | np.ndarray, noise: float = 0.0) -> FeatureBank:
    """Return n images of classes with shares p; without ``noise`` their probabilities are 0 and 1."""
    drawn = rng.choice(len(p), n, p=p)
    logits = 3 * np.eye(len(p))[drawn] + noise * rng.standard_normal((n, len(p)))
    told = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) if noise else np.eye(len(p))[drawn]
    features = 4 * np.eye(len(p))[drawn] + rng.standard_normal((n, len(p)))
    return FeatureBank(features.astype(np.float32), told.astype(np.float32), drawn)


def of_classes(noise: float) -> Draw:
    """Return draws of 800 real and 800 fake images of four classes, with `REAL_SHARES` and `FAKE_SHARES`."""

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([8, repeat])
        real, fake = (classes(rng, 800, shares, noise) for shares in (REAL_SHARES, FAKE_SHARES))
        return Evidence(real, fake, seed=repeat, classes=tuple("abcd"))

    return draw


def unseen_images() -> Draw:
    """Return draws of 400 test images; the training images and the fakes stay the same."""
    train, fake = rows(np.random.default_rng(5), 200, 3), rows(np.random.default_rng(6), 100, 3, 0.5)

    def draw(repeat: int) -> Evidence:
        test = rows(np.random.default_rng([7, repeat]), 400, 3)
        return Evidence(test, fake, seed=0, train=train, test=test)

    return draw


def told_rightly(share: float) -> Case:
    """Return 400 answers of a classifier, on real and on fake images, each right with probability ``share``."""
    bank = FeatureBank(np.eye(3, dtype=np.float32))

    def draw(repeat: int) -> Evidence:
        true = np.arange(400) % 4
        wrong = np.random.default_rng([9, repeat]).random(400) >= share
        told = Predictions(true, np.where(wrong, (true + 1) % 4, true), "given")
        return Evidence(bank, bank, given={"train_on_real": told, "train_on_fake": told})

    return Case(draw, share)


def pictures(rng: np.random.Generator, n: int, spread: float) -> np.ndarray:
    """Return n grey images of noise whose strength differs between images."""
    scale = spread * rng.gamma(4.0, 0.25, (n, 1, 1, 1))
    return np.clip(128 + scale * rng.standard_normal((n, 16, 16, 1)), 0, 255).astype(np.uint8)


def shown(images: np.ndarray) -> FeatureBank:
    """Return a bank of images; its features are their first three pixels."""
    features = images.reshape(len(images), -1)[:, :3].astype(np.float32)
    return FeatureBank(features, images=ImageRows(lambda i: images[i], np.arange(len(images))))


def reproduced(n: int) -> Draw:
    """Return draws of n real images and n fakes, each a noisy copy of its real one."""

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([11, repeat])
        real = pictures(rng, n, 40)
        noise = pictures(rng, n, 15).astype(np.int64) - 128
        fake = np.clip(real + noise, 0, 255).astype(np.uint8)
        return Evidence(shown(real), shown(fake), seed=repeat, given={"pairs": np.arange(n)})

    return draw


CASES = {"null": (0.0, 1.0, 0.0), "near": (0.3, 0.97, 0.1), "away": (1.0, 0.85, 0.4)}
"""How the fakes differ: how uneven their classes are, the spread within a class, and a shift."""


def skewed(n: int, case: str) -> Draw:
    """Return draws of both sides afresh: the positive part of six mixed Gaussians whose length varies, with their classes."""
    fixed = np.random.default_rng(12)
    centres, mixing = 1.5 * fixed.standard_normal((6, 8)), fixed.standard_normal((8, 24)) / 8**0.5

    def side(rng: np.random.Generator, tilt: float, spread: float, shift: float) -> FeatureBank:
        shares = np.exp(-(tilt + 0.1) * np.arange(6) / 2)
        label = rng.choice(6, n, p=shares / shares.sum())
        latent = centres[label] + spread * rng.standard_normal((n, 8)) + shift
        features = np.exp(0.3 * rng.standard_normal((n, 1))) * (latent @ mixing + 0.3 * rng.standard_normal((n, 24)))
        told = np.exp(-np.square(latent[:, None] - centres).sum(axis=2) / 4)
        told /= told.sum(axis=1, keepdims=True)
        return FeatureBank(np.maximum(features, 0.0).astype(np.float32), told.astype(np.float32), label)

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([13, n, list(CASES).index(case), repeat])
        return Evidence(side(rng, *CASES["null"]), side(rng, *CASES[case]), seed=repeat, classes=tuple("abcdef"))

    return draw

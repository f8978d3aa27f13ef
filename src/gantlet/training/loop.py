"""The only training loop: discriminator step(s), generator step, moving average; then log, sample, evaluate, checkpoint."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet import fabric as devices
from gantlet.config import TrainConfig
from gantlet.networks.saved import checked_labels, draw, draw_labels
from gantlet.training.checkpoint import Checkpoints
from gantlet.training.feed import Feed, require_usable
from gantlet.training.game import Game, Turn
from gantlet.training.images import TrainingImages
from gantlet.training.interface import Observer, TrainResult
from gantlet.training.journal import COLUMNS, Journal, grid_labels
from gantlet.training.monitor import require_finite, sample_variance
from gantlet.training.state import TrainState
from gantlet.training.stopping import stop, stopping


def run(config: TrainConfig, images: TrainingImages, *, resume: bool = False, observer: Observer) -> TrainResult:
    """Train from the first step, or from a run's newest checkpoint; equal configurations give bit-identical weights on one machine.

    Args: config: the run, ``out`` names its folder; images: what it trains on; resume: go on with the run in ``out``.
    Raises: ConfigError, CheckpointError, OutputError, TrainingDiverged, Interrupted; what was written before stays intact.
    """
    require_usable(config, images)
    n_classes = 0 if config.conditioning == "none" else len(images.classes)
    game = Game.of(config)
    state = TrainState.fresh(config, game, images.shape, n_classes)
    fabric = devices.connect(config.device, config.precision)
    generator, optimizer_generator = fabric.setup(state.generator, state.optimizer_generator)
    discriminator, optimizer_discriminator = fabric.setup(state.discriminator, state.optimizer_discriminator)
    state.shown.to(fabric.device)
    feed = Feed(config, images, fabric.device)
    folder = Path(config.out)
    saved, journal = Checkpoints(folder, config, images), Journal(folder)
    clock = time.perf_counter

    def sampler(n: int, labels: Int64[np.ndarray, " n"] | Sequence[int] | None) -> UInt8[np.ndarray, "n s s c"]:
        wanted = checked_labels(labels, n, n_classes)
        if wanted is None and n_classes:
            wanted = draw_labels(n, images.class_counts, config.seed)
        return draw(state.shown, config.latent, n, wanted, config.seed)

    def picture() -> None:
        labels = grid_labels(n_classes) if n_classes else None
        journal.picture(state.step, sampler(COLUMNS**2 if labels is None else len(labels), labels))

    def log(d_turn: Turn, g_turn: Turn, gradients: dict[str, float], variance: float) -> None:
        line = {name: float(term.detach()) for name, term in {**d_turn.terms, **g_turn.terms}.items()}
        line |= {"real_logits": float(d_turn.real_logits.mean()), "fake_logits": float(d_turn.fake_logits.mean())}
        line |= {"real_logits_min": float(d_turn.real_logits.min()), "fake_logits_max": float(d_turn.fake_logits.max()), **gradients}
        line |= {"sample_variance": sample_variance(g_turn.fake), "real_variance": variance}
        where = {"step": state.step, "images_seen": state.images_seen}
        observer.on_log(journal.write("log", **where, seconds=round(state.seconds, 3), **line))
        for message in state.monitor.update(line):
            journal.write("warning", **where, message=message)
            observer.on_warning(f"step {state.step}: {message}")

    def evaluate() -> None:
        state.last_score, estimates = observer.on_evaluate(sampler, state.step, state.images_seen)
        better = state.last_score is not None and (state.best_score is None or state.last_score < state.best_score)
        if better:
            state.best_step, state.best_score = state.step, state.last_score
        journal.write("evaluate", step=state.step, images_seen=state.images_seen, score=state.last_score, best=better, estimates=estimates)
        if better:
            saved.save(state, "best")

    def result() -> TrainResult:
        return TrainResult(
            folder, state.step, state.images_seen, state.seconds, state.weights_digest(), state.last_score, state.best_score, state.best_step
        )

    if resume:
        source = saved.restore(state)
        if source is not None and source.name == "final.safetensors" and state.step == config.steps:
            return result()
        journal.rewind(config, state.step if source else -1)
        observer.on_warning(f"resumed at step {state.step} from {source}" if source else "the run was stopped before its first checkpoint: it begins anew")
    else:
        journal.begin(config)
    if state.step == 0:
        picture()
    images_a_step = config.batch * config.discriminator_steps

    with stopping(state, saved, journal) as request:
        while state.step < config.steps:
            started = clock()
            for _ in range(config.discriminator_steps):
                batch = feed.next(state)
                d_turn = game.discriminator_turn(generator, discriminator, batch, state.streams["penalty"])
                optimizer_discriminator.zero_grad()
                fabric.backward(d_turn.loss, inputs=list(discriminator.parameters()))
                d_gradient = require_finite(state.step + 1, "discriminator", d_turn.loss, d_turn.terms, state.discriminator)
                optimizer_discriminator.step()

            discriminator.requires_grad_(False)
            g_turn = game.generator_turn(generator, discriminator, feed.next(state))
            optimizer_generator.zero_grad()
            fabric.backward(g_turn.loss)
            g_gradient = require_finite(state.step + 1, "generator", g_turn.loss, g_turn.terms, state.generator)
            optimizer_generator.step()
            discriminator.requires_grad_(True)

            state.step += 1
            state.images_seen += images_a_step
            if game.average is not None and state.average is not None:
                game.average.update(state.average, state.generator, state.images_seen, images_a_step)
            state.seconds += clock() - started

            last = state.step == config.steps
            if state.step % config.log_every == 0 or last:
                gradients = {"discriminator_gradient": d_gradient, "generator_gradient": g_gradient}
                log(d_turn, g_turn, gradients, sample_variance(batch.real))
            if state.step % config.sample_every == 0 or last:
                picture()
            due = config.evaluate_every and state.images_seen // config.evaluate_every > (state.images_seen - images_a_step) // config.evaluate_every
            if due and not last:
                evaluate()
            if state.step % config.checkpoint_every == 0 and not last:
                saved.save(state)
            observer.on_progress(state.step, config.steps)
            if request.made and not last:
                stop(state, saved)
        evaluate()
        saved.save(state, "final")
    return result()

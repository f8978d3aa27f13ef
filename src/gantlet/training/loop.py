"""The only training loop: discriminator step(s), generator step (or one step of both), moving average; then log, sample,
evaluate, save.
"""

import time
from functools import partial
from pathlib import Path

import torch

from gantlet.core import devices
from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.processes import processes
from gantlet.core.rng import part_of_batch
from gantlet.training.accumulation import Accumulation, require_parts
from gantlet.training.allocator import kept_memory
from gantlet.training.beginning import begin, reserve, with_latent
from gantlet.training.checkpoint import Checkpoints
from gantlet.training.compiling import compiled
from gantlet.training.data import TrainingData
from gantlet.training.game import Game
from gantlet.training.initial import take_weights
from gantlet.training.journal import Journal
from gantlet.training.loader import Loader, require_usable
from gantlet.training.monitor import require_finite, sample_variance
from gantlet.training.observer import Observer, TrainResult
from gantlet.training.record import Record
from gantlet.training.runs.machine import Machine
from gantlet.training.sharing import average_statistics, reduced, require_alike, require_shareable
from gantlet.training.state import TrainState
from gantlet.training.stopping import stop, stopping


def run(  # noqa: PLR0915
    config: TrainConfig, images: TrainingData, *, resume: bool = False, observer: Observer
) -> TrainResult:
    """Train from the first step, or go on from a run's newest checkpoint.

    Equal configurations give bit-identical weights on one machine, stopped and resumed at any step or not. Under torchrun
    each process takes an equal part of every batch; gradients are averaged, so that the weights are those of one process up
    to rounding, whatever the number of processes (except for batch normalisation, which then sees parts of a batch).

    Args: config: the run, ``out`` names its folder; images: what it trains on; resume: go on with the run in ``out``.
    Raises: ConfigError, CheckpointError, OutputError, TrainingDiverged, Interrupted; what was written stays intact.
    """
    config = with_latent(config, images.shape)
    require_usable(config, images)
    n_classes = 0 if config.conditioning == "none" else len(images.classes)
    game, group = Game.of(config), processes()
    require_shareable(config, game, group)
    require_alike(images, group)
    state = TrainState.fresh(config, game, images.shape, n_classes)
    require_parts(config, group, state)
    taken = take_weights(state, config, resume)
    fabric = devices.connect(config.device, config.precision)
    networks = compiled(config.compile, game.parts, state.generator, state.discriminator)
    generator, optimizer_generator = fabric.setup(networks[0], state.optimizer_generator)
    discriminator, optimizer_discriminator = fabric.setup(networks[1], state.optimizer_discriminator)
    state.to(fabric.device)
    loader = Loader(config, images, fabric.device, group)
    reserve(game.parts, state, loader)
    size = images.shape.size if isinstance(images.shape, ImageShape) else 1
    machine = Machine(torch.__version__, devices.described(fabric.device), devices.threads_used(size), group.size)
    saved, journal = Checkpoints(Path(config.out), config, images, machine), Journal(Path(config.out))
    record = Record(config, images, state, saved, journal, observer, group)
    if record.begin(resume):
        record.conclude()
        return record.result()
    record.started_from(taken)
    begin(game, state, loader, record)
    images_a_step = config.batch * config.discriminator_steps
    weights = list(discriminator.parameters())
    whole = Accumulation(config, group, state)
    shares = config.fakes == "shared"
    attached = shares and whole.parts == 1  # a graph of fakes for each of several parts would keep their memory

    with (
        kept_memory(),
        devices.threads_for(size),
        part_of_batch(group.rank, group.size),
        stopping(state, saved, journal) as request,
    ):
        while state.step < config.steps:
            started = time.perf_counter()
            state.set_rates(config)

            if game.shares_loss:
                # One loss of both players: one pass, and both step together.
                batch, context = loader.next(state), state.context(state.step, state.step / config.steps)
                logged = (state.step + 1) % config.log_every == 0 or state.step + 1 == config.steps
                output = whole.gradients(
                    batch,
                    partial(game.joint_step, generator, discriminator, context=context, logged=logged),
                    fabric.backward,
                    optimizer_generator,
                    optimizer_discriminator,
                )
                group.average(weight.grad for weight in (*weights, *generator.parameters()))
                d_output = g_output = reduced(output, group)
                d_norm = require_finite(
                    state.step + 1, "discriminator", d_output.loss, d_output.terms, state.discriminator
                )
                g_norm = require_finite(state.step + 1, "generator", g_output.loss, g_output.terms, state.generator)
                optimizer_generator.step()
                optimizer_discriminator.step()
                values = game.after_discriminator(state.discriminator, d_output, state.memory)
            else:
                # The discriminator's steps. Its gradient is taken by its weights only, not by the images of a penalty.
                for repeat in range(config.discriminator_steps):
                    turn, done = state.step * config.discriminator_steps + repeat, state.step / config.steps
                    batch, context = loader.next(state), state.context(turn, done)
                    keeps = attached and repeat == config.discriminator_steps - 1
                    d_output = whole.gradients(
                        batch,
                        partial(game.discriminator_step, generator, discriminator, context=context, shares=keeps),
                        partial(fabric.backward, inputs=weights),
                        optimizer_discriminator,
                    )
                    group.average(weight.grad for weight in weights)
                    d_output = reduced(d_output, group)
                    d_norm = require_finite(
                        state.step + 1, "discriminator", d_output.loss, d_output.terms, state.discriminator
                    )
                    optimizer_discriminator.step()
                    values = game.after_discriminator(state.discriminator, d_output, state.memory)

                # The generator's step, against a frozen discriminator, on new fakes or on those that it saw last.
                discriminator.requires_grad_(False)
                again, fakes = batch if shares else loader.next(state), d_output.fake if attached else None
                g_output = whole.gradients(
                    again,
                    partial(game.generator_step, generator, discriminator, context=context, fake=fakes),
                    fabric.backward,
                    optimizer_generator,
                )
                group.average(weight.grad for weight in generator.parameters())
                g_output = reduced(g_output, group)
                g_norm = require_finite(state.step + 1, "generator", g_output.loss, g_output.terms, state.generator)
                optimizer_generator.step()
                discriminator.requires_grad_(True)
            for network in (state.generator, state.discriminator):
                average_statistics(network, group)
            game.after_generator(state.generator, state.memory)

            state.step += 1
            state.images_seen += images_a_step
            if game.average is not None and state.average is not None:
                game.average.update(state.average, state.generator, state.images_seen, images_a_step)
            state.seconds += time.perf_counter() - started

            # What is due after this step; the end has its own evaluation and checkpoint.
            last = state.step == config.steps
            if state.step % config.log_every == 0 or last:
                norms = {"discriminator_gradient": d_norm, "generator_gradient": g_norm}
                record.log(d_output, g_output, {**values, **norms}, sample_variance(batch.real))
            if last or (config.sample_every and state.step % config.sample_every == 0):
                record.picture()
            if _crosses(config.evaluate_every, state.images_seen, images_a_step) and not last:
                record.evaluate()
            if state.step % config.checkpoint_every == 0 and not last:
                record.save()
            observer.on_progress(state.step, config.steps)
            if group.any(request.requested) and not last:
                stop(record.save(), state.step)
        record.finish(game.parts, loader.everything())
        record.save("final")
        record.conclude()
    return record.result()


def _crosses(every: int, images_seen: int, new: int) -> bool:
    """Return whether the last ``new`` images brought the count over a multiple of ``every`` (0: never)."""
    return every > 0 and images_seen // every > (images_seen - new) // every

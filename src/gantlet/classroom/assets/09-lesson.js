/* A lesson's game: its own seeded batches, and a history thin enough to scrub through. */

const SHOWN = 512; // points of either kind in view
const COUNTED = 1000; // generated points that modes are counted in
const KEPT = 240; // recorded states at most; then every other one is dropped

class Lesson {
  constructor(config, data, seed) {
    Object.assign(this, { config, data, seed, step: 0, every: 10, history: [] });
    const stream = (k) => new Random(8 * seed + k);
    const [weights, view] = [stream(0), stream(2)];
    this.batches = stream(1);
    this.counting = stream(3);
    this.game = new Game(config);
    this.game.initialise(weights);
    this.viewer = new Game(config);
    this.real = drawPoints(data, SHOWN, view);
    this.latents = view.normals(SHOWN * config.latent);
    this.sums = { d_loss: 0, g_loss: 0, n: 0 };
    this.record();
  }

  batch(forDiscriminator) {
    const { batch, latent, penalties } = this.config;
    const real = drawPoints(this.data, batch, this.batches);
    const z = this.batches.normals(batch * latent);
    const alpha = forDiscriminator && penalties["gradient-penalty"] ? this.batches.uniforms(batch) : null;
    return { real, z, alpha };
  }

  advance() {
    const losses = this.game.step((forDiscriminator) => this.batch(forDiscriminator));
    this.step += 1;
    this.sums.d_loss += losses.d_loss;
    this.sums.g_loss += losses.g_loss;
    this.sums.n += 1;
    if (this.step % this.every === 0) this.record();
  }

  count(generator) {
    const z = this.counting.normals(COUNTED * this.config.latent);
    return countModes(generator.forward(z, COUNTED).out, this.data);
  }

  record() {
    const { d_loss: d, g_loss: g, n } = this.sums;
    this.history.push({
      step: this.step,
      generator: Float32Array.from(this.game.generator.values),
      discriminator: Float32Array.from(this.game.discriminator.values),
      losses: n ? { d_loss: d / n, g_loss: g / n } : null,
      count: this.count(this.game.generator),
    });
    this.sums = { d_loss: 0, g_loss: 0, n: 0 };
    if (this.history.length > KEPT) {
      this.history = this.history.filter((_, i) => i % 2 === 0);
      this.every *= 2;
    }
  }

  /* The state in view: a recorded one, or the newest where the index is past them. */
  at(index) {
    const entry = this.history[index];
    if (!entry) {
      const { generator, discriminator } = this.game;
      return { step: this.step, generator, discriminator, count: this.newestCount() };
    }
    this.viewer.generator.values.set(entry.generator);
    this.viewer.discriminator.values.set(entry.discriminator);
    return { step: entry.step, generator: this.viewer.generator, discriminator: this.viewer.discriminator, count: entry.count };
  }

  newestCount() {
    const last = this.history[this.history.length - 1];
    if (last.step === this.step) return last.count;
    if (this.counted?.step !== this.step) this.counted = { step: this.step, count: this.count(this.game.generator) };
    return this.counted.count;
  }
}

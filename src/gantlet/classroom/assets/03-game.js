/* The game: objectives, penalties, optimisers, and a step of each player, as gantlet's training loop has them. */

const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
const logistic = (t) => (t >= 0 ? 1 / (1 + Math.exp(-t)) : Math.exp(t) / (1 + Math.exp(t)));

/* Of real and fake logits (r, f): the loss of one row, and its derivatives by r and by f. */
const OBJECTIVES = {
  nonsaturating: {
    discriminator: (r, f) => [softplus(-r) + softplus(f), -logistic(-r), logistic(f)],
    generator: (r, f) => [softplus(-f), -logistic(-f)],
    needsReal: false,
  },
  wgan: {
    discriminator: (r, f) => [f - r, -1, 1],
    generator: (r, f) => [-f, -1],
    needsReal: false,
  },
  rpgan: {
    discriminator: (r, f) => [softplus(f - r), -logistic(f - r), logistic(f - r)],
    generator: (r, f) => [softplus(r - f), -logistic(r - f)],
    needsReal: true,
  },
};

class Adam {
  constructor(count, rate, config) {
    Object.assign(this, { rate, beta1: config.beta1, beta2: config.beta2, t: 0 });
    this.first = new Float64Array(count);
    this.second = new Float64Array(count);
  }

  step(values, gradient) {
    this.t += 1;
    const [one, two] = [1 - this.beta1 ** this.t, Math.sqrt(1 - this.beta2 ** this.t)];
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i];
      this.first[i] += (1 - this.beta1) * (g - this.first[i]);
      this.second[i] = this.beta2 * this.second[i] + (1 - this.beta2) * g * g;
      values[i] -= ((this.rate / one) * this.first[i]) / (Math.sqrt(this.second[i]) / two + 1e-8);
    }
  }
}

class RmsProp {
  constructor(count, rate, config) {
    Object.assign(this, { rate, alpha: config.beta2, second: new Float64Array(count) });
  }

  step(values, gradient) {
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i];
      this.second[i] = this.alpha * this.second[i] + (1 - this.alpha) * g * g;
      values[i] -= (this.rate * g) / (Math.sqrt(this.second[i]) + 1e-8);
    }
  }
}

class Game {
  constructor(config, generator = null, discriminator = null) {
    this.config = config;
    const hidden = new Array(config.depth).fill(config.width);
    const [forG, forD] = config.activation === "tanh" ? ["tanh", "tanh"] : ["relu", "leaky"];
    this.generator = new Network([config.latent, ...hidden, 2], forG);
    this.discriminator = new Network([2, ...hidden, 1], forD);
    if (generator) this.generator.values.set(generator);
    if (discriminator) this.discriminator.values.set(discriminator);
    const optimiser = config.optimizer === "rmsprop" ? RmsProp : Adam;
    this.ofGenerator = new optimiser(this.generator.values.length, config.lr_generator, config);
    this.ofDiscriminator = new optimiser(this.discriminator.values.length, config.lr_discriminator, config);
    this.objective = OBJECTIVES[config.objective];
  }

  initialise(random) {
    this.generator.initialise(random);
    this.discriminator.initialise(random);
  }

  /* One step of the discriminator on real points [b, 2], latents [b, k] and, for the gradient penalty, α [b]; return its losses. */
  discriminatorStep(real, z, alpha) {
    const n = this.config.batch;
    const network = this.discriminator;
    const fake = this.generator.forward(z, n).out;
    const [onReal, onFake] = [network.forward(real, n), network.forward(fake, n)];
    network.gradient.fill(0);
    const [byReal, byFake] = [new Float64Array(n), new Float64Array(n)];
    const losses = { d_loss: 0 };
    for (let i = 0; i < n; i++) {
      const [loss, r, f] = this.objective.discriminator(onReal.out[i], onFake.out[i]);
      losses.d_loss += loss / n;
      byReal[i] = r / n;
      byFake[i] = f / n;
    }
    network.backward(onReal, byReal);
    network.backward(onFake, byFake);
    const { penalties } = this.config;
    if (penalties.r1) losses.r1 = this.squaredSlopes(onReal, penalties.r1.gamma);
    if (penalties.r2) losses.r2 = this.squaredSlopes(onFake, penalties.r2.gamma);
    if (penalties["gradient-penalty"]) {
      const between = real.map((value, i) => fake[i] + alpha[i >> 1] * (value - fake[i]));
      losses["gradient-penalty"] = this.slopesNearOne(network.forward(between, n), penalties["gradient-penalty"].weight);
    }
    this.ofDiscriminator.step(network.values, network.gradient);
    const clipping = penalties["weight-clipping"];
    if (clipping) clamp(network.values, clipping.clip);
    return losses;
  }

  /* γ/2 · mean ‖∇D‖² of a pass; its derivative by ∇D is γ ∇D / n. */
  squaredSlopes(pass, gamma) {
    const slopes = this.discriminator.slopes(pass);
    let loss = 0;
    const e = slopes.gradient.map((g) => {
      loss += ((gamma / 2) * g * g) / pass.n;
      return (gamma * g) / pass.n;
    });
    this.discriminator.backwardOfSlopes(pass, slopes, e);
    return loss;
  }

  /* λ · mean (‖∇D‖ − 1)² of a pass; its derivative by ∇D is 2λ (‖∇D‖ − 1) ∇D / (‖∇D‖ n). */
  slopesNearOne(pass, weight) {
    const slopes = this.discriminator.slopes(pass);
    const { gradient } = slopes;
    const e = new Float64Array(gradient.length);
    let loss = 0;
    for (let i = 0; i < pass.n; i++) {
      const norm = Math.hypot(gradient[2 * i], gradient[2 * i + 1]);
      loss += (weight * (norm - 1) ** 2) / pass.n;
      const factor = norm > 0 ? (2 * weight * (norm - 1)) / (norm * pass.n) : 0;
      e[2 * i] = factor * gradient[2 * i];
      e[2 * i + 1] = factor * gradient[2 * i + 1];
    }
    this.discriminator.backwardOfSlopes(pass, slopes, e);
    return loss;
  }

  /* One step of the generator against the discriminator as it stands; return its loss. */
  generatorStep(real, z) {
    const n = this.config.batch;
    const pass = this.generator.forward(z, n);
    const onFake = this.discriminator.forward(pass.out, n);
    const onReal = this.objective.needsReal ? this.discriminator.forward(real, n).out : null;
    const byFake = new Float64Array(n);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const [loss, f] = this.objective.generator(onReal ? onReal[i] : 0, onFake.out[i]);
      sum += loss / n;
      byFake[i] = f / n;
    }
    this.generator.gradient.fill(0);
    this.generator.backward(pass, this.discriminator.backward(onFake, byFake, false));
    this.ofGenerator.step(this.generator.values, this.generator.gradient);
    return { g_loss: sum };
  }

  /* A whole step: the discriminator's steps, then the generator's, on batches that `next` gives: {real, z, alpha}. */
  step(next) {
    let losses = {};
    for (let k = 0; k < this.config.discriminator_steps; k++) {
      const { real, z, alpha } = next(true);
      losses = this.discriminatorStep(real, z, alpha);
    }
    const { real, z } = next(false);
    return { ...losses, ...this.generatorStep(real, z) };
  }
}

function clamp(values, limit) {
  for (let i = 0; i < values.length; i++) values[i] = Math.min(Math.max(values[i], -limit), limit);
}

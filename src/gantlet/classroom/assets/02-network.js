/* Dense networks on batches: forward, backward, the gradient by the input, and the gradient of a function of that gradient. */

const ACTIVATIONS = {
  relu: { value: (s) => (s > 0 ? s : 0), slope: (s) => (s > 0 ? 1 : 0), bend: null },
  leaky: { value: (s) => (s > 0 ? s : 0.2 * s), slope: (s) => (s > 0 ? 1 : 0.2), bend: null },
  tanh: {
    value: Math.tanh,
    slope: (s) => 1 - Math.tanh(s) ** 2,
    bend: (s) => -2 * Math.tanh(s) * (1 - Math.tanh(s) ** 2),
  },
};

/* x[n, i] W[o, i]ᵀ (+ bias). In all three products four rows go at a time, so that a number read serves four sums. */
function timesTransposed(x, weights, n, inputs, outputs, bias) {
  const out = new Float64Array(n * outputs);
  const whole = outputs - (outputs % 4);
  for (let row = 0; row < n; row++) {
    const [from, to] = [row * inputs, row * outputs];
    for (let o = 0; o < whole; o += 4) {
      const a = o * inputs;
      const b = a + inputs;
      const c = b + inputs;
      const d = c + inputs;
      let first = bias ? bias[o] : 0;
      let second = bias ? bias[o + 1] : 0;
      let third = bias ? bias[o + 2] : 0;
      let fourth = bias ? bias[o + 3] : 0;
      for (let i = 0; i < inputs; i++) {
        const value = x[from + i];
        first += value * weights[a + i];
        second += value * weights[b + i];
        third += value * weights[c + i];
        fourth += value * weights[d + i];
      }
      out[to + o] = first;
      out[to + o + 1] = second;
      out[to + o + 2] = third;
      out[to + o + 3] = fourth;
    }
    for (let o = whole; o < outputs; o++) {
      let sum = bias ? bias[o] : 0;
      for (let i = 0; i < inputs; i++) sum += x[from + i] * weights[o * inputs + i];
      out[to + o] = sum;
    }
  }
  return out;
}

/* target[to, width] += Σ_k factors[at + k·stride] rows[k, width], k from 0 to count. */
function addCombined(target, to, rows, width, count, factors, at, stride) {
  const whole = count - (count % 4);
  for (let k = 0; k < whole; k += 4) {
    const e = factors[at + k * stride];
    const f = factors[at + (k + 1) * stride];
    const g = factors[at + (k + 2) * stride];
    const h = factors[at + (k + 3) * stride];
    if (e === 0 && f === 0 && g === 0 && h === 0) continue;
    const a = k * width;
    const b = a + width;
    const c = b + width;
    const d = c + width;
    for (let i = 0; i < width; i++) target[to + i] += e * rows[a + i] + f * rows[b + i] + g * rows[c + i] + h * rows[d + i];
  }
  for (let k = whole; k < count; k++) {
    const factor = factors[at + k * stride];
    for (let i = 0; i < width; i++) target[to + i] += factor * rows[k * width + i];
  }
}

/* delta[n, o] W[o, i]. */
function times(delta, weights, n, inputs, outputs) {
  const out = new Float64Array(n * inputs);
  for (let row = 0; row < n; row++) addCombined(out, row * inputs, weights, inputs, outputs, delta, row * outputs, 1);
  return out;
}

/* Σ over rows of delta[n, o] x[n, i], added to target[o, i]. */
function addOuter(target, delta, x, n, inputs, outputs) {
  for (let o = 0; o < outputs; o++) addCombined(target, o * inputs, x, inputs, n, delta, o, outputs);
}

function addRows(target, delta, n, outputs) {
  for (let row = 0; row < n; row++) for (let o = 0; o < outputs; o++) target[o] += delta[row * outputs + o];
}

/* Layers s_l = W_l a_(l-1) + b_l, a_l = f(s_l), the last one linear. All parameters lie in one array, W before b, layer by layer. */
class Network {
  constructor(sizes, activation) {
    this.sizes = sizes;
    this.activation = ACTIVATIONS[activation];
    this.depth = sizes.length - 1;
    let count = 0;
    for (let l = 0; l < this.depth; l++) count += sizes[l + 1] * (sizes[l] + 1);
    this.values = new Float64Array(count);
    this.gradient = new Float64Array(count);
  }

  /* Views of layer l's weights [out, in] and biases [out] in an array of all parameters. */
  layer(l, all) {
    let start = 0;
    for (let k = 0; k < l; k++) start += this.sizes[k + 1] * (this.sizes[k] + 1);
    const weights = this.sizes[l + 1] * this.sizes[l];
    return {
      weights: all.subarray(start, start + weights),
      bias: all.subarray(start + weights, start + weights + this.sizes[l + 1]),
    };
  }

  /* The rule of torch.nn.Linear: uniform on ±1/√inputs. */
  initialise(random) {
    for (let l = 0; l < this.depth; l++) {
      const { weights, bias } = this.layer(l, this.values);
      const reach = 1 / Math.sqrt(this.sizes[l]);
      for (const part of [weights, bias]) for (let i = 0; i < part.length; i++) part[i] = reach * (2 * random.uniform() - 1);
    }
  }

  forward(x, n) {
    const inputs = [x];
    const sums = [];
    for (let l = 0; l < this.depth; l++) {
      const { weights, bias } = this.layer(l, this.values);
      const sum = timesTransposed(inputs[l], weights, n, this.sizes[l], this.sizes[l + 1], bias);
      sums.push(sum);
      if (l < this.depth - 1) inputs.push(sum.map(this.activation.value));
    }
    return { n, inputs, sums, out: sums[this.depth - 1] };
  }

  /* Add the gradient of a loss whose derivative by the output is delta [n, out]; return its derivative by the input. */
  backward(pass, delta, learns = true) {
    for (let l = this.depth - 1; l >= 0; l--) {
      const [inputs, outputs] = [this.sizes[l], this.sizes[l + 1]];
      if (learns) {
        const { weights, bias } = this.layer(l, this.gradient);
        addOuter(weights, delta, pass.inputs[l], pass.n, inputs, outputs);
        addRows(bias, delta, pass.n, outputs);
      }
      delta = times(delta, this.layer(l, this.values).weights, pass.n, inputs, outputs);
      if (l > 0) this.scale(delta, pass.sums[l - 1]);
    }
    return delta;
  }

  scale(delta, sums) {
    for (let i = 0; i < delta.length; i++) delta[i] *= this.activation.slope(sums[i]);
  }

  /* The gradient g [n, in] of the one output by the input, with what the second pass needs:
     d_L = 1, t_l = W_(l+1)ᵀ d_(l+1), d_l = t_l f'(s_l), g = W_1ᵀ d_1. */
  slopes(pass) {
    const last = this.depth - 1;
    const deltas = new Array(this.depth);
    const unscaled = new Array(this.depth);
    deltas[last] = new Float64Array(pass.n).fill(1);
    for (let l = last; l > 0; l--) {
      const back = times(deltas[l], this.layer(l, this.values).weights, pass.n, this.sizes[l], this.sizes[l + 1]);
      unscaled[l - 1] = back;
      deltas[l - 1] = back.slice();
      this.scale(deltas[l - 1], pass.sums[l - 1]);
    }
    const gradient = times(deltas[0], this.layer(0, this.values).weights, pass.n, this.sizes[0], this.sizes[1]);
    return { deltas, unscaled, gradient };
  }

  /* Add the gradient, by the parameters, of a function P of g whose derivative by g is e [n, in] (backward twice, by hand).
     Up the layers: dP/dW_l += d_l eᵀ; h = W_l e is dP/dd_l; q_l = h t_l f''(s_l) enters at s_l; e = h f'(s_l).
     Then down once more from the q_l, as any backward pass. */
  backwardOfSlopes(pass, slopes, e) {
    const bends = new Array(this.depth - 1);
    for (let l = 0; l < this.depth; l++) {
      const [inputs, outputs] = [this.sizes[l], this.sizes[l + 1]];
      addOuter(this.layer(l, this.gradient).weights, slopes.deltas[l], e, pass.n, inputs, outputs);
      if (l === this.depth - 1) break;
      const h = timesTransposed(e, this.layer(l, this.values).weights, pass.n, inputs, outputs, null);
      const { slope, bend } = this.activation;
      if (bend) bends[l] = h.map((value, i) => value * slopes.unscaled[l][i] * bend(pass.sums[l][i]));
      e = h;
      for (let i = 0; i < e.length; i++) e[i] *= slope(pass.sums[l][i]);
    }
    if (this.activation.bend) this.downFrom(bends, pass);
  }

  downFrom(bends, pass) {
    let delta = null;
    for (let l = this.depth - 2; l >= 0; l--) {
      const here = bends[l];
      if (delta) {
        const back = times(delta, this.layer(l + 1, this.values).weights, pass.n, this.sizes[l + 1], this.sizes[l + 2]);
        this.scale(back, pass.sums[l]);
        for (let i = 0; i < here.length; i++) here[i] += back[i];
      }
      const { weights, bias } = this.layer(l, this.gradient);
      addOuter(weights, here, pass.inputs[l], pass.n, this.sizes[l], this.sizes[l + 1]);
      addRows(bias, here, pass.n, this.sizes[l + 1]);
      delta = here;
    }
  }
}

// Operators that multiply: each becomes one product of two matrices (gemm.js). Tensors are {dims, data}; maps are [b, c, h, w].
"use strict";
const LARGEST = 2 ** 22; // numbers of B that a product of several images takes at once: 16 MB

// A weight laid out as a product needs it, made once and kept with its node.
function kept(node, key, make) {
  if (!(key in node.kept)) node.kept[key] = make();
  return node.kept[key];
}

function window2d(node, h, w) {
  const { kernel_shape: kernel = [h, w], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], group = 1 } = node.attributes;
  return { kernel, strides, pads, dilations, group };
}

// Y[m, y, x] = b_m + Σ_c,i,j W[m, c, i, j] · X[c, y·s − p + i·d, x·s − p + j·d]; with groups, each alone.
operators.Conv = (node, x, weight, bias) => {
  const [images, channels, h, w] = x.dims, [made, , kh, kw] = weight.dims;
  const { strides: [sh, sw], pads: [top, left, bottom, right], dilations: [dh, dw], group } = window2d(node, kh, kw);
  const oh = Math.floor((h + top + bottom - dh * (kh - 1) - 1) / sh) + 1;
  const ow = Math.floor((w + left + right - dw * (kw - 1) - 1) / sw) + 1;
  const into = channels / group, out = made / group, K = into * kh * kw, area = oh * ow;
  const data = new Float32Array(images * made * area), many = Math.max(1, Math.min(images, Math.floor(LARGEST / (K * area))));
  for (let first = 0; first < images; first += many) {
    const count = Math.min(many, images - first);
    for (let g = 0; g < group; g++) {
      const product = gemm.prepare(out, count * area, K), { floats, a, b, c, width } = product;
      floats.set(weight.data.subarray(g * out * K, (g + 1) * out * K), a);
      for (let k = 0; k < K; k++) {
        const j = k % kw, i = Math.floor(k / kw) % kh, channel = g * into + Math.floor(k / (kh * kw));
        for (let image = 0, n = 0; image < count; image++) {
          const from = ((first + image) * channels + channel) * h * w;
          for (let oy = 0; oy < oh; oy++) {
            const y = oy * sh - top + i * dh, line = from + y * w, inside = y >= 0 && y < h;
            for (let ox = 0, at = j * dw - left; ox < ow; ox++, at += sw, n++) {
              floats[b + ((n >> 3) * K + k) * 8 + (n & 7)] = inside && at >= 0 && at < w ? x.data[line + at] : 0;
            }
          }
        }
      }
      product.run();
      for (let m = 0; m < out; m++) {
        const plus = bias ? bias.data[g * out + m] : 0;
        for (let image = 0, from = c + m * width; image < count; image++) {
          const to = ((first + image) * made + g * out + m) * area;
          for (let n = 0; n < area; n++) data[to + n] = floats[from++] + plus;
        }
      }
    }
  }
  return { dims: [images, made, oh, ow], data };
};

// Y[m, y·s − p + i·d, x·s − p + j·d] += Σ_c W[c, m, i, j] · X[c, y, x], from b_m.
operators.ConvTranspose = (node, x, weight, bias) => {
  const [images, channels, h, w] = x.dims, [, each, kh, kw] = weight.dims, more = node.attributes.output_padding || [0, 0];
  const { strides: [sh, sw], pads: [top, left, bottom, right], dilations: [dh, dw], group } = window2d(node, kh, kw);
  const oh = (h - 1) * sh + dh * (kh - 1) + 1 + more[0] - top - bottom;
  const ow = (w - 1) * sw + dw * (kw - 1) + 1 + more[1] - left - right;
  const K = channels / group, rows = each * kh * kw, area = h * w, made = each * group;
  const turned = kept(node, "turned", () => {
    const result = new Float32Array(weight.data.length);
    for (let ch = 0; ch < channels; ch++) {
      const g = Math.floor(ch / K);
      for (let r = 0; r < rows; r++) result[(g * rows + r) * K + ch - g * K] = weight.data[ch * rows + r];
    }
    return result;
  });
  const data = new Float32Array(images * made * oh * ow), many = Math.max(1, Math.min(images, Math.floor(LARGEST / (Math.max(K, rows) * area))));
  if (bias) for (let map = 0; map < images * made; map++) data.fill(bias.data[map % made], map * oh * ow, (map + 1) * oh * ow);
  for (let first = 0; first < images; first += many) {
    const count = Math.min(many, images - first);
    for (let g = 0; g < group; g++) {
      const product = gemm.prepare(rows, count * area, K), { floats, a, b, c, width } = product;
      floats.set(turned.subarray(g * rows * K, (g + 1) * rows * K), a);
      for (let k = 0; k < K; k++) {
        for (let image = 0, n = 0; image < count; image++) {
          const from = ((first + image) * channels + g * K + k) * area;
          for (let p = 0; p < area; p++, n++) floats[b + ((n >> 3) * K + k) * 8 + (n & 7)] = x.data[from + p];
        }
      }
      product.run();
      for (let r = 0; r < rows; r++) {
        const j = r % kw, i = Math.floor(r / kw) % kh, m = Math.floor(r / (kh * kw));
        for (let image = 0, from = c + r * width; image < count; image++) {
          const to = ((first + image) * made + g * each + m) * oh * ow;
          for (let iy = 0; iy < h; iy++) {
            const y = iy * sh - top + i * dh, inside = y >= 0 && y < oh;
            for (let ix = 0, at = j * dw - left; ix < w; ix++, at += sw, from++) {
              if (inside && at >= 0 && at < ow) data[to + y * ow + at] += floats[from];
            }
          }
        }
      }
    }
  }
  return { dims: [images, made, oh, ow], data };
};

// [M, K]·[K, N], the second given by its number at (k, n); writes M × N numbers from `to` on.
function multiply(left, from, M, N, K, right, data, to) {
  const product = gemm.prepare(M, N, K), { floats, a, b, c, width } = product;
  floats.set(left.subarray(from, from + M * K), a);
  for (let n = 0; n < N; n++) {
    for (let k = 0, at = b + (n >> 3) * 8 * K + (n & 7); k < K; k++, at += 8) floats[at] = right(k, n);
  }
  product.run();
  for (let m = 0; m < M; m++) for (let n = 0; n < N; n++) data[to + m * N + n] = floats[c + m * width + n];
}

operators.MatMul = (node, x, y) => {
  const N = y.dims.at(-1), K = y.dims.at(-2), M = x.dims.at(-2), flat = y.dims.length === 2;
  const times = flat ? 1 : y.data.length / (K * N), rows = flat ? x.data.length / K : M;
  const dims = [...x.dims.slice(0, -1), N], data = new Float32Array(times * rows * N);
  for (let i = 0; i < times; i++) {
    multiply(x.data, i * rows * K, rows, N, K, (k, n) => y.data[(i * K + k) * N + n], data, i * rows * N);
  }
  return { dims, data };
};

operators.Gemm = (node, x, y, plus) => {
  const { alpha = 1, beta = 1, transB = 0 } = node.attributes;
  const [M, K] = x.dims, N = y.dims[transB ? 0 : 1], data = new Float32Array(M * N);
  multiply(x.data, 0, M, N, K, transB ? (k, n) => y.data[n * K + k] : (k, n) => y.data[k * N + n], data, 0);
  const times = (t, factor) => (factor === 1 ? t : like(t, (v) => factor * v)), product = times({ dims: [M, N], data }, alpha);
  return plus ? elementwise("add", product, times(plus, beta)) : product;
};

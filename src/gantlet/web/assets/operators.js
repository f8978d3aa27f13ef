// The operators of ONNX that gantlet's generators are made of, as functions of (node, …tensors); gantlet export refuses a
// model with any other. Their meaning is that of operator set 17; a tensor is {dims, data}, row-major.
"use strict";
const operators = {};
const size = (dims) => dims.reduce((product, dim) => product * dim, 1);
const like = (x, f) => ({ dims: x.dims, data: x.data.map(f) });
const scalars = (values) => ({ dims: [values.length], data: Float64Array.from(values) });
const place = (axis, dims) => (axis < 0 ? axis + dims.length : axis);

// Steps through all positions of `dims` and calls put(to, from), where `from` moves by the given strides.
function walk(dims, strides, start, put) {
  const last = dims.length - 1, at = new Array(dims.length).fill(0);
  const length = last < 0 ? 1 : dims[last], step = last < 0 ? 0 : strides[last];
  for (let to = 0, total = size(dims), from = start; to < total;) {
    for (let i = 0, here = from; i < length; i++, here += step) put(to++, here);
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++at[axis] < dims[axis]) break;
      from -= strides[axis] * dims[axis];
      at[axis] = 0;
    }
  }
}
function stridesOf(dims) {
  const strides = new Array(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * dims[i + 1];
  return strides;
}

// A loop for each operation, so that each stays simple enough for the compiler; o[to + i] from x[a + i·p] and y[b + i·q].
const LOOPS = {
  add: (n, o, to, x, a, p, y, b, q) => { for (let i = 0; i < n; i++, a += p, b += q) o[to + i] = x[a] + y[b]; },
  subtract: (n, o, to, x, a, p, y, b, q) => { for (let i = 0; i < n; i++, a += p, b += q) o[to + i] = x[a] - y[b]; },
  multiply: (n, o, to, x, a, p, y, b, q) => { for (let i = 0; i < n; i++, a += p, b += q) o[to + i] = x[a] * y[b]; },
  divide: (n, o, to, x, a, p, y, b, q) => { for (let i = 0; i < n; i++, a += p, b += q) o[to + i] = x[a] / y[b]; },
  modulo: (n, o, to, x, a, p, y, b, q) => { for (let i = 0; i < n; i++, a += p, b += q) o[to + i] = x[a] - y[b] * Math.floor(x[a] / y[b]); },
  exceeds: (n, o, to, x, a, p, y, b, q) => { for (let i = 0; i < n; i++, a += p, b += q) o[to + i] = x[a] > y[b] ? 1 : 0; },
};

// Two tensors, each repeated along its axes of length one as NumPy does; neighbouring axes are taken as one where they may be.
function elementwise(operation, x, y) {
  const rank = Math.max(x.dims.length, y.dims.length, 1), wide = (t) => [...new Array(rank - t.dims.length).fill(1), ...t.dims];
  const dims = wide(x).map((dim, i) => (dim === 1 ? wide(y)[i] : dim));
  const moves = (own) => stridesOf(own).map((stride, i) => (own[i] === 1 ? 0 : stride));
  const along = [[...dims], moves(wide(x)), moves(wide(y))], [n, p, q] = along;
  for (let i = rank - 2; i >= 0; i--) {
    if (p[i] !== p[i + 1] * n[i + 1] || q[i] !== q[i + 1] * n[i + 1]) continue;
    n[i + 1] *= n[i];
    for (const list of along) list.splice(i, 1);
  }
  const single = x.data instanceof Float32Array || y.data instanceof Float32Array, inner = n.pop(), step = p.pop(), other = q.pop();
  const data = new (single ? Float32Array : Float64Array)(size(dims)), rows = new Float64Array(data.length / inner || 0);
  walk(n, p, 0, (row, from) => { rows[row] = from; });
  walk(n, q, 0, (row, from) => { LOOPS[operation](inner, data, row * inner, x.data, rows[row], step, y.data, from, other); });
  return { dims, data };
}
operators.Add = (node, x, y) => elementwise("add", x, y);
operators.Sub = (node, x, y) => elementwise("subtract", x, y);
operators.Mul = (node, x, y) => elementwise("multiply", x, y);
operators.Div = (node, x, y) => {
  const quotient = elementwise("divide", x, y);
  return quotient.data instanceof Float32Array ? quotient : like(quotient, Math.trunc);
};
operators.Mod = (node, x, y) => elementwise("modulo", x, y);
operators.Greater = (node, x, y) => {
  const { dims, data } = elementwise("exceeds", x, y);
  return { dims, data: Float64Array.from(data) };
};

operators.Relu = (node, x) => {
  const from = x.data, data = new Float32Array(from.length);
  for (let i = 0; i < data.length; i++) data[i] = from[i] > 0 ? from[i] : 0;
  return { dims: x.dims, data };
};
operators.LeakyRelu = (node, x) => {
  const slope = node.attributes.alpha ?? 0.01, from = x.data, data = new Float32Array(from.length);
  for (let i = 0; i < data.length; i++) data[i] = from[i] < 0 ? slope * from[i] : from[i];
  return { dims: x.dims, data };
};
operators.Tanh = (node, x) => like(x, Math.tanh);
operators.Sigmoid = (node, x) => like(x, (v) => 1 / (1 + Math.exp(-v)));
operators.Sqrt = (node, x) => like(x, Math.sqrt);
operators.ReduceMean = (node, x) => {
  const { axes = x.dims.map((_, i) => i), keepdims = 1 } = node.attributes, over = axes.map((axis) => place(axis, x.dims));
  const kept = x.dims.map((n, i) => (over.includes(i) ? 1 : n)), sums = new Float64Array(size(kept)), each = x.data.length / sums.length;
  const strides = stridesOf(kept).map((stride, i) => (kept[i] === 1 ? 0 : stride));
  walk(x.dims, strides, 0, (from, to) => { sums[to] += x.data[from]; });
  const dims = keepdims ? kept : x.dims.filter((_, i) => !over.includes(i));
  return { dims, data: Float32Array.from(sums, (sum) => sum / each) };
};
operators.Softmax = (node, x) => {
  const axis = place(node.attributes.axis ?? -1, x.dims), n = x.dims[axis], step = size(x.dims.slice(axis + 1));
  const data = new Float32Array(x.data.length);
  for (let start = 0; start < data.length; start += n * step) {
    for (let at = start; at < start + step; at++) {
      let most = -Infinity, total = 0;
      for (let i = 0; i < n; i++) most = Math.max(most, x.data[at + i * step]);
      for (let i = 0; i < n; i++) total += data[at + i * step] = Math.exp(x.data[at + i * step] - most);
      for (let i = 0; i < n; i++) data[at + i * step] /= total;
    }
  }
  return { dims: x.dims, data };
};
// gain·(x − mean)/√(var + ε) + bias, with the mean and variance of training.
operators.BatchNormalization = (node, x, gain, bias, mean, variance) => {
  const epsilon = node.attributes.epsilon ?? 1e-5, channels = x.dims[1], area = size(x.dims.slice(2));
  const data = new Float32Array(x.data.length);
  for (let map = 0, at = 0; at < data.length; map++) {
    const c = map % channels, scale = gain.data[c] / Math.sqrt(variance.data[c] + epsilon), shift = bias.data[c] - mean.data[c] * scale;
    for (let end = at + area; at < end; at++) data[at] = x.data[at] * scale + shift;
  }
  return { dims: x.dims, data };
};

operators.Constant = (node) => node.attributes.value;
operators.Identity = (node, x) => x;
operators.Cast = (node, x) => {
  const to = node.attributes.to;
  if (to === 1) return { dims: x.dims, data: Float32Array.from(x.data) };
  return { dims: x.dims, data: Float64Array.from(x.data, to === 9 ? (v) => Number(v !== 0) : Math.trunc) };
};
operators.Shape = (node, x) => scalars(x.dims);
operators.Reshape = (node, x, shape) => {
  const dims = Array.from(shape.data, (dim, i) => (dim === 0 ? x.dims[i] : dim)), open = dims.indexOf(-1);
  if (open >= 0) dims[open] = -x.data.length / size(dims);
  return { dims, data: x.data };
};
operators.Flatten = (node, x) => {
  const axis = place(node.attributes.axis ?? 1, x.dims), rows = size(x.dims.slice(0, axis));
  return { dims: [rows, x.data.length / rows], data: x.data };
};
operators.Unsqueeze = (node, x, axes) => {
  const rank = x.dims.length + axes.data.length, added = Array.from(axes.data, (axis) => (axis < 0 ? axis + rank : axis));
  const rest = [...x.dims];
  return { dims: Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : rest.shift())), data: x.data };
};
operators.Transpose = (node, x) => {
  const perm = node.attributes.perm ?? x.dims.map((_, i) => x.dims.length - 1 - i), strides = stridesOf(x.dims);
  const dims = perm.map((axis) => x.dims[axis]), data = new x.data.constructor(x.data.length);
  walk(dims, perm.map((axis) => strides[axis]), 0, (to, from) => { data[to] = x.data[from]; });
  return { dims, data };
};
operators.Slice = (node, x, starts, ends, axes, steps) => {
  const dims = [...x.dims], strides = stridesOf(dims);
  let start = 0;
  starts.data.forEach((_, i) => {
    const axis = place(axes ? axes.data[i] : i, dims), step = steps ? steps.data[i] : 1, n = dims[axis];
    const clamp = (v, low, high) => Math.min(Math.max(v < 0 ? v + n : v, low), high);
    const from = step > 0 ? clamp(starts.data[i], 0, n) : clamp(starts.data[i], 0, n - 1);
    const to = step > 0 ? clamp(ends.data[i], 0, n) : clamp(ends.data[i], -1, n - 1);
    start += from * strides[axis];
    strides[axis] *= step;
    dims[axis] = Math.max(0, Math.ceil((to - from) / step));
  });
  const data = new x.data.constructor(size(dims));
  walk(dims, strides, start, (to, from) => { data[to] = x.data[from]; });
  return { dims, data };
};
operators.Gather = (node, x, indices) => {
  const axis = place(node.attributes.axis ?? 0, x.dims), n = x.dims[axis], inner = size(x.dims.slice(axis + 1)), outer = size(x.dims.slice(0, axis));
  const data = new x.data.constructor(outer * indices.data.length * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (const index of indices.data) {
      const from = (o * n + (index < 0 ? index + n : index)) * inner;
      data.set(x.data.subarray(from, from + inner), to);
      to += inner;
    }
  }
  return { dims: [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)], data };
};
operators.Concat = (node, ...tensors) => {
  const axis = place(node.attributes.axis, tensors[0].dims), outer = size(tensors[0].dims.slice(0, axis));
  const dims = tensors[0].dims.map((dim, i) => (i === axis ? tensors.reduce((sum, t) => sum + t.dims[i], 0) : dim));
  const data = new tensors[0].data.constructor(size(dims));
  for (let o = 0, to = 0; o < outer; o++) {
    for (const { data: own } of tensors) {
      const inner = own.length / outer;
      data.set(own.subarray(o * inner, (o + 1) * inner), to);
      to += inner;
    }
  }
  return { dims, data };
};
// Each new pixel is the old one at ⌊position / scale⌋ (mode nearest, asymmetric, floor).
operators.Resize = (node, x, region, scales, sizes) => {
  const made = x.dims.map((n, i) => (sizes ? sizes.data[i] : Math.floor(n * scales.data[i])));
  const wide = (dims) => [...new Array(4 - dims.length).fill(1), ...dims], from = wide(x.dims), dims = wide(made);
  const [p, q, r, s] = dims.map((n, i) => Array.from({ length: n }, (_, o) => Math.min(Math.floor((o * from[i]) / n), from[i] - 1)));
  const data = new Float32Array(size(dims));
  let to = 0;
  for (const i of p) for (const c of q) for (const y of r) {
    const line = ((i * from[1] + c) * from[2] + y) * from[3];
    for (let j = 0; j < s.length; j++) data[to++] = x.data[line + s[j]];
  }
  return { dims: made, data };
};

// Returns the model's first output for inputs by name; a value is dropped after its last use.
function runModel(model, inputs) {
  const values = { ...inputs }, last = {};
  model.nodes.forEach((node, i) => node.inputs.forEach((name) => { last[name] = i; }));
  const find = (name) => (name === "" ? undefined : values[name] ?? model.weights[name]);
  model.nodes.forEach((node, i) => {
    const operator = operators[node.type];
    if (!operator) throw new Error(`this page does not know the operator ${node.type}`);
    values[node.outputs[0]] = operator(node, ...node.inputs.map(find));
    for (const name of node.inputs) if (last[name] === i && !model.outputs.includes(name)) delete values[name];
  });
  return values[model.outputs[0]];
}

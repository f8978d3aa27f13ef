// Reads an ONNX model: the few fields of its protocol buffers that a graph of operators needs (onnx.proto3, IR version 8).
"use strict";
const onnx = (() => {
  const FLOAT = 1, INT32 = 6, INT64 = 7, BOOL = 9;

  // Yields [field, value] of one message: a number for a varint or fixed32, the bytes for what has a length.
  function* fields(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const varint = () => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return Number(BigInt.asIntN(64, value));
      }
    };
    while (at < bytes.length) {
      const key = varint(), field = Math.floor(key / 8), wire = key % 8;
      if (wire === 0) yield [field, varint()];
      else if (wire === 5) { yield [field, view.getFloat32(at, true)]; at += 4; }
      else if (wire === 1) { yield [field, view.getFloat64(at, true)]; at += 8; }
      else if (wire === 2) { const length = varint(); yield [field, bytes.subarray(at, at + length)]; at += length; }
      else throw new Error(`the model is damaged: wire type ${wire}`);
    }
  }
  const text = (bytes) => new TextDecoder().decode(bytes);
  // Numbers of a repeated field: one, or many packed into bytes.
  function* numbers(value, float = false) {
    if (typeof value === "number") yield value;
    else if (float) yield* new Float32Array(value.slice().buffer);
    else for (let at = 0; at < value.length;) {
      const end = value.subarray(at).findIndex((byte) => byte < 128) + at + 1;
      for (const [, number] of fields(new Uint8Array([8, ...value.subarray(at, end)]))) yield number;
      at = end;
    }
  }

  // A tensor is {dims, data}: Float32Array for float32, Float64Array for whole numbers and truth values.
  function tensor(bytes) {
    const dims = [], loose = [];
    let type = FLOAT, raw = null, name = "";
    for (const [field, value] of fields(bytes)) {
      if (field === 1) dims.push(...numbers(value));
      else if (field === 2) type = value;
      else if (field === 4) loose.push(...numbers(value, true));
      else if (field === 5 || field === 7) loose.push(...numbers(value));
      else if (field === 8) name = text(value);
      else if (field === 9) raw = value.slice().buffer;
    }
    if (raw === null) return [name, { dims, data: type === FLOAT ? Float32Array.from(loose) : Float64Array.from(loose) }];
    if (type === FLOAT) return [name, { dims, data: new Float32Array(raw) }];
    if (type === INT64) return [name, { dims, data: Float64Array.from(new BigInt64Array(raw), Number) }];
    if (type === INT32) return [name, { dims, data: Float64Array.from(new Int32Array(raw)) }];
    if (type === BOOL) return [name, { dims, data: Float64Array.from(new Uint8Array(raw)) }];
    throw new Error(`the model holds numbers of type ${type}, which this page does not know`);
  }

  function attribute(bytes) {
    let name = "", value = null;
    const many = [];
    for (const [field, content] of fields(bytes)) {
      if (field === 1) name = text(content);
      else if (field === 2 || field === 3) value = content;
      else if (field === 4) value = text(content);
      else if (field === 5) value = tensor(content)[1];
      else if (field === 7) many.push(...numbers(content, true));
      else if (field === 8) many.push(...numbers(content));
    }
    return [name, value === null ? many : value];
  }

  function node(bytes) {
    const result = { type: "", inputs: [], outputs: [], attributes: {}, kept: {} };
    for (const [field, value] of fields(bytes)) {
      if (field === 1) result.inputs.push(text(value));
      else if (field === 2) result.outputs.push(text(value));
      else if (field === 4) result.type = text(value);
      else if (field === 5) { const [name, content] = attribute(value); result.attributes[name] = content; }
    }
    return result;
  }

  const nameOf = (bytes) => text([...fields(bytes)].find(([field]) => field === 1)[1]);

  // Returns {nodes, weights: {name: tensor}, inputs: [names], outputs: [names]} of a model's bytes.
  function read(bytes) {
    const graph = [...fields(bytes)].find(([field]) => field === 7);
    if (!graph) throw new Error("generator.onnx is no ONNX model");
    const model = { nodes: [], weights: {}, inputs: [], outputs: [] };
    for (const [field, value] of fields(graph[1])) {
      if (field === 1) model.nodes.push(node(value));
      else if (field === 5) { const [name, content] = tensor(value); model.weights[name] = content; }
      else if (field === 11) model.inputs.push(nameOf(value));
      else if (field === 12) model.outputs.push(nameOf(value));
    }
    return model;
  }
  return { read };
})();

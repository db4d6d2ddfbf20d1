// What an exported model says of itself, from the metadata of its ONNX file.
//
// ONNX Runtime's JavaScript has no call for metadata. An ONNX file is a protocol buffer, though, and a
// field of it is easily found: ModelProto.metadata_props is field 14, and an entry's key and value are
// fields 1 and 2 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

import { readFile } from "node:fs/promises";

const METADATA = 14;
const KEY = 1;
const VALUE = 2;

/** Read the description of a model: its items, how it is used, and how long its lists are. */
export async function describe(path) {
  const bytes = await readFile(path);
  for (const [field, entry] of fields(bytes)) {
    if (field !== METADATA) continue;
    const parts = new Map(fields(entry));
    if (parts.get(KEY)?.toString() === "miqrec") return JSON.parse(parts.get(VALUE).toString());
  }
  throw new Error(`${path} was not exported by miqrec; give a file of \`miqrec export\``);
}

/** Yield the number and the bytes of each field of a message that has a length; skip the others. */
function* fields(message) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const kind = tag % 8; // how the field is written: 0 a number, 1 and 5 fixed, 2 with its length
    if (kind === 0) number();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = number();
      yield [Math.floor(tag / 8), message.subarray(at, at + length)];
      at += length;
    } else throw new Error("this is no ONNX file");
  }
}

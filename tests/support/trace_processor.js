// Perfetto's trace_processor, which its web page runs as WebAssembly in a worker, for a program: requests come
// on stdin, each after its length (u32, little-endian), answers go to stdout (TraceProcessorRpcStream).
// usage: node trace_processor.js FOLDER, where engine_bundle.js and the .wasm are
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const folder = process.argv[2];
const port = { postMessage: (answer) => fs.writeSync(1, answer) };

function exactly(count) {
  const data = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    const read = fs.readSync(0, data, at, count - at, null);
    if (read === 0) process.exit(0);
    at += read;
  }
  return data;
}

function serve() {
  for (;;) port.onmessage({ data: new Uint8Array(exactly(exactly(4).readUInt32LE())) });
}

class XMLHttpRequest {
  open(method, url) {
    this.name = path.basename(url);
  }
  send() {
    this.response = fs.readFileSync(path.join(folder, this.name));
  }
}

// A worker's globals. Those that are compared by identity must be of one realm.
const worker = {
  XMLHttpRequest, WebAssembly, TextDecoder, TextEncoder, URL, performance, crypto,
  Error, TypeError, RangeError,
  ArrayBuffer, Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array,
  WorkerGlobalScope: class {},
  console: { log: console.error, warn: console.error, error: console.error },
  location: { href: "http://localhost/engine_bundle.js" },
};
worker.self = worker;
vm.runInNewContext(fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8"), worker);
worker.onmessage({ data: port });
setTimeout(serve); // after the promises that its start is made of

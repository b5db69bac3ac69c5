import assert from 'node:assert/strict'
import { it } from 'node:test'
import { webEngineFault } from './engine-fault.web.js'

const BASE = 'http://localhost:8080/ort/ort-wasm-simd-threaded'
const PREFIX = 'no available backend found. ERR: '

/** Messages of onnxruntime-web 1.30 as they came in Chromium, the page's last request, and what is to be said. */
const MESSAGES: readonly (readonly [string, string, number | undefined, RegExp])[] = [
  [
    '[wasm] RuntimeError: Aborted(both async and sync fetching of the wasm failed). Build with -sASSERTIONS for more info.',
    `${BASE}.wasm`,
    404,
    /^onnxruntime-web: expected its WebAssembly file at http:\/\/localhost:8080\/ort\/ort-wasm-simd-threaded\.wasm, got HTTP 404\. Serve the \.wasm .* wasmPaths/,
  ],
  [
    `[wasm] TypeError: Failed to fetch dynamically imported module: ${BASE}.mjs`,
    `${BASE}.mjs`,
    404,
    /expected its WebAssembly file at \S+threaded\.mjs, got HTTP 404\. /,
  ],
  [
    `[wasm] TypeError: Failed to fetch dynamically imported module: ${BASE}.mjs`,
    `${BASE}.mjs`,
    200,
    /file at \S+threaded\.mjs, got "\[wasm\] TypeError: Failed to fetch dynamically imported module: /,
  ],
  [
    '[wasm] RuntimeError: Aborted(CompileError: WebAssembly.instantiate(): expected magic word 00 61 73 6d, found 3c 21 64 6f @+0). Build with -sASSERTIONS for more info.',
    `${BASE}.wasm`,
    200,
    /threaded\.wasm, got a web page\. /,
  ],
  [
    '[wasm] RuntimeError: Aborted(CompileError: WebAssembly.instantiate(): section (code 3, "Function") extends past end of the module (length 17462, remaining bytes 1269) @+3727). Build with -sASSERTIONS for more info.',
    `${BASE}.wasm`,
    200,
    /threaded\.wasm, got a damaged file\. /,
  ],
  [
    '[webgpu] backend not found.',
    `${BASE}.wasm`,
    200,
    /^providers: expected an entry of onnxruntime-web with webgpu, got one without\. .*'onnxruntime-web\/webgpu'/,
  ],
  [
    '[wasm] Error: WebAssembly SIMD is not supported in the current environment.',
    `${BASE}.wasm`,
    undefined,
    /^onnxruntime-web: expected an engine that starts here, got "\[wasm\] Error: WebAssembly SIMD is not supported/,
  ],
]

it('blames the file that is missing, and not the model', () => {
  for (const [message, url, status, sentence] of MESSAGES) {
    const fault = webEngineFault(new Error(PREFIX + message), [
      { url: `${BASE}.mjs`, status: 200 },
      { url, status },
    ])
    assert.match(fault?.message ?? '', sentence)
  }
})

it('says where the files are expected when the page does not know what was asked for', () => {
  const fault = webEngineFault(new Error(PREFIX + MESSAGES[0]![0]), [])
  assert.match(fault?.message ?? '', /its WebAssembly files beside its script, got "\[wasm\] RuntimeError: Aborted/)
})

it('leaves failures of models to others', () => {
  assert.equal(webEngineFault(new Error('Failed to load model because protobuf parsing failed.'), []), undefined)
})

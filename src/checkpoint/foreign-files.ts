/** @file Names what a file is when it is no weight file: a web page, a Git LFS pointer, an ONNX model, … */
import { CheckpointError } from '../tensor/index.js'

interface ForeignFile {
  /** What the file is, as in "got …". */
  readonly got: string
  readonly next: string
}

/** Beginnings of other formats, as bytes of Latin-1 text at an offset. */
const SIGNATURES: readonly (readonly [offset: number, text: string, got: string, next: string])[] = [
  [257, 'ustar', 'a tar archive (PyTorch of 2017 wrote these)', 'Load it in Python and save it again with torch.save.'],
  [0, '\x1f\x8b', 'a gzip-compressed file', 'Decompress it first.'],
  [0, '\x28\xb5\x2f\xfd', 'a zstd-compressed file', 'Decompress it first.'],
  [0, '\xfd7zXZ\0', 'an xz-compressed file', 'Decompress it first.'],
  [0, 'BZh', 'a bzip2-compressed file', 'Decompress it first.'],
  [0, '\x89HDF\r\n', 'an HDF5 file (Keras)', 'Convert the weights to safetensors.'],
  [0, '\x93NUMPY', 'a numpy array', 'Save the named weights as safetensors.'],
  [0, 'GGUF', 'a GGUF file', 'Convert the weights to safetensors.'],
  [4, 'TFL3', 'a TensorFlow Lite model', 'Convert the weights to safetensors.'],
  [0, '\x89PNG', 'a PNG image', 'Give the path of the weight file.'],
  [0, '\xff\xd8\xff', 'a JPEG image', 'Give the path of the weight file.'],
  [0, 'PK\x05\x06', 'an empty zip archive', 'Download the file again.'],
]

const DOWNLOAD_FAILED = 'The download failed: open the address in a browser, then download the file itself.'

/** The refusal of bytes that are neither safetensors nor PyTorch's. */
export function refuseForeignFile(bytes: Uint8Array, where: string): never {
  const { got, next } = recognise(bytes)
  throw new CheckpointError({ where, expected: 'a safetensors or PyTorch weight file', got, next })
}

function recognise(bytes: Uint8Array): ForeignFile {
  if (bytes.byteLength === 0) return { got: 'an empty file', next: 'Download or copy it again.' }
  for (const [offset, text, got, next] of SIGNATURES) if (hasText(bytes, offset, text)) return { got, next }
  if (bytes.subarray(0, 4096).every((byte) => byte === 0)) {
    return { got: 'a file that begins with zeros only', next: 'The download was not completed: download it again.' }
  }
  const text = readText(bytes)
  if (text !== undefined) return recogniseText(text)
  if (looksLikeOnnx(bytes))
    return { got: 'an ONNX model', next: 'Run it with the runtime, or give the weight file it was exported from.' }
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return { got: `bytes ${start}`, next: 'The file is of another format, or damaged.' }
}

function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false
  return true
}

/** The first 512 bytes, when they are printable text. */
function readText(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('utf-8').decode(new Uint8Array(bytes.subarray(0, 512))).trim()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells bytes from text
  return text === '' || /[\0-\x08\x0e-\x1f]/.test(text) || /\ufffd(?!$)/.test(text) ? undefined : text
}

function recogniseText(text: string): ForeignFile {
  const shown = JSON.stringify(text.replace(/\s+/g, ' ').slice(0, 80))
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    const size = /^size (\d{1,20})$/m.exec(text)?.[1]
    return {
      got: `a Git LFS pointer${size === undefined ? '' : ` to a file of ${size} bytes`}`,
      next: 'Fetch the file itself with "git lfs pull", or download it from the repository\'s page.',
    }
  }
  if (/^<(?:!doctype|html|head|body|\?xml|!--|error)/i.test(text)) {
    return { got: /^<(?:\?xml|error)/i.test(text) ? `an XML page ${shown}` : 'an HTML page', next: DOWNLOAD_FAILED }
  }
  if (/^[{[]/.test(text)) return { got: `JSON text ${shown}`, next: DOWNLOAD_FAILED }
  return { got: `the text ${shown}`, next: 'Give the weight file; if this was a download, it failed.' }
}

/** A protobuf that begins with ir_version (field 1, below 32) and then another low field, as every exporter writes. */
function looksLikeOnnx(bytes: Uint8Array): boolean {
  const [tag, version, next] = bytes
  if (tag !== 0x08 || version === undefined || version === 0 || version >= 32) return false
  return (
    next === 0x12 || next === 0x1a || next === 0x22 || next === 0x28 || next === 0x32 || next === 0x3a || next === 0x42
  )
}

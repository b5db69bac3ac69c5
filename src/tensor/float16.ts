/** @file 16-bit floats as float32 values. */

/** IEEE half-precision bits to float32; every half value is exact in float32. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length)
  const table = halfTable()
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]!]!
  return out
}

/** bfloat16 bits to float32: the upper half of a float32. */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16
  return new Float32Array(out.buffer)
}

let cachedTable: Float32Array | undefined

function halfTable(): Float32Array {
  if (cachedTable === undefined) {
    cachedTable = new Float32Array(65536)
    for (let h = 0; h < 65536; h++) cachedTable[h] = halfToNumber(h)
  }
  return cachedTable
}

function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

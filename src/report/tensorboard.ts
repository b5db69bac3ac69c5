/**
 * @file Event files as TensorBoard reads them: records of TFRecord's framing, each a protocol buffer `Event` with scalars.
 * Formats: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, framework/summary.proto.
 */
import { crc32c } from './crc32c.js'

/** TensorFlow masks checksums, since a checksum of bytes that hold their own checksum says little. */
const MASK = 0xa282ead8
const encoder = new TextEncoder()

/** What every file begins with: the version of its format. */
export function versionRecord(seconds: number): Uint8Array {
  return record([...double(1, seconds), ...bytesField(3, encoder.encode('brain.Event:2'))])
}

/** Says that a run goes on here: what earlier files hold of this step and later ones is forgotten. */
export function restartRecord(seconds: number, step: number): Uint8Array {
  return record([...double(1, seconds), ...varintField(2, step), ...bytesField(7, varintField(1, 1))])
}

/**
 * Figures of one step, by tag; those that are not finite are left out.
 * @param seconds since 1970
 */
export function scalarsRecord(seconds: number, step: number, scalars: Iterable<readonly [string, number]>): Uint8Array {
  const values: number[] = []
  for (const [tag, value] of scalars) {
    if (!Number.isFinite(value)) continue
    values.push(...bytesField(1, [...bytesField(1, encoder.encode(tag)), ...float(2, value)]))
  }
  return record([...double(1, seconds), ...varintField(2, step), ...bytesField(5, values)])
}

/** The name of an event file. TensorBoard reads the files of a folder in the order of their names. */
export function eventFileName(seconds: number): string {
  return `events.out.tfevents.${String(Math.floor(seconds)).padStart(10, '0')}.detrs`
}

/** A name that comes after those of the files that a folder holds, even where clocks stand still or go back. */
export function nextEventFileName(seconds: number, present: readonly string[]): string {
  const latest = present.reduce((latest, name) => Math.max(latest, Number(/tfevents\.(\d+)\./.exec(name)?.[1] ?? 0)), 0)
  return eventFileName(Math.max(Math.floor(seconds), latest + 1))
}

/** Length, checksum of the length, the message, its checksum. */
export function record(message: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(16 + message.length)
  const view = new DataView(bytes.buffer)
  bytes.set(message, 12)
  view.setBigUint64(0, BigInt(message.length), true)
  view.setUint32(8, masked(bytes.subarray(0, 8)), true)
  view.setUint32(12 + message.length, masked(bytes.subarray(12, 12 + message.length)), true)
  return bytes
}

function masked(bytes: Uint8Array): number {
  const sum = crc32c(bytes)
  return (((sum >>> 15) | (sum << 17)) + MASK) >>> 0
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return [...bytes, rest]
}

function varintField(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)]
}

function double(field: number, value: number): number[] {
  return [...varint(field * 8 + 1), ...new Uint8Array(new Float64Array([value]).buffer)]
}

function float(field: number, value: number): number[] {
  return [...varint(field * 8 + 5), ...new Uint8Array(new Float32Array([value]).buffer)]
}

function bytesField(field: number, value: ArrayLike<number>): number[] {
  return [...varint(field * 8 + 2), ...varint(value.length), ...Array.from(value)]
}

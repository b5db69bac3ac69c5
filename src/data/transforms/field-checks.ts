/** @file Checks of a transform's fields: a record may come from a file. */
import { ConfigError } from '../../tensor/index.js'

/** Refuses a value that the field `where` cannot have. @throws ConfigError */
export type FieldCheck = (value: unknown, where: string) => void

function refuse(where: string, expected: string, value: unknown): never {
  const got = typeof value === 'number' ? `${value}` : (JSON.stringify(value) ?? String(value))
  throw new ConfigError({ where, expected, got })
}

/** A number from `low` to `high`. */
export function numberFrom(low: number, high: number = Number.POSITIVE_INFINITY): FieldCheck {
  return (value, where) => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return
    refuse(
      where,
      high === Number.POSITIVE_INFINITY ? `a number from ${low} up` : `a number from ${low} to ${high}`,
      value,
    )
  }
}

/** A probability. */
export const probability: FieldCheck = numberFrom(0, 1)

/** A whole number from `low` to `high`. */
export function wholeFrom(low: number, high: number): FieldCheck {
  return (value, where) => {
    if (Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high) return
    refuse(where, `a whole number from ${low} to ${high}`, value)
  }
}

/** Longest side that a transform may ask for: the square of it is no size of a photo any more. */
const LONGEST_SIDE = 2 ** 16

/** A side in pixels. */
export const side: FieldCheck = wholeFrom(1, LONGEST_SIDE)

/** A list with at least one value, each of which passes `check`. */
export function listOf(check: FieldCheck): FieldCheck {
  return (value, where) => {
    if (!Array.isArray(value) || value.length === 0) refuse(where, 'a list of at least one value', value)
    for (const [i, entry] of value.entries()) check(entry, `${where}[${i}]`)
  }
}

/** A pair [low, high] of numbers that pass `check`. */
export function rangeOf(check: FieldCheck): FieldCheck {
  return (value, where) => {
    if (!Array.isArray(value) || value.length !== 2) refuse(where, 'two numbers, the lower one first', value)
    check(value[0], `${where}[0]`)
    check(value[1], `${where}[1]`)
    if (value[0] > value[1]) refuse(where, 'the lower number first', value)
  }
}

/** `check`, or nothing at all. */
export function optional(check: FieldCheck): FieldCheck {
  return (value, where) => {
    if (value !== undefined) check(value, where)
  }
}

/** True or false. */
export const truth: FieldCheck = (value, where) => {
  if (typeof value !== 'boolean') refuse(where, 'true or false', value)
}

/** A pixel: red, green and blue. */
export const colour: FieldCheck = (value, where) => {
  listOf(wholeFrom(0, 255))(value, where)
  if ((value as readonly unknown[]).length !== 3) refuse(where, 'red, green and blue', value)
}

/** Height and width in pixels. */
export const imageSize: FieldCheck = (value, where) => {
  if (typeof value !== 'object' || value === null) refuse(where, 'a height and a width', value)
  const { height, width } = value as { readonly height?: unknown; readonly width?: unknown }
  side(height, `${where}.height`)
  side(width, `${where}.width`)
}

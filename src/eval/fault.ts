/** @file Errors of labels and results: which record of which file is at fault, and how. */
import { FileError } from '../tensor/index.js'

/** A list of records, for naming its members in errors. */
export interface RecordList {
  /** What the list is part of: a file's name. */
  readonly name: string
  /** Its key, '' for a file that is itself a list. */
  readonly key: string
}

/** The error of a fault in labels or results. */
export function fault(where: string, expected: string, got: string, next?: string): FileError {
  return new FileError({ where, expected, got, ...(next === undefined ? {} : { next }) })
}

/** The error of one field of record `index`; `field` is '' where the record itself is at fault. */
export function fieldFault(
  { name, key }: RecordList,
  index: number,
  field: string,
  expected: string,
  value: unknown,
  next?: string,
): FileError {
  return fault(`${name}: ${key}[${index}]${field === '' ? '' : `.${field}`}`, expected, shown(value), next)
}

/** A value in a few words. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return value.length > 40 ? `'${value.slice(0, 40)}…'` : `'${value}'`
  if (Array.isArray(value)) {
    if (value.length <= 6 && value.every((item) => typeof item !== 'object')) return `[${value.map(shown).join(', ')}]`
    return `a list of ${value.length}`
  }
  if (value !== null && typeof value === 'object') return 'an object'
  return String(value)
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a list of `length` finite numbers; of any length where none is said. */
export function isNumberList(value: unknown, length?: number): value is readonly number[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return false
  for (let i = 0; i < value.length; i++) if (!Number.isFinite(value[i])) return false
  return true
}

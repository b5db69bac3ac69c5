/** @file What `detrs detect` prints: a table for people, or JSON for programs. */
import type { ImageDetections } from '../detect/index.js'
import type { Terminal } from './command.js'
import { printable } from './plain-text.js'
import { formatTable } from './table.js'

/**
 * A page of a document. A pixel is 72/dpi points wide and high but for the rounding of the page's sides to whole pixels:
 * x · widthPoints / width is exact. Both count from the page's upper left corner, as it is shown.
 */
export interface DetectedPage {
  readonly document: string
  /** Counted from 1. */
  readonly number: number
  readonly dpi: number
  readonly widthPoints: number
  readonly heightPoints: number
}

/** Detections of one file. */
export interface DetectedImage extends ImageDetections {
  readonly file: string
  /** Where the file is a PDF document. */
  readonly page?: DetectedPage
}

/** Receives images one by one. */
export interface Report {
  add(image: DetectedImage): void
  finish(): void
}

/** One JSON array on standard output, an element a line, written as the photos come; every write ends its line. */
export class JsonReport implements Report {
  readonly #terminal: Terminal
  #count = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  add({ file, width, height, page, detections }: DetectedImage): void {
    const plain = detections.map(({ label, score, box }) => ({ label, score, box }))
    const element = JSON.stringify({ file, width, height, page, detections: plain })
    this.#terminal.out(`${this.#count++ === 0 ? '[\n' : ','}${element}\n`)
  }

  finish(): void {
    this.#terminal.out(this.#count === 0 ? '[]\n' : ']\n')
  }
}

/** A heading that says which model looked, then a small table per photo. */
export class TableReport implements Report {
  readonly #terminal: Terminal
  readonly #title: string
  #images = 0
  #objects = 0

  constructor(terminal: Terminal, title: string) {
    this.#terminal = terminal
    this.#title = title
  }

  add({ file, width, height, page, detections }: DetectedImage): void {
    if (this.#images === 0) this.#terminal.out(`${this.#title}\n`)
    this.#images++
    this.#objects += detections.length
    this.#terminal.out(
      `\n${printable(file)}  ${width}×${height}${page === undefined ? '' : ` at ${page.dpi} dpi`}  ${counted(detections.length, 'object')}\n`,
    )
    if (detections.length === 0) return
    const rows = detections.map(({ label, score, box }) => [
      `  ${printable(label)}`,
      score.toFixed(3),
      ...[box.xmin, box.ymin, box.xmax, box.ymax].map((value) => value.toFixed(1)),
    ])
    const heading = ['  label', 'score', 'xmin', 'ymin', 'xmax', 'ymax']
    this.#terminal.out(formatTable([heading, ...rows], ['left', 'right', 'right', 'right', 'right', 'right']))
  }

  finish(): void {
    if (this.#images > 1) {
      this.#terminal.out(`\n${counted(this.#objects, 'object')} in ${counted(this.#images, 'photo')}\n`)
    }
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

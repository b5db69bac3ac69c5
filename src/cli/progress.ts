/** @file A progress bar with rate and time left; plain lines where the output is not a person's terminal. */
import type { Terminal } from './command.js'

/** Seconds between two plain lines. */
const PLAIN_INTERVAL = 10

/** Counts things done and says so on the error stream. */
export class Progress {
  readonly #terminal: Terminal
  readonly #title: string
  readonly #total: number
  readonly #unit: string
  readonly #start: number = performance.now()
  readonly #doneBefore: number
  #lastShown = 0
  #done: number

  /**
   * @param total number of things to do; nothing is shown for a single one
   * @param doneBefore how many were done before the clock started
   */
  constructor(terminal: Terminal, title: string, total: number, unit: string, doneBefore = 0) {
    this.#terminal = terminal
    this.#title = title
    this.#total = total
    this.#unit = unit
    this.#doneBefore = doneBefore
    this.#done = doneBefore
  }

  /** Reports that `done` things are done so far. */
  update(done: number): void {
    const isNew = done !== this.#done
    this.#done = done
    if (this.#total <= 1) return
    const seconds = (performance.now() - this.#start) / 1000
    if (this.#terminal.interactive) this.#terminal.err(`\r${this.#bar(seconds)}\x1b[K`)
    else if ((isNew && done === this.#total) || seconds - this.#lastShown >= PLAIN_INTERVAL) {
      this.#lastShown = seconds
      this.#terminal.err(`${this.#title} ${this.#figures(seconds)}\n`)
    }
  }

  /** Runs `write` with the bar out of the way, and draws it again. */
  aside(write: () => void): void {
    if (!this.#terminal.interactive || this.#total <= 1) {
      write()
      return
    }
    this.#terminal.err('\r\x1b[K')
    write()
    if (this.#done > this.#doneBefore) this.update(this.#done)
  }

  /** Removes the bar. */
  finish(): void {
    if (this.#terminal.interactive && this.#total > 1) this.#terminal.err('\r\x1b[K')
  }

  #figures(seconds: number): string {
    const rate = seconds > 0 ? (this.#done - this.#doneBefore) / seconds : 0
    const left = rate > 0 ? (this.#total - this.#done) / rate : Number.POSITIVE_INFINITY
    const shownRate = rate >= 100 ? rate.toFixed(0) : rate >= 1 ? rate.toFixed(1) : rate.toFixed(2)
    return `${this.#done}/${this.#total} ${this.#unit} · ${shownRate} ${this.#unit}/s · ${formatDuration(left)} left`
  }

  #bar(seconds: number): string {
    const figures = this.#figures(seconds)
    const width = Math.min(30, this.#terminal.columns - this.#title.length - figures.length - 4)
    if (width < 5) return `${this.#title} ${figures}`.slice(0, this.#terminal.columns - 1)
    const filled = Math.round((this.#done / this.#total) * width)
    return `${this.#title} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${figures}`
  }
}

/** Seconds as a person reads them: 8 s, 3 min 20 s, 2 h 5 min. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '? s'
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

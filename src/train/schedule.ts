/** @file Learning-rate schedules: a factor for every step, from 0 to 1. */
import { ConfigError } from '../tensor/index.js'

/** Factor of the base learning rate at `step`, counted from 0. */
export type Schedule = (step: number) => number

/** The full rate until `dropAt`, then `factor` of it: what DETR uses (drop to a tenth after 4/5 of the run). */
export function stepSchedule(dropAt: number, factor = 0.1): Schedule {
  return (step) => (step < dropAt ? 1 : factor)
}

/** Flat until `from`, then half a cosine down to `last` at `total`. */
export function cosineSchedule(total: number, from: number, last: number): Schedule {
  if (!(total > from && from >= 0)) {
    throw new ConfigError({ where: 'schedule', expected: `a decay that begins before step ${total}`, got: `${from}` })
  }
  return (step) => {
    if (step < from) return 1
    const part = Math.min(1, (step - from) / (total - from))
    return last + ((1 - last) * (1 + Math.cos(Math.PI * part))) / 2
  }
}

/** `schedule` with its first `steps` scaled up in a straight line. */
export function withWarmUp(schedule: Schedule, steps: number): Schedule {
  return (step) => schedule(step) * Math.min(1, (step + 1) / Math.max(1, steps))
}

/** @file A benchmark measures an idle machine or nothing: a neighbour flatters whoever suffers less from it. */
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

/** Share of all processors that was busy during `seconds`, 0..1. */
export async function busyShare(seconds = 2): Promise<number> {
  const sample = (): { busy: number; total: number } =>
    cpus().reduce(
      (sum, { times }) => {
        const total = times.user + times.nice + times.sys + times.idle + times.irq
        return { busy: sum.busy + total - times.idle, total: sum.total + total }
      },
      { busy: 0, total: 0 },
    )
  const before = sample()
  await delay(seconds * 1000)
  const after = sample()
  return (after.busy - before.busy) / Math.max(1, after.total - before.total)
}

/** Waits up to `patienceSeconds` for the machine to become idle, and ends the program with a sentence when it does not. */
export async function requireIdleMachine(patienceSeconds = 60): Promise<void> {
  const limit = 0.1
  const deadline = performance.now() + patienceSeconds * 1000
  let busy = await busyShare()
  if (busy > limit) console.error('bench: waits for an idle machine')
  while (busy > limit && performance.now() < deadline) busy = await busyShare()
  if (busy <= limit) return
  const percent = (100 * busy).toFixed(0)
  console.error(`bench: expected an idle machine, got one that is ${percent} % busy. Stop what else is running.`)
  process.exit(1)
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

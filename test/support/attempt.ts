/** @file Calls that may be refused. */
import { DetrsError } from '../../src/tensor/index.js'

/** What `action` gives, or undefined when detrs refuses it with a sentence. Other errors pass. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof DetrsError) return undefined
    throw error
  }
}

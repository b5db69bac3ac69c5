/**
 * @file Reads pickles as data and executes nothing: the opcodes of pickle-opcodes.ts and no others, the names that the
 * caller allows and no others, every operand's type checked, memory counted. Semantics: CPython `Lib/pickle.py` 3.12;
 * choice of opcodes: torch/_weights_only_unpickler.py (2.10), plus those that protocols 4 and 5 need.
 */
import { PickleMachine, type PickleRules } from './pickle-machine.js'
import { OPCODES, REFUSED_OPCODES } from './pickle-opcodes.js'
import type { PickleValue } from './pickle-values.js'

/** Bytes of one pickle: that of a state dict has about 200 per tensor. */
export const MAX_PICKLE_BYTES: number = 32 * 2 ** 20

const STOP = 0x2e

/**
 * Reads one pickle from `start`, and says where it ended.
 * @throws CheckpointError when an opcode or a name is not allowed (the message names it), an operand has the wrong
 * type, the stack underflows, the data ends early, or a limit is exceeded (32 MiB of pickle, 64 MiB of values).
 */
export function readPickle(
  bytes: Uint8Array,
  where: string,
  rules: PickleRules,
  start = 0,
): { value: PickleValue; end: number } {
  const machine: PickleMachine = new PickleMachine(bytes.subarray(0, start + MAX_PICKLE_BYTES), where, rules, start)
  for (;;) {
    const code = machine.reader.u8('pickle')
    if (code === STOP) return { value: machine.result(), end: machine.reader.position }
    const opcode = OPCODES.get(code)
    if (opcode === undefined) {
      const name = REFUSED_OPCODES.get(code) ?? 'unknown'
      machine.refuse('a pickle opcode that weight files use', `${name} (0x${code.toString(16).padStart(2, '0')})`)
    }
    opcode(machine)
  }
}

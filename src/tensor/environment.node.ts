/** @file Variables of the environment that switch something on. */

/** Whether a variable's value says yes. */
export function isSwitchedOn(value: string | undefined): boolean {
  return /^(?:1|true|yes|on)$/i.test(value?.trim() ?? '')
}

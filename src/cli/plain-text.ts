/** @file Text from files and names, made safe to print. */

/**
 * The text on one line and without control characters: names of files and classes come from strangers, and a terminal
 * obeys what they hold.
 */
export function printable(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').replace(/\p{Cc}/gu, '\u{fffd}')
}

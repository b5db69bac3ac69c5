/** @file Listings: programs, configuration, shell sessions, records. They mean nothing. */
import type { Split } from '../classes.js'
import type { Random } from '../random.js'

const NAMES: Readonly<Record<Split, readonly string[]>> = {
  train:
    'buffer count index node result value total queue path entry size offset table config reader cache token frame'.split(
      ' ',
    ),
  val: 'petal colour guest recipe sail chord ticket garden lamp verse plate kite song island stamp drum bell'.split(
    ' ',
  ),
}

type Line = readonly [indent: number, text: string]

/** Lines of a listing, indented by spaces. */
export function codeLines(random: Random, split: Split, count: number): string[] {
  const name = (): string => random.pick(NAMES[split])
  const call = (): string => `${name()}_${name()}(${name()}, ${random.int(0, 64)})`
  const kind = random.weighted({ python: 3, c: 3, shell: 2, settings: 2, records: 1 })
  const out: Line[] = []
  while (out.length < count) {
    if (kind === 'python') {
      out.push([0, `def ${name()}_${name()}(${name()}, ${name()}=${random.int(0, 9)}):`])
      out.push([1, `${name()} = ${call()}`], [1, `for ${name()} in ${name()}.${name()}s:`])
      out.push([2, `if ${name()} > ${random.int(0, 99)}:`], [3, `${name()} += ${name()}[${random.int(0, 9)}]`])
      out.push([1, `return ${call()}`], [0, ''])
    } else if (kind === 'c') {
      out.push([0, `static int ${name()}_${name()}(struct ${name()} *${name()})`], [0, '{'])
      out.push([1, `int ${name()} = ${call()};`], [1, `if (${name()} == NULL) {`], [2, `return -${random.int(1, 22)};`])
      out.push([1, '}'], [1, `${name()}->${name()} = ${name()};`], [1, 'return 0;'], [0, '}'], [0, ''])
    } else if (kind === 'shell') {
      out.push([0, `$ ${name()} --${name()}=${random.int(1, 99)} /var/${name()}/${name()}.conf`])
      out.push([0, `Reading ${name()} ... done`], [0, `# systemctl restart ${name()}d`])
    } else if (kind === 'settings') {
      out.push([0, `[${name()}]`], [0, `${name()} = ${random.int(1, 4096)}`], [0, `${name()}_${name()} = "${name()}"`])
      out.push([0, `# ${name()} ${name()} ${name()}`], [0, ''])
    } else {
      out.push([0, '{'], [1, `"${name()}": ${random.int(0, 500)},`], [1, `"${name()}": ["${name()}", "${name()}"],`])
      out.push([1, `"${name()}": { "${name()}": ${random.chance(0.5)} }`], [0, '}'])
    }
  }
  const width = random.pick([2, 4, 4])
  const lines = out.slice(0, count).map(([indent, text]) => ' '.repeat(indent * width) + text)
  while (lines.at(-1) === '') lines.pop()
  return lines
}

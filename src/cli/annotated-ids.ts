/** @file Ids of photos and classes as a file of annotations has them, for results that shall be judged against it. */
import { basename } from 'node:path'
import { parseJson } from '../eval/index.js'
import { ConfigError, FileError } from '../tensor/index.node.js'
import { readJsonText } from './json-text.js'

type Id = number | string

interface Annotations {
  readonly images?: readonly { readonly id: Id; readonly file_name?: unknown }[]
  readonly categories?: readonly { readonly id: number; readonly name?: unknown }[]
}

/** What an annotation file calls photos and classes. */
export class AnnotatedIds {
  readonly #file: string
  /** By the last part of their names. */
  readonly #photos: Map<string, { readonly name: string; readonly id: Id }[]> = new Map()
  readonly #categories: ReadonlyMap<string, number>

  private constructor(file: string, { images = [], categories = [] }: Annotations) {
    this.#file = file
    for (const { id, file_name } of images) {
      const name = String(file_name).replaceAll('\\', '/')
      const last = basename(name)
      this.#photos.set(last, [...(this.#photos.get(last) ?? []), { name, id }])
    }
    this.#categories = new Map(categories.map(({ id, name }) => [String(name), id]))
  }

  /** @throws FileError for a file that cannot be read, or is not COCO's. */
  static async read(file: string): Promise<AnnotatedIds> {
    const value = parseJson(await readJsonText(file), file) as Annotations | null
    if (Array.isArray(value?.images) && Array.isArray(value.categories)) return new AnnotatedIds(file, value)
    throw new FileError({ where: file, expected: 'annotations of COCO, with images and categories', got: 'other JSON' })
  }

  /** @throws ConfigError for a photo that the annotations do not have, or have several times. */
  photo(path: string): Id {
    const slashed = path.replaceAll('\\', '/')
    const named = this.#photos.get(basename(slashed)) ?? []
    const within = named.filter(({ name }) => `/${slashed}`.endsWith(`/${name}`))
    const [one, ...others] = within.length > 0 ? within : named
    if (one !== undefined && others.length === 0) return one.id
    const got = one === undefined ? 'none' : `${others.length + 1}`
    throw new ConfigError({ where: `--gt ${this.#file}`, expected: `one photo named ${basename(slashed)}`, got })
  }

  /** The class's id; undefined where the annotations have no such class. */
  category(className: string): number | undefined {
    return this.#categories.get(className)
  }
}

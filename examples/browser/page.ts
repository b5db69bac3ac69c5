/** @file The script of index.html: detects on the photo that is chosen or dropped, draws the boxes and lists them. */
import { type Detection, loadDetector } from 'detrs/web'

const find = <E extends HTMLElement>(selector: string): E => document.querySelector<E>(selector)!
const input = find<HTMLInputElement>('input')
const area = find<HTMLLabelElement>('label')
const status = find<HTMLParagraphElement>('[role=status]')
const canvas = find<HTMLCanvasElement>('canvas')
const list = find<HTMLOListElement>('ol')

const say = (text: string): void => {
  status.textContent = text
}

const started = loadDetector(new URL('../../weights/rtdetr-page.safetensors', document.baseURI))
started.then(
  () => say('Ready.'),
  (error: Error) => say(error.message),
)

/** Each class has its own colour, the same in every photo. */
function colourOf({ labelIndex }: Detection): string {
  return `hsl(${(labelIndex * 137) % 360} 85% 40%)`
}

async function show(file: File): Promise<void> {
  list.replaceChildren()
  say(`Looking at ${file.name} …`)
  try {
    const detector = await started
    const photo = await createImageBitmap(file, { colorSpaceConversion: 'none' })
    // Inference stops the page until it is done: let it paint before.
    await new Promise((resolve) => setTimeout(resolve, 50))
    const began = performance.now()
    const [found] = await detector.detect([photo])
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    draw(photo, found!.detections)
    say(`${found!.detections.length} parts in ${seconds} s`)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
  }
}

function draw(photo: ImageBitmap, detections: readonly Detection[]): void {
  canvas.width = photo.width
  canvas.height = photo.height
  canvas.hidden = false
  const context = canvas.getContext('2d')!
  context.drawImage(photo, 0, 0)
  context.lineWidth = Math.max(2, photo.width / 400)
  const size = Math.max(12, photo.width / 70)
  context.font = `${size}px sans-serif`
  for (const detection of detections) {
    const { xmin, ymin, xmax, ymax } = detection.box
    context.strokeStyle = colourOf(detection)
    context.strokeRect(xmin, ymin, xmax - xmin, ymax - ymin)
    context.fillStyle = colourOf(detection)
    // The tag stands on its box, within the picture.
    const top = Math.max(0, ymin - 1.2 * size)
    context.fillRect(xmin, top, context.measureText(detection.label).width + size / 2, 1.2 * size)
    context.fillStyle = 'white'
    context.fillText(detection.label, xmin + size / 4, top + size)
  }
  list.replaceChildren(...detections.map(itemOf))
}

function itemOf(detection: Detection): HTMLLIElement {
  const mark = document.createElement('span')
  mark.style.background = colourOf(detection)
  const item = document.createElement('li')
  item.append(mark, `${detection.label} ${(100 * detection.score).toFixed(0)} %`)
  return item
}

input.addEventListener('change', () => {
  const [file] = input.files ?? []
  if (file !== undefined) void show(file)
})
for (const type of ['dragover', 'dragleave', 'drop'] as const) {
  area.addEventListener(type, (event) => {
    event.preventDefault()
    area.classList.toggle('over', type === 'dragover')
    const [file] = type === 'drop' ? (event.dataTransfer?.files ?? []) : []
    if (file !== undefined) void show(file)
  })
}

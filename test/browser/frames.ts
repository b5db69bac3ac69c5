/** @file Pages inside the page of the browser test, driven as a visitor would. */

/** Opens a page in a frame and waits until it has loaded. */
export async function openFrame(address: string): Promise<Document> {
  const frame = document.createElement('iframe')
  frame.src = address
  frame.style.cssText = 'width: 100%; height: 900px; border: 0'
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
  document.body.append(frame)
  await loaded
  return frame.contentDocument!
}

/** The first text of the element that matches. @throws when there is none within a minute */
export async function textOf(page: Document, selector: string, wanted: RegExp): Promise<string> {
  const started = performance.now()
  for (;;) {
    const text = page.querySelector(selector)?.textContent ?? ''
    if (wanted.test(text)) return text
    if (performance.now() - started > 60_000) throw new Error(`${page.URL}: ${selector} says '${text}', not ${wanted}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Chooses a file in the page's input. */
export function choose(page: Document, file: File): void {
  const input = page.querySelector('input')!
  const transfer = new DataTransfer()
  transfer.items.add(file)
  input.files = transfer.files
  input.dispatchEvent(new Event('change'))
}

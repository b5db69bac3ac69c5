/** @file The XML reader: what it reads, and what it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childOf, parseXml, textOf } from './xml.js'

const parse = (text: string) => parseXml(new TextEncoder().encode(text), 'x.xml')

test('elements, text, attributes, comments, CDATA, characters', () => {
  const root = parse(
    '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- a <b> -->\n<r a="1 > 0" b=\'"\'>' +
      '<name> R&amp;B &lt;&#233;&#x732b;&gt; </name><e/><e x="1"/><n><![CDATA[<raw> & ]]></n>tail</r>\n',
  )
  assert.equal(root.name, 'r')
  assert.equal(root.text, 'tail')
  assert.equal(textOf(root, 'name'), 'R&B <é猫>')
  assert.equal(root.children.filter(({ name }) => name === 'e').length, 2)
  assert.equal(textOf(root, 'n'), '<raw> &')
  assert.equal(textOf(root, 'e'), undefined)
  assert.equal(childOf(root, 'none'), undefined)
})

test('other encodings, by mark and by declaration', () => {
  const latin = Uint8Array.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', (char) => char.charCodeAt(0))
  assert.equal(parseXml(latin, 'x').text, 'é')
  const utf16 = Uint8Array.from(Buffer.from('\ufeff<a>é</a>', 'utf16le'))
  assert.equal(parseXml(utf16, 'x').text, 'é')
  assert.throws(
    () => parseXml(new Uint8Array([0x3c, 0x61, 0x3e, 0xff]), 'x.xml'),
    /x\.xml: expected text in utf-8, got other bytes/,
  )
})

test('document types and entities are refused: bombs and files from outside cannot be declared', () => {
  const bomb = '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><b>&b;</b>'
  assert.throws(() => parse(bomb), /expected XML without a document type, got '<!DOCTYPE' at line 1/)
  assert.throws(() => parse('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'), /without a document type/)
  assert.throws(() => parse('<a><!ENTITY x "y"></a>'), /without a document type/)
  assert.throws(() => parse('<a>\n&xxe;</a>'), /expected no entities but .*, got '&xxe;' at line 1/)
  for (const entity of ['&', '&lt', '&#0;', '&#x110000;', '&#xzz;', '&constructor;']) {
    assert.throws(() => parse(`<a>${entity}</a>`), /no entities but/, entity)
  }
})

test('what is not well formed is named with its line', () => {
  const faults: [string, RegExp][] = [
    ['', /expected an element, got an empty file at line 1/],
    ['hello', /expected XML, got 'hello'/],
    ['<a>\n<b></a>', /expected <\/b>, got <\/a> at line 2/],
    ['<a>\n', /expected <\/a>, got the end of the file at line 2/],
    ['<a/><b/>', /expected one root element, got another, <b>/],
    ['</a>', /expected no closing tag, got <\/a>/],
    ['<a b=1/>', /expected a tag, got '<a b=1\/>'/],
    ['<a', /expected a tag/],
    ['<a><!-- x</a>', /the end of a comment/],
    ['<a/>x', /expected XML, got 'x'/],
    ['<a>'.repeat(200), /elements at most 100 deep/],
  ]
  for (const [text, message] of faults) assert.throws(() => parse(text), message, text.slice(0, 20))
})

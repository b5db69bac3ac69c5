/** @file English, twice: the words of training pages and, of other subjects, those of validation pages. */
import { type Language, language } from './language.js'

const LABELS =
  'Figure|Table|Chapter|Section|Page|of|Abstract|Keywords|Contents|References|Appendix|Introduction|Conclusion|Note|Warning|' +
  'Example|Theorem|Proof|Definition|Date|Invoice|Total|Subtotal|Tax|Quantity|Price|Item|Description|Name|Address|Phone|' +
  'E-mail|Signature|Dear|Kind regards|Subject|Source|Exercise|Summary|Article'

const PATTERNS =
  'The {a} {n} {v} the {n} {p} the {a} {n}|{c} the {n} {v} a {a} {n}, the {s} {w} {r}|Most {s} {w} the {n} {p} {a} {s}|' +
  '{t}, the {n} {r} {v} the {s} {p} the {n}|We {w} the {n} {p} the {a} {s} and {w} its {s}|A {n} of this kind {v} no {s}|' +
  'It {v} the {n} {r}, {c2} the {s} {w} {p} the {n}|Each {n} {v} its own {n}, and the {s} {w} accordingly|' +
  'There is {r} a {a} {n} {p} the {n} of the {s}|{a2} {s} {w} {r}|The {s} of the {n} {w} the {a} {n}; the {n} {v} them {r}|' +
  'When the {n} {v} the {n}, its {s} {w} {p} the {a} {n} and the {n} is {a}|This {v} the {n}|Neither the {n} nor the {n} ' +
  '{v} the {s} {p} the {n}|For {a} {s}, the {n} {v} {r} {p} the {n}, whereas {a} {s} {w} the {n} {t2}|' +
  'What the {n} {v} is the {a} {n} {p} the {s}, not the {n} itself|The {n} is {a} and the {s} are {a}'

const PHRASES =
  'The {n} of {s}|{a2} {s}|{a2} {s} and {a} {s}|On the {n} of a {a} {n}|{a2} {n}|How {s} {w} the {n}|{n2} and {n}|' +
  'A {n} for {a} {s}|{n2} {p} the {n}|{a2} {n} of the {n}|Why {s} {w}'

export const ENGLISH_TRAIN: Language = language({
  code: 'en',
  split: 'train',
  script: 'latin',
  weight: 50,
  patterns: PATTERNS,
  phrases: PHRASES,
  words: {
    n: `measurement system valve model network archive method sample record engine surface signal process function
        boundary matrix argument structure budget contract committee schedule river mountain bridge station harbour
        museum library catalogue instrument temperature pressure voltage current sensor protocol packet compiler
        variable parameter interface module command directory kernel buffer thread queue market price policy region
        council report survey question answer theory experiment hypothesis estimate error variance distribution
        sequence limit theorem proof equation coefficient gradient field particle molecule cell membrane protein
        gene species forest climate rainfall soil harvest village road railway engine lamp window door garden letter
        manuscript chapter page column title index footnote machine lathe spindle gear bearing shaft motor battery`,
    n2: `Measurement Structure Pressure Method Theory Policy Estimate Boundary Distribution Climate Index Protocol Variance
         Maintenance Installation Configuration Storage Recovery Transport Calibration Sampling Accounting`,
    s: `samples records engines results signals users members costs values readings tables changes conditions rules
        methods authors towns workers rivers letters errors packets files devices sensors models layers tests cases
        parts tools questions limits terms groups houses vessels species crops prices goods contracts payments`,
    v: `changes measures describes controls limits extends contains replaces determines exceeds supports explains joins
        connects precedes shows requires produces reduces raises covers divides keeps carries reaches follows`,
    w: `change measure describe control limit extend contain replace determine exceed support explain join connect
        precede show require produce reduce raise cover divide keep carry reach follow remain differ agree`,
    a: `small large early late common separate local northern linear constant random internal external annual public
        private simple complex stable narrow broad heavy light empty complete partial frequent rare uniform visible
        hidden dry humid ancient recent electric mechanical digital statistical financial regional technical`,
    a2: `Small Large Early Common Separate Local Linear Constant Random Internal External Annual Public Simple Complex
         Stable Complete Partial Uniform Recent Mechanical Digital Statistical Technical Regional`,
    r: 'slowly often rarely usually clearly nearly always gradually exactly partly equally directly entirely again together',
    p: 'in|with|without|near|under|above|between|across|through|within|outside|before|after|around|along|beside',
    c: 'Although|Because|While|Since|If|Whenever|As|Once|Where',
    c2: 'because|although|while|since|if|whenever|as|so that',
    t: 'In most years|At first|Later|In practice|By contrast|In general|For this reason|As a rule|In addition|Today|Since then',
    t2: 'every year|at first|later|in practice|as a rule|by turns|over time|in the end',
  },
  labels: LABELS,
  given:
    'Anna Peter Maria Thomas Ruth James Clara Henry Alice Martin Helen Robert Julia Simon Laura David Emma George Nina Paul',
  family:
    'Carter Hughes Lindqvist Moore Barnes Whitfield Osborne Keller Dawson Pritchard Holm Sanders Ashby Norton Fielding',
  places: 'Northgate|Ashford|Millbrook|Eastham|Port Lowell|Greyfield|Stonebridge|Harrow Point|Westlake|Marlow',
})

export const ENGLISH_VAL: Language = language({
  code: 'en-x',
  split: 'val',
  script: 'latin',
  weight: 50,
  patterns:
    'Every {n} in the {a} {n} {v} some {s}|Our {s} {w} {t2}, and that {v} the {n}|Few {a} {s} {w} {r}|{t}, another {n} {v} ' +
    'those {s} {p} a {n}|{c} these {s} {w} the {n}, no {n} {v} them|One {a} {n} {r} {v} several {s} {p} many {a} {s}|' +
    'It was the {n} that {v} all {s}, {c2} nobody {v} a {n}|{a2} {s} and {a} {s} {w} {p} that {n}|Such a {n} {v} {r}|' +
    'They {w} their {s} {p} the {n}, then {w} them {r} {p} another {n}|You may {w} any {n} {p} this {n}',
  phrases: 'From {n} to {n}|{a2} {s}|Our {a} {n}|{n2}: {a} {s}|Some {a} {s} {p} the {n}|What {s} {w}|{n2} without {s}',
  words: {
    n: `orchestra melody violin painter gallery canvas kitchen recipe flour oven bakery tournament referee stadium coach
        sailor lighthouse island lagoon reef whale falcon meadow orchard vineyard cellar bottle tailor fabric pattern
        costume theatre actor audience balcony rehearsal poem novel chorus rhythm passport luggage airline cabin ticket
        tourist hostel beach glacier volcano desert caravan bazaar spice teapot porcelain jeweller diamond bracelet`,
    n2: 'Melody Harvest Pottery Travel Fencing Weaving Sailing Cookery Theatre Poetry Gardening Astronomy',
    s: `songs dancers painters recipes tourists sailors islands whales costumes poems novels tickets bottles spices
        jewels gardens orchards ovens dishes guests pupils teachers clowns puppets drums flutes kites lanterns`,
    v: 'delights surprises paints invites admires welcomes borrows forgets remembers mends cooks sings promises visits',
    w: 'delight surprise paint invite admire welcome borrow forget remember mend cook sing promise visit travel dance',
    a: `golden silver wooden velvet crimson gentle noisy fragrant bitter sweet salty famous clumsy cheerful lonely brave
        curious playful elegant rustic sunny stormy frozen exotic delicate tender`,
    a2: 'Golden Silver Wooden Gentle Noisy Fragrant Famous Cheerful Brave Curious Elegant Rustic Sunny Frozen Exotic',
    r: 'happily loudly softly twice bravely seldom warmly politely eagerly suddenly nowhere barely',
    p: 'behind|beneath|inside|beyond|despite|towards|among|against|upon|past',
    c: 'Unless|Until|Though|Wherever|Even if|Just as',
    c2: 'until|though|unless|even if|just as|wherever',
    t: 'Last summer|One evening|Before long|On Sundays|Long ago|At dawn|Now and then|Meanwhile|Somewhere else',
    t2: 'last summer|one evening|at dawn|on Sundays|now and then|before long',
  },
  labels: LABELS,
  given: 'Olive Edgar Iris Hugo Mabel Felix Stella Oscar Pearl Victor Hazel Arthur Violet Jasper Ivy Leo Flora Max',
  family: 'Bellamy Thorne Quince Merriweather Hollis Vane Lovelace Finch Marsh Pemberton Rook Starling Winterbourne',
  places: 'Larkspur|Silverton|Applecross|Fernhollow|Bay of Gulls|Rosewick|Thistledown|Maplehurst|Cloverdale',
})

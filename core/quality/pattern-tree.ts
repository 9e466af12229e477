/** Reads a pattern (its syntax: pattern.ts) into a tree. */

/** Inclusive ranges of code points, rising, disjoint. */
export type Ranges = readonly (readonly [number, number])[];

export type Node =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'start' | 'end' | 'empty' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

const LAST = 0x10ffff;
const MOST_REPEATS = 255;
const DEEPEST = 50;

/** @throws SyntaxError that says what is wrong, and where. */
export const parsePattern = (source: string): Node => new Parser(source).parse();

const DIGIT: Ranges = [[48, 57]];
const WORD: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const SPACE: Ranges = [
  [9, 13],
  [32, 32],
];
const CLASSES: Readonly<Record<string, Ranges>> = {
  d: DIGIT,
  w: WORD,
  s: SPACE,
  D: complement(DIGIT),
  W: complement(WORD),
  S: complement(SPACE),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11 };

class Parser {
  private readonly signs: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.signs = [...source];
  }

  parse(): Node {
    if (this.signs.length === 0) throw new SyntaxError('is empty: it would match everything');
    const node = this.alternatives();
    if (this.at < this.signs.length) throw this.problem('an unmatched )');
    return node;
  }

  private alternatives(): Node {
    if (++this.depth > DEEPEST) throw this.problem(`more than ${DEEPEST} groups in each other`);
    const branches = [this.sequence()];
    while (this.take('|')) branches.push(this.sequence());
    this.depth--;
    return branches.length === 1 ? branches[0]! : { kind: 'any', of: branches };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.signs.length && this.peek() !== '|' && this.peek() !== ')') parts.push(this.repeated());
    if (parts.length === 1) return parts[0]!;
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'all', of: parts };
  }

  private repeated(): Node {
    const node = this.atom();
    const times = this.quantifier();
    if (times === null) return node;
    if (node.kind === 'start' || node.kind === 'end') throw this.problem('a repeated ^ or $');
    this.take('?');
    if (this.quantifier() !== null) throw this.problem('a repeat of a repeat; use a group');
    return { kind: 'repeat', of: node, ...times };
  }

  private quantifier(): { readonly min: number; readonly max: number } | null {
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.take('?')) return { min: 0, max: 1 };
    if (this.peek() !== '{') return null;
    const rest = this.signs.slice(this.at, this.at + 12).join('');
    const found = /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(rest);
    if (found === null) throw this.problem('a { that begins no repeat; write \\{');
    this.at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3]);
    if (max < min) throw this.problem(`a repeat from ${min} to ${max}`);
    if (min > MOST_REPEATS || (max !== Infinity && max > MOST_REPEATS)) {
      throw this.problem(`a repeat of more than ${MOST_REPEATS}`);
    }
    return { min, max };
  }

  private atom(): Node {
    const sign = this.next();
    if (sign === '(') return this.group();
    if (sign === '[') return { kind: 'set', ranges: this.set() };
    if (sign === '.') return { kind: 'set', ranges: complement([[10, 10]]) };
    if (sign === '^') return { kind: 'start' };
    if (sign === '$') return { kind: 'end' };
    if (sign === '\\') return { kind: 'set', ranges: this.escaped() };
    if ('*+?{'.includes(sign)) throw this.problem(`a ${sign} with nothing before it`);
    if (sign === ']' || sign === '}') throw this.problem(`an unmatched ${sign}; write \\${sign}`);
    return { kind: 'set', ranges: [this.one(sign.codePointAt(0)!)] };
  }

  private group(): Node {
    if (this.peek() === '?') {
      this.at++;
      if (!this.take(':')) throw this.problem('a group of a kind that is not supported (lookaround, name or flag)');
    }
    const node = this.alternatives();
    if (!this.take(')')) throw this.problem('a group without its )');
    return node;
  }

  private set(): Ranges {
    const negated = this.take('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.take(']')) {
      const low = this.setItem();
      if (this.peek() !== '-' || this.signs[this.at + 1] === ']') {
        ranges.push(...low);
        continue;
      }
      this.at++;
      const high = this.setItem();
      const [from, to] = [single(low), single(high)];
      if (from === null || to === null) throw this.problem('a range with a class as its end');
      if (to < from) throw this.problem('a range whose ends are the wrong way round');
      ranges.push([from, to]);
    }
    if (ranges.length === 0) throw this.problem('an empty class');
    const set = negated ? complement(ranges) : united(ranges);
    if (set.length === 0) throw this.problem('a class that nothing is in');
    return set;
  }

  private setItem(): Ranges {
    const sign = this.next();
    if (sign === '\\') return this.escaped();
    if (sign === '[') throw this.problem('a [ in a class; write \\[');
    return [this.one(sign.codePointAt(0)!)];
  }

  private escaped(): Ranges {
    const sign = this.next();
    const ranges = Object.hasOwn(CLASSES, sign) ? CLASSES[sign] : undefined;
    if (ranges !== undefined) return ranges;
    const control = Object.hasOwn(CONTROLS, sign) ? CONTROLS[sign] : undefined;
    if (control !== undefined) return [[control, control]];
    if (sign === 'x') return [this.one(this.hex(2))];
    if (sign === 'u') return [this.one(this.hex(4))];
    if (/[0-9]/.test(sign)) throw this.problem(`a backreference \\${sign}, which is not supported`);
    if (/[A-Za-z]/.test(sign)) throw this.problem(`\\${sign}, which is not supported`);
    return [this.one(sign.codePointAt(0)!)];
  }

  private hex(digits: number): number {
    const text = this.signs.slice(this.at, this.at + digits).join('');
    if (text.length !== digits || !/^[0-9a-fA-F]+$/.test(text)) throw this.problem(`fewer than ${digits} hex digits`);
    this.at += digits;
    return Number.parseInt(text, 16);
  }

  private one(code: number): readonly [number, number] {
    if (code === 0) throw this.problem('a NUL, which no text in PostgreSQL can hold');
    if (code >= 0xd800 && code <= 0xdfff) throw this.problem('half of a surrogate pair');
    return [code, code];
  }

  private next(): string {
    const sign = this.signs[this.at];
    if (sign === undefined) throw this.problem('no end');
    this.at++;
    return sign;
  }

  private peek(): string | undefined {
    return this.signs[this.at];
  }

  private take(sign: string): boolean {
    if (this.signs[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  private problem(what: string): SyntaxError {
    return new SyntaxError(`has ${what} (at sign ${Math.min(this.at, this.signs.length)})`);
  }
}

const single = (ranges: Ranges): number | null =>
  ranges.length === 1 && ranges[0]![0] === ranges[0]![1] ? ranges[0]![0] : null;

function united(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else out.push([low, high]);
  }
  return out;
}

export function complement(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  let from = 1;
  for (const [low, high] of united(ranges)) {
    if (low > from) out.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= LAST) out.push([from, LAST]);
  return out;
}

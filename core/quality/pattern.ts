/**
 * Regular expressions that mean the same here and in PostgreSQL, and never take more than linear time.
 *
 * A pattern is read into a tree. Here the tree runs as a nondeterministic automaton over code points (Thompson, Regular
 * Expression Search Algorithm, CACM 11(6), 1968), time O(length × states); V8's engine, whose backtracking can take
 * exponential time, is not used. For PostgreSQL the tree is written out again as an ARE in which every class is
 * explicit and every sign escaped, so that nothing depends on a locale or on a flag.
 *
 * Syntax (within RE2's): literals; `.` (any code point but newline); classes `[a-z_]`, `[^…]`; `\d \w \s \D \W \S` (ASCII);
 * `\n \r \t \f \v`, `\xhh`, `\uhhhh`, and `\` before any sign; groups `(…)`, `(?:…)`; `|`; `* + ? {m} {m,} {m,n}` up to 255, lazy ones
 * alike (whether there is a match does not depend on it); `^` and `$`, start and end of the whole text. Refused:
 * backreferences, lookarounds, `\b`, named groups, flags, `\p{…}`.
 */

/** Inclusive ranges of code points, rising, disjoint. */
type Ranges = readonly (readonly [number, number])[];

type Node =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'start' | 'end' | 'empty' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

export interface Pattern {
  /** Is there a match anywhere in the text? */
  matches(text: string): boolean;
  /** The same as an ARE for `text ~ $1`. */
  readonly postgres: string;
}

const LAST = 0x10ffff;
const MOST_REPEATS = 255;
const MOST_STATES = 2_000;
const DEEPEST = 50;

/**
 * @throws SyntaxError that says what is wrong and where: the policy turns it into a problem of the field.
 */
export function compilePattern(source: string): Pattern {
  const tree = new Parser(source).parse();
  const states = stateCount(tree);
  if (states > MOST_STATES) throw new SyntaxError(`is too large: ${states} states, at most ${MOST_STATES} are allowed`);
  const automaton = new Automaton(tree);
  return { matches: (text) => automaton.matches(text), postgres: `***:${write(tree)}` };
}

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

function complement(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  let from = 1;
  for (const [low, high] of united(ranges)) {
    if (low > from) out.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= LAST) out.push([from, LAST]);
  return out;
}

function stateCount(node: Node): number {
  if (node.kind === 'repeat') {
    const copies = node.max === Infinity ? node.min + 1 : node.max;
    return Math.max(1, copies) * (stateCount(node.of) + 1);
  }
  return 'of' in node ? node.of.reduce((sum, part) => sum + stateCount(part) + 1, 1) : 1;
}

/** A state: reads a code point of `ranges` and goes to `to`; or, without reading, splits, or asks for a place in the text. */
interface State {
  readonly ranges: Ranges | null;
  readonly asks: 'start' | 'end' | null;
  readonly to: number[];
}

const ACCEPT = 0;

class Automaton {
  private readonly states: State[] = [{ ranges: null, asks: null, to: [] }];
  private readonly first: number;

  constructor(tree: Node) {
    this.first = this.build(tree, ACCEPT);
  }

  matches(text: string): boolean {
    let current = new Set<number>();
    const end = text.length;
    for (let at = 0; at <= end;) {
      // Unanchored: a match may begin at every place.
      if (this.follow(this.first, at, end, current)) return true;
      if (at === end) return false;
      const code = text.codePointAt(at)!;
      at += code > 0xffff ? 2 : 1;
      const reached = new Set<number>();
      for (const index of current) {
        const state = this.states[index]!;
        if (state.ranges === null || !includes(state.ranges, code)) continue;
        if (this.follow(state.to[0]!, at, end, reached)) return true;
      }
      current = reached;
    }
    return false;
  }

  /** Adds what is reached from `index` without reading; true when that is the end of the pattern. */
  private follow(index: number, at: number, end: number, into: Set<number>): boolean {
    const open = [index];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === ACCEPT) return true;
      if (into.has(next)) continue;
      into.add(next);
      const state = this.states[next]!;
      if (state.ranges !== null) continue;
      if (state.asks === 'start' && at !== 0) continue;
      if (state.asks === 'end' && at !== end) continue;
      open.push(...state.to);
    }
    return false;
  }

  private add(ranges: Ranges | null, asks: State['asks'], ...to: number[]): number {
    return this.states.push({ ranges, asks, to }) - 1;
  }

  /** Builds the states of `node` that lead to `then`; returns the first of them. */
  private build(node: Node, then: number): number {
    switch (node.kind) {
      case 'set':
        return this.add(node.ranges, null, then);
      case 'start':
      case 'end':
        return this.add(null, node.kind, then);
      case 'empty':
        return then;
      case 'all':
        return node.of.reduceRight((next, part) => this.build(part, next), then);
      case 'any':
        return this.add(null, null, ...node.of.map((branch) => this.build(branch, then)));
      case 'repeat':
        return this.buildRepeat(node, then);
    }
  }

  private buildRepeat(node: Node & { kind: 'repeat' }, then: number): number {
    let next = then;
    if (node.max === Infinity) {
      next = this.add(null, null, then);
      this.states[next]!.to.push(this.build(node.of, next));
    } else {
      for (let i = node.min; i < node.max; i++) next = this.add(null, null, then, this.build(node.of, next));
    }
    for (let i = 0; i < node.min; i++) next = this.build(node.of, next);
    return next;
  }
}

function includes(ranges: Ranges, code: number): boolean {
  for (const [low, high] of ranges) {
    if (code < low) return false;
    if (code <= high) return true;
  }
  return false;
}

function write(node: Node): string {
  switch (node.kind) {
    case 'set':
      return writeSet(node.ranges);
    case 'start':
      return '\\A';
    case 'end':
      return '\\Z';
    case 'empty':
      return '(?:)';
    case 'all':
      return node.of.map(write).join('');
    case 'any':
      return `(?:${node.of.map(write).join('|')})`;
    case 'repeat': {
      const { min, max } = node;
      const of = node.of.kind === 'set' ? write(node.of) : `(?:${write(node.of)})`;
      if (max === Infinity) return min === 0 ? `${of}*` : min === 1 ? `${of}+` : `${of}{${min},}`;
      return min === max ? `${of}{${min}}` : `${of}{${min},${max}}`;
    }
  }
}

/** Large classes are written by what they leave out: PostgreSQL expands ranges, and has a limit. */
function writeSet(ranges: Ranges): string {
  const rest = complement(ranges);
  const size = (of: Ranges): number => of.reduce((sum, [low, high]) => sum + high - low + 1, 0);
  if (rest.length === 0) return '.';
  if (size(ranges) === 1) return writeCode(ranges[0]![0]);
  if (size(rest) < size(ranges)) return `[^${writeRanges(rest)}]`;
  return `[${writeRanges(ranges)}]`;
}

const writeRanges = (ranges: Ranges): string =>
  ranges.map(([low, high]) => (low === high ? writeCode(low) : `${writeCode(low)}-${writeCode(high)}`)).join('');

const writeCode = (code: number): string =>
  code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;

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

import { complement, parsePattern, type Node, type Ranges } from './pattern-tree';

export interface Pattern {
  /** Is there a match anywhere in the text? */
  matches(text: string): boolean;
  /** The same as an ARE for `text ~ $1`. */
  readonly postgres: string;
}

const MOST_STATES = 2_000;

/**
 * @throws SyntaxError that says what is wrong and where: the policy turns it into a problem of the field.
 */
export function compilePattern(source: string): Pattern {
  const tree = parsePattern(source);
  const states = stateCount(tree);
  if (states > MOST_STATES) throw new SyntaxError(`is too large: ${states} states, at most ${MOST_STATES} are allowed`);
  const automaton = new Automaton(tree);
  return { matches: (text) => automaton.matches(text), postgres: `***:${write(tree)}` };
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

import { RatchetError } from '../../core/errors';

/** What a training query binds (DESIGN §13), in the order of $1, $2, $3. */
export const QUERY_PARAMETERS = ['from', 'to', 'asOf'] as const;

/**
 * Replaces :from, :to and :asOf by $1, $2 and $3, typed timestamptz. Text in quotes, dollar quotes, comments, quoted names
 * and `::casts` stay as they are. Rejects RATCHET_QUERY_INVALID when one is missing, another one is named, the query has
 * positional parameters of its own, or it is more than one statement.
 */
export function bindNamedParameters(query: string): string {
  const used = new Set<string>();
  const parts: string[] = [];
  let end = 0;
  for (const match of query.matchAll(TOKENS)) {
    const { name, positional, semicolon } = match.groups ?? {};
    if (name === undefined && positional === undefined && semicolon === undefined) continue;
    if (positional !== undefined)
      throw invalid(`it has the positional parameter ${positional}; name :from, :to, :asOf`);
    parts.push(query.slice(end, match.index));
    end = match.index + match[0].length;
    if (semicolon !== undefined) {
      if (withoutComments(query.slice(end)).trim() !== '') throw invalid('it holds more than one statement');
      continue;
    }
    const index = QUERY_PARAMETERS.findIndex((parameter) => parameter === name);
    if (index < 0) throw invalid(`it names :${name}; only :from, :to and :asOf are bound`);
    used.add(QUERY_PARAMETERS[index] ?? '');
    parts.push(`$${index + 1}::timestamptz`);
  }
  parts.push(query.slice(end));
  const missing = QUERY_PARAMETERS.filter((parameter) => !used.has(parameter));
  if (missing.length > 0) throw invalid(`it does not use ${missing.map((m) => `:${m}`).join(', ')}`);
  return parts.join('');
}

/** What must be passed over comes first; then what is looked for. Block comments nest one level deep, as people write them. */
const TOKENS = new RegExp(
  [
    String.raw`[eE]'(?:[^'\\]|\\[\s\S]|'')*'`, // E'it\'s'
    String.raw`'(?:[^']|'')*'`,
    String.raw`"(?:[^"]|"")*"`,
    String.raw`(?<tag>\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\k<tag>`, // $$ … $$
    String.raw`--[^\n]*`,
    String.raw`/\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*[\s\S]*?\*/)*\*/`,
    String.raw`::`,
    String.raw`:=`,
    // Not in array slices ([1:n]), where a word or bracket stands before the colon.
    String.raw`(?<![\w\])]):(?<name>[A-Za-z_]\w*)`,
    String.raw`(?<positional>\$\d+)`,
    String.raw`(?<semicolon>;)`,
  ].join('|'),
  'g',
);

function withoutComments(text: string): string {
  return text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '');
}

function invalid(why: string): RatchetError {
  return new RatchetError('RATCHET_QUERY_INVALID', `the training query cannot be bound: ${why}`);
}

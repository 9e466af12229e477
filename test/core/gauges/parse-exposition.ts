/**
 * Reads Prometheus' text format 0.0.4 as strictly as its specification: every line is HELP, TYPE or a sample; samples follow the
 * TYPE of their own family; no series and no family occurs twice. Throws at the first line that is otherwise.
 *
 * @returns value by `name{"label":"value",…}` (labels as JSON, in their order).
 */
export function parseExposition(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const types = new Set<string>();
  let family = '';
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, what, name = ''] = comment;
      if (what === 'TYPE') {
        if (types.has(name)) throw new Error(`${name} occurs twice`);
        types.add(name);
      }
      family = name;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?))$/.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    if (!types.has(name) || name !== family) throw new Error(`${name} stands outside of its family`);
    const key = `${name}${JSON.stringify(parseLabels(labels))}`;
    if (values.has(key)) throw new Error(`${key} occurs twice`);
    values.set(key, Number(value));
  }
  return values;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const one = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?!$)|$)/y;
  while (one.lastIndex < text.length) {
    const found = one.exec(text);
    if (found === null) throw new Error(`no label: ${text}`);
    const [, name = '', value = ''] = found;
    if (Object.hasOwn(labels, name)) throw new Error(`label ${name} occurs twice`);
    labels[name] = value.replace(/\\([\\"n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  return labels;
}

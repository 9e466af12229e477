/** Policy files: YAML or JSON. */
import { parseDocument } from 'yaml';
import { RatchetError } from '../core/errors';
import { readText } from './read-file';

/** @throws RatchetError RATCHET_POLICY_INVALID with line and column when it is no YAML or JSON. */
export async function readPolicyFile(path: string): Promise<unknown> {
  return parsePolicy(await readText(path), path);
}

export function parsePolicy(text: string, path: string): unknown {
  // JSON is YAML; duplicate keys are errors, because the last one silently winning helps nobody.
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const [first] = document.errors;
  if (first !== undefined) {
    const problems = document.errors.map((error) => ({ path: '', message: error.message }));
    throw new RatchetError('RATCHET_POLICY_INVALID', `${path} cannot be read: ${first.message.split('\n')[0] ?? ''}`, {
      hint: 'Correct the YAML or JSON.',
      details: { problems },
    });
  }
  return document.toJS();
}

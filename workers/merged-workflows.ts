/**
 * Entry of the merged workflow bundle: the user's workflows beside ours. `__ratchet_user_workflows__` is an alias that the
 * plugin's bundler hook points at the user's `workflowsPath`. Plain require on purpose: which names the user exports is
 * known only here, and a clash must throw rather than let one side win.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- see above */
const ours = require('../workflows') as Record<string, unknown>;
const theirs = require('__ratchet_user_workflows__') as Record<string, unknown>;

const clash = Object.keys(ours).filter((name) => name in theirs && theirs[name] !== ours[name]);
if (clash.length > 0) {
  throw new Error(`your workflows and temporal-ratchet both export ${clash.join(', ')}: rename yours`);
}

module.exports = { ...theirs, ...ours };

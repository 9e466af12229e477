#!/usr/bin/env node
// The one entry of `npm run demo` and `npm test`: makes the checkout ready, then runs the command.
// No static imports and no new syntax here: an old Node must get as far as being told that it is too old.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 3)) {
  console.error(
    `Ratchet needs Node 20.3 or newer, this is ${process.versions.node}. Install a newer one, then try again.`,
  );
  process.exit(1);
}
import('./commands.mjs').then(({ main }) => main(process.argv.slice(2)));

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const out = process.stderr;

/**
 * Runs one long step of set-up and shows it: on a terminal a line that moves, with the seconds and what it is at; one
 * plain line at its start and its end elsewhere. `work` gets a function that says what it is at.
 */
export async function step(title, expectation, work) {
  const begun = Date.now();
  const seconds = () => `${((Date.now() - begun) / 1000).toFixed(1)} s`;
  if (!out.isTTY) {
    out.write(`${title} (${expectation}) …\n`);
    const result = await work(() => undefined);
    out.write(`${title}: done in ${seconds()}\n`);
    return result;
  }
  let detail = '';
  let frame = 0;
  const draw = () => {
    const line = `${FRAMES[frame++ % FRAMES.length]} ${title} ${seconds()} (${expectation}) ${detail}`;
    out.write(`\r\u001b[2K${line.slice(0, (out.columns ?? 80) - 1)}`);
  };
  const timer = setInterval(draw, 100);
  draw();
  try {
    const result = await work((line) => {
      // eslint-disable-next-line no-control-regex -- colours of the tool would bleed into our line
      detail = line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim();
    });
    out.write(`\r\u001b[2K✓ ${title} ${seconds()}\n`);
    return result;
  } catch (error) {
    out.write(`\r\u001b[2K✗ ${title} ${seconds()}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

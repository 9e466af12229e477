const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const DRAW_MS = 100;
const out = process.stderr;
/** Steps under way; they may run side by side. */
const active = new Set();
let timer;
let frame = 0;

/**
 * Runs one long step of set-up and shows it: on a terminal a line that moves, with the seconds and what it is at; one
 * plain line at its start and its end elsewhere. `work` gets a function that says what it is at.
 */
export async function step(title, expectation, work) {
  const current = { title, expectation, begun: Date.now(), detail: '' };
  begin(current);
  try {
    const result = await work((line) => {
      // eslint-disable-next-line no-control-regex -- colours of the tool would bleed into our line
      current.detail = line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim();
    });
    end(current, '✓', 'done in');
    return result;
  } catch (error) {
    end(current, '✗', 'failed after');
    throw error;
  }
}

function begin(current) {
  active.add(current);
  if (!out.isTTY) {
    out.write(`${current.title} (${current.expectation}) …\n`);
    return;
  }
  timer ??= setInterval(draw, DRAW_MS);
  draw();
}

function end(current, mark, outcome) {
  active.delete(current);
  if (!out.isTTY) {
    out.write(`${current.title}: ${outcome} ${seconds(current)}\n`);
    return;
  }
  out.write(`\r\u001b[2K${mark} ${current.title} ${seconds(current)}\n`);
  if (active.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** One line, however many steps: a terminal's line is the only thing that can be taken back everywhere. */
function draw() {
  const [first] = active;
  const shown =
    active.size === 1
      ? `${first.title} ${seconds(first)} (${first.expectation}) ${first.detail}`
      : [...active].map((each) => `${each.title} ${seconds(each)}`).join(' · ');
  frame = (frame + 1) % FRAMES.length;
  out.write(`\r\u001b[2K${`${FRAMES[frame]} ${shown}`.slice(0, (out.columns ?? 80) - 1)}`);
}

const seconds = ({ begun }) => `${((Date.now() - begun) / 1000).toFixed(1)} s`;

import type { Command } from 'commander';
import type { RatchetClient } from '../../client';
import { isRatchetError, RatchetError } from '../../core/errors';
import type { Route } from '../../core/ports';
import { formatView, servesOf } from '../format';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withConnection } from '../options';
import { withStores } from '../stores';

interface StatusFlags extends CommonFlags {
  readonly watch?: boolean;
}

export function registerStatus(program: Command, io: CliIo): void {
  withConnection(program.command('status'))
    .description('show a model and its rollout, or without a name list the models')
    .argument('[model]', 'name of the model')
    .option('--watch', 'print it again whenever it changes, until Ctrl-C; with --json one document a line')
    .addHelpText('after', examples('ratchet status', 'ratchet status churn', 'ratchet status churn --watch --json'))
    .action(async (model: string | undefined, flags: StatusFlags) => {
      const client = await io.connect(flags);
      try {
        if (model === undefined) await list(client, io, flags);
        else if (flags.watch === true) await watch(client, io, model, flags);
        else {
          const view = await client.status(model);
          const route = await routeOf(io, model);
          const data = route === undefined || isRatchetError(route) ? view : { ...view, route };
          answer(io, flags, data, formatView(view, servesText(route)));
        }
      } finally {
        await client.close();
      }
    });
}

async function list(client: RatchetClient, io: CliIo, flags: StatusFlags): Promise<void> {
  const models = await client.listModels();
  answer(
    io,
    flags,
    { models },
    models.length === 0 ? 'no model is registered (see: ratchet apply --help)' : models.join('\n'),
  );
}

async function watch(client: RatchetClient, io: CliIo, model: string, flags: StatusFlags): Promise<void> {
  await client.watch(
    model,
    (view) => {
      if (flags.json === true) return io.out(`${JSON.stringify(view)}\n`);
      // Home and clear below redraws in place; elsewhere each change is a new block.
      io.out(io.terminal ? `\u001b[H\u001b[J${formatView(view)}\n` : `${formatView(view)}\n\n`);
    },
    { signal: io.interruption() },
  );
}

/** Which version serves is known to PostgreSQL alone; undefined: none is named. Its absence must not hide the status. */
async function routeOf(io: CliIo, model: string): Promise<Route | null | RatchetError | undefined> {
  if ((io.env['DATABASE_URL'] ?? '') === '') return undefined;
  try {
    return await withStores(io.env, async ({ routes }) => await routes().getRoute(model));
  } catch (error) {
    return isRatchetError(error) ? error : new RatchetError('RATCHET_INTERNAL', String(error), { cause: error });
  }
}

function servesText(route: Route | null | RatchetError | undefined): string | null {
  if (route === undefined) return null;
  return isRatchetError(route) ? `unknown: ${route.message}` : servesOf(route);
}

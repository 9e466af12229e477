/** A webpack plugin: the bundle of a user's workflows and ours fails while it is built when both export the same name. */
import type { BundleOptions } from '@temporalio/worker';
import { RatchetError } from '../core/errors';

type WebpackConfiguration = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];
type WebpackPlugin = NonNullable<WebpackConfiguration['plugins']>[number];

/** The little of webpack's compiler that is needed; webpack itself is the bundler's dependency, not ours. */
interface Module {
  readonly resource?: string;
}
interface Compilation {
  readonly moduleGraph: { getProvidedExports(module: Module): readonly string[] | true | null };
  readonly hooks: {
    readonly finishModules: {
      tap(options: { readonly name: string; readonly stage: number }, check: (modules: Iterable<Module>) => void): void;
    };
  };
}
interface Compiler {
  readonly hooks: { readonly compilation: { tap(name: string, hook: (compilation: Compilation) => void): void } };
}

const NAME = 'temporal-ratchet.refuseNameClash';

export function refuseNameClash(ours: string, theirs: string): WebpackPlugin {
  const plugin = {
    apply: (compiler: Compiler): void =>
      compiler.hooks.compilation.tap(NAME, (compilation) =>
        // After webpack has found out what each module exports.
        compilation.hooks.finishModules.tap({ name: NAME, stage: 100 }, (modules) => {
          const exportsOf = (file: string): readonly string[] => {
            const module = [...modules].find((m) => m.resource === file);
            const names = module === undefined ? null : compilation.moduleGraph.getProvidedExports(module);
            // Unknown until it runs (some CommonJS): merged-workflows.ts looks again then.
            return names === null || names === true ? [] : names;
          };
          const taken = new Set(exportsOf(ours));
          const clash = exportsOf(theirs).filter((name) => taken.has(name) && !name.startsWith('__'));
          if (clash.length > 0) {
            throw new RatchetError(
              'RATCHET_WORKFLOW_NAME_CLASH',
              `your workflows and temporal-ratchet both export ${clash.join(', ')}: rename yours.`,
              { details: { clash } },
            );
          }
        }),
      ),
  };
  return plugin as unknown as WebpackPlugin;
}

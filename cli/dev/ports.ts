/** Which ports `ratchet dev` uses: those asked for, else those of last time, else free ones. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEmbedded } from '../lazy';

export const PORT_NAMES = ['temporal', 'temporalUi', 'temporalHttp', 'mlflow', 'postgres', 'gateway'] as const;
export type PortName = (typeof PORT_NAMES)[number];
export type Ports = Readonly<Record<PortName, number>>;

const fileOf = (dataDir: string): string => join(dataDir, 'ports.json');

/**
 * The same ports again, so that addresses which were copied somewhere still hold. `moved` names those of last time that
 * another program has taken.
 * @throws RATCHET_SETUP when a port that was asked for is taken.
 */
export async function choosePorts(
  dataDir: string,
  asked: Partial<Ports>,
): Promise<{ readonly ports: Ports; readonly moved: readonly PortName[] }> {
  const { choosePort, freePorts, isPortFree } = loadEmbedded();
  const last = remembered(dataDir);
  const free = await freePorts(PORT_NAMES.length);
  const moved: PortName[] = [];
  const chosen: [PortName, number][] = [];
  for (const [i, name] of PORT_NAMES.entries()) {
    const wanted = asked[name];
    const before = last[name];
    if (wanted !== undefined) chosen.push([name, await choosePort(wanted, name)]);
    else if (before !== undefined && (await isPortFree(before))) chosen.push([name, before]);
    else {
      if (before !== undefined) moved.push(name);
      chosen.push([name, await choosePort(free[i], name)]);
    }
  }
  return { ports: Object.fromEntries(chosen) as Ports, moved };
}

export function rememberPorts(dataDir: string, ports: Ports): void {
  writeFileSync(`${fileOf(dataDir)}.new`, `${JSON.stringify(ports, null, 2)}\n`);
  renameSync(`${fileOf(dataDir)}.new`, fileOf(dataDir));
}

function remembered(dataDir: string): Partial<Ports> {
  try {
    const read = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Record<string, unknown>;
    return Object.fromEntries(PORT_NAMES.flatMap((name) => (isPort(read[name]) ? [[name, read[name]]] : [])));
  } catch {
    return {}; // none yet, or not ours: free ones then
  }
}

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535;

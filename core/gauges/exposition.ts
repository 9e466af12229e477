/** Prometheus' text format 0.0.4, as far as gauges need it. Reference: prometheus.io/docs/instrumenting/exposition_formats. */
export type Labels = Readonly<Record<string, string>>;

export interface GaugeFamily {
  /** `[a-zA-Z_:][a-zA-Z0-9_:]*`. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly GaugeSample[];
}

export interface GaugeSample {
  readonly labels: Labels;
  readonly value: number;
}

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** `{a="1",b="2"}`, or nothing without labels. Values may hold anything; names are the code's own. */
export function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

/** One line a finite sample: what is not known has no line, rather than a NaN that alerts compare with. */
export const sampleLines = ({ name, samples }: Pick<GaugeFamily, 'name' | 'samples'>): readonly string[] =>
  samples
    .filter(({ value }) => Number.isFinite(value))
    .map(({ labels, value }) => `${name}${labelText(labels)} ${String(value)}`);

/** The whole text; families without a sample are left out. */
export function exposition(families: readonly GaugeFamily[]): string {
  return families
    .map((family) => ({ family, lines: sampleLines(family) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ family: { name, help }, lines }) => {
      const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      return `${[`# HELP ${name} ${text}`, `# TYPE ${name} gauge`, ...lines].join('\n')}\n`;
    })
    .join('');
}

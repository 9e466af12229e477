/**
 * Colours of the plots. ECharts writes colours into the SVG as they are, so the charts are drawn in stand-ins that occur
 * nowhere else, and these become CSS variables (in the page, where light and dark differ) or fixed colours (in a file).
 */
export const COLOURS = {
  ink: { standIn: '#010203', light: '#1f2733', dark: '#e6eaf0' },
  muted: { standIn: '#010204', light: '#5b6675', dark: '#9aa6b5' },
  grid: { standIn: '#010205', light: '#e3e7ed', dark: '#2c3441' },
  candidate: { standIn: '#010206', light: '#1f6fd0', dark: '#6aa9ff' },
  champion: { standIn: '#010207', light: '#b35c00', dark: '#f0a24e' },
  good: { standIn: '#010208', light: '#1a7f42', dark: '#5cc686' },
  bad: { standIn: '#010209', light: '#c0262d', dark: '#ff7b7f' },
  paper: { standIn: '#01020a', light: '#ffffff', dark: '#151a21' },
} as const;

export type ColourName = keyof typeof COLOURS;

/** What a chart is drawn with. */
export const ink = (name: ColourName): string => COLOURS[name].standIn;

const ENTRIES = Object.entries(COLOURS);

export const toVariables = (svg: string): string =>
  ENTRIES.reduce((text, [name, { standIn }]) => text.replaceAll(standIn, `var(--${name})`), svg);

export const toLight = (svg: string): string =>
  ENTRIES.reduce((text, [, { standIn, light }]) => text.replaceAll(standIn, light), svg);

const block = (which: 'light' | 'dark'): string =>
  ENTRIES.map(([name, colour]) => `--${name}:${colour[which]}`).join(';');

export const PALETTE_CSS = `:root{color-scheme:light dark;${block('light')}}
@media (prefers-color-scheme:dark){:root{${block('dark')}}}`;

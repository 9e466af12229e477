import type { EChartsOption } from 'echarts';
import { requirePeer } from '../require-peer';
import { ink, toLight, toVariables } from './palette';

/** One chart: how it is drawn at a width in pixels. `title` is read out and stands in the caption. */
export interface Chart {
  /** File-name-safe and unique in a page. */
  readonly name: string;
  readonly title: string;
  /** What the reader should see in it, one sentence. */
  readonly note: string;
  readonly height: number;
  /** Two of these stand side by side on a wide screen. */
  readonly half?: boolean;
  readonly option: (width: number) => EChartsOption;
}

type Echarts = typeof import('echarts');

/** SVG for an HTML page, colours as CSS variables. @throws RATCHET_PEER_MISSING */
export const pageSvg = (chart: Chart, width: number): string =>
  toVariables(draw(chart, width, `${chart.name}-${width}`));

/** SVG that stands alone, light, with its title. @throws RATCHET_PEER_MISSING */
export function fileSvg(chart: Chart): string {
  const titled: Chart = {
    ...chart,
    height: chart.height + 36,
    option: (width) => ({
      ...chart.option(width),
      backgroundColor: ink('paper'),
      title: { text: chart.title, left: 12, top: 8, textStyle: { fontSize: 14, color: ink('ink') } },
    }),
  };
  return toLight(draw(titled, 720, chart.name));
}

function draw(chart: Chart, width: number, id: string): string {
  const echarts = requirePeer<Echarts>('echarts', 'the HTML report');
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height: chart.height });
  try {
    instance.setOption({ animation: false, useUTC: true, ...chart.option(width) });
    return plain(instance.renderToSVGString(), id);
  } finally {
    instance.dispose();
  }
}

/**
 * Drops what only serves hovering (styles, classes, ECharts' own attributes) and names ids after the chart: ECharts numbers
 * them by process, and the same report must be the same bytes. Quotes inside texts are escaped, so attributes are told apart.
 */
const plain = (svg: string, id: string): string =>
  svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`);

/**
 * The same picture in about half the bytes: coordinates to 0.1 pixel, what only serves a pointer dropped, the font from the page.
 * Touches attributes only: quotes inside texts are escaped, so nothing in a text looks like one.
 */
export const compactSvg = (svg: string): string =>
  svg
    .replace(/ (?:d|transform)="[^"]*"/g, (attribute) => attribute.replace(/(\.\d)\d+/g, '$1'))
    .replace(/ style="font-size:(\d+)px;font-family:[^"]*"/g, ' font-size="$1"')
    .replace(/<path [^>]*fill="none" pointer-events="visible"><\/path>\n?/g, '')
    .replace(/<path [^>]*fill-opacity="0"[^>]*><\/path>\n?/g, '')
    .replace(/ (?:pointer-events="visible"|stroke-linecap="[a-z]+"|stroke-miterlimit="10")/g, '')
    .replace(/ (?:xmlns(?::xlink)?|version|baseProfile)="[^"]*"/g, '')
    .replace(/"><\/(?:path|rect)>/g, '"/>');

const FONT = 'system-ui, sans-serif';

/** Text style that every label shares. */
export const textStyle = { color: ink('muted'), fontFamily: FONT, fontSize: 12 };

export const axisStyle = {
  axisLine: { show: true, lineStyle: { color: ink('grid') } },
  axisTick: { show: false },
  axisLabel: { ...textStyle, hideOverlap: true },
  splitLine: { show: true, lineStyle: { color: ink('grid') } },
  nameTextStyle: textStyle,
} as const;

export const legend = { top: 0, left: 0, itemWidth: 18, itemHeight: 8, textStyle: { ...textStyle, color: ink('ink') } };

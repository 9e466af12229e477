import type { DriftReportData } from '../../core/drift/report-data';
import type { ReportRenderer, RetrainReportData, RolloutReportData } from '../../core/ports';
import { fileSvg } from './chart-svg';
import { driftPage } from './drift-page';
import { retrainCharts } from './retrain-charts';
import { driftOf, retrainPage } from './retrain-page';
import { rolloutPage } from './rollout-page';

/**
 * Reports as single HTML files, plots drawn by ECharts on the server as SVG: verdict and reasons first, then numbers, then
 * plots; light and dark; no script. The same data gives the same bytes. Every method rejects with RATCHET_PEER_MISSING when
 * `echarts` is not installed and there is something to draw.
 */
export class EchartsReportRenderer implements ReportRenderer {
  async renderRetrain(data: RetrainReportData): Promise<string> {
    return retrainPage(data);
  }

  async renderRollout(data: RolloutReportData): Promise<string> {
    return rolloutPage(data);
  }

  async renderDrift(data: DriftReportData): Promise<string> {
    return driftPage(data);
  }

  /** `feature-importance.svg`, `drift.svg`, `roc.svg`, `calibration.svg` or `residuals.svg`, `trials.svg`: those the data allows. */
  async renderPlots(data: RetrainReportData): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(retrainCharts(data, driftOf(data)).map((chart) => [`${chart.name}.svg`, fileSvg(chart)]));
  }
}

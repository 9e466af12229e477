/** HTML reports and SVG plots; needs the optional peer `echarts`. */
export { EchartsReportRenderer } from './echarts-report-renderer';

/** The presets by name. */
import type { PresetName, PresetSections } from '../schema';
import { articlePreset } from './article';
import { defaultPreset } from './default';
import { demoPreset } from './demo';
import { evidentlyPreset } from './evidently';
import { highStakesPreset } from './high-stakes';
import { lowRiskPreset } from './low-risk';

export const PRESETS: Readonly<Record<PresetName, PresetSections>> = {
  default: defaultPreset,
  article: articlePreset,
  'high-stakes': highStakesPreset,
  'low-risk': lowRiskPreset,
  demo: demoPreset,
  evidently: evidentlyPreset,
};

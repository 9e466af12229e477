/** Finds NVIDIA cards and leases them to activities, one slot a card. Needs `nvidia-smi` on PATH, no package. */
export { discoverGpus, type DiscoverGpusOptions, type GpuCard } from './discover-gpus';
export { GpuSlots } from './gpu-slots';

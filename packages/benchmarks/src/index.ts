export type { Benchmark, BenchmarkContext, BenchmarkReport, Measurement } from './benchmark.js';
export { describeMachine, type Machine, peakRssMiB } from './machine.js';
export { findTorch, PeerMissingError, type TorchPeer } from './peer.js';
export { benchmarks } from './registry.js';

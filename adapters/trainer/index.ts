/** Runs trainers as child processes: any command that keeps the contract, or the built-in Python trainer. */
export { ProcessTrainer, type ProcessTrainerOptions } from './process-trainer';

/** Something is missing or broken that set-up cannot repair. The message says what, and what to do. */
export class SetupError extends Error {}

/** A user's workflow that has the name of one of ours. */
export async function canary(): Promise<string> {
  return Promise.resolve('a bird');
}

import { StringDecoder } from 'node:string_decoder';

/** Longest line that is kept. A trainer that prints without newlines must not fill our memory. */
const MAX_LINE = 1 << 20;

/** Cuts a byte stream into lines. A line longer than 1 MiB is dropped whole. */
export class LineBuffer {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  private dropping = false;

  constructor(private readonly onLine: (line: string) => void) {}

  push(chunk: Buffer): void {
    const parts = (this.rest + this.decoder.write(chunk)).split('\n');
    this.rest = parts.pop() ?? '';
    for (const line of parts) {
      if (!this.dropping) this.onLine(line);
      this.dropping = false;
    }
    if (this.rest.length > MAX_LINE) {
      this.rest = '';
      this.dropping = true;
    }
  }

  /** The last line may lack its newline. */
  end(): void {
    this.rest += this.decoder.end();
    if (this.rest !== '' && !this.dropping) this.onLine(this.rest);
    this.rest = '';
  }
}

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A TCP relay before a server that tests share: cutting it looks like the server's death, and hurts nobody else. */
export class Relay {
  private readonly open = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  private constructor(private readonly target: URL) {}

  static async start(url: string): Promise<Relay> {
    const relay = new Relay(new URL(url));
    await relay.mend();
    return relay;
  }

  get url(): string {
    return `${this.target.protocol}//127.0.0.1:${this.port}`;
  }

  /** Connections end, and new ones are refused. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.open) socket.destroy();
    await closed;
  }

  /** Listens (again) on the same port. */
  async mend(): Promise<void> {
    const server = createServer((from) => this.join(from));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private join(from: Socket): void {
    const to = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.open.delete(socket);
        other.destroy();
      });
    }
    from.pipe(to);
    to.pipe(from);
  }
}

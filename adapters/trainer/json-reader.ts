/** Reads a JSON value field by field; every failure names the path of the field, what was seen and what was expected. */
export class Reader {
  constructor(
    private readonly value: unknown,
    private readonly path: string,
  ) {}

  get isNull(): boolean {
    return this.value === null;
  }

  field(name: string): Reader {
    return new Reader(Object.hasOwn(this.object(), name) ? this.object()[name] : undefined, `${this.path}.${name}`);
  }

  /** Null when the field is absent or null. */
  optional(name: string): Reader | null {
    const found = this.field(name);
    return found.value === undefined || found.value === null ? null : found;
  }

  string(): string {
    return typeof this.value === 'string' ? this.value : this.refuse('a string');
  }

  finite(): number {
    return typeof this.value === 'number' && Number.isFinite(this.value) ? this.value : this.refuse('a finite number');
  }

  /** A whole number >= 0. */
  index(): number {
    return Number.isInteger(this.value) && (this.value as number) >= 0
      ? (this.value as number)
      : this.refuse('an index');
  }

  scalar(): number | string | boolean {
    const value = this.value;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    return this.finite();
  }

  choice<T extends string>(allowed: readonly T[]): T {
    return allowed.find((a) => a === this.value) ?? this.refuse(`one of ${allowed.join(', ')}`);
  }

  list<T>(read: (item: Reader) => T): readonly T[] {
    if (!Array.isArray(this.value)) return this.refuse('a list');
    return this.value.map((item, i) => read(new Reader(item, `${this.path}[${i}]`)));
  }

  map<T>(read: (item: Reader) => T): Readonly<Record<string, T>> {
    return Object.fromEntries(Object.keys(this.object()).map((name) => [name, read(this.field(name))]));
  }

  private object(): Readonly<Record<string, unknown>> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      return this.refuse('an object');
    return this.value as Readonly<Record<string, unknown>>;
  }

  private refuse(expected: string): never {
    const seen = this.value === undefined ? 'absent' : JSON.stringify(this.value).slice(0, 80);
    throw new Error(`${this.path} is ${seen}, expected ${expected}`);
  }
}

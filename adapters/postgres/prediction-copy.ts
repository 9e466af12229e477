import { RatchetError } from '../../core/errors';
import type { PredictionRecord } from '../../core/ports';

/** The columns in the order in which `encodePredictions` writes them. */
export const COPY_PREDICTIONS = `COPY ratchet.predictions (id, model, version, arm, pair_id, received_at, occurred_at, key,
  numbers, strings, score, label, probabilities, latency_us, error, run, step, weight, generation) FROM STDIN (FORMAT binary)`;

const FIELDS = 19;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const OID_FLOAT4 = 700;
const OID_TEXT = 25;
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;
const INT4_MAX = 2_147_483_647;

/**
 * PostgreSQL's binary COPY format (manual, "COPY", File Formats) of the rows. Never makes a batch that the server would
 * refuse for ever, because the log waits behind it: a NUL in a text becomes U+FFFD, a number that no float32 can hold
 * becomes null. Rejects RATCHET_INPUT_INVALID for an id that is no UUID.
 */
export function encodePredictions(rows: readonly PredictionRecord[]): Buffer {
  const out = new CopyBuffer(64 + rows.length * 384);
  out.bytes(SIGNATURE);
  for (const row of rows) {
    out.int16(FIELDS);
    out.uuid(row.id);
    out.text(row.model);
    out.text(row.version);
    out.text(row.arm);
    out.uuid(row.pairId);
    out.timestamp(row.receivedAt);
    out.timestamp(row.occurredAt);
    out.text(row.key);
    out.float4Array(row.numbers);
    out.textArray(row.strings);
    out.float8(row.score);
    out.text(row.label);
    out.float4Array(row.probabilities);
    out.int4(row.latencyUs);
    out.text(row.error);
    out.text(row.run);
    out.int4(row.step);
    out.int4(row.weight);
    out.int8(row.generation);
  }
  out.int16(-1);
  return out.done();
}

/** A buffer that grows; each method writes one field with its length, -1 for null. */
class CopyBuffer {
  private buffer: Buffer;
  private at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  bytes(bytes: Buffer): void {
    this.ensure(bytes.length);
    this.at += bytes.copy(this.buffer, this.at);
  }

  int16(value: number): void {
    this.ensure(2);
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  uuid(value: string | null): void {
    if (value === null) return this.length(-1);
    const hex = value.replaceAll('-', '');
    if (!/^[0-9a-f]{32}$/i.test(hex)) {
      throw new RatchetError('RATCHET_INPUT_INVALID', `prediction id ${JSON.stringify(value)} is not a UUID`);
    }
    this.length(16);
    this.ensure(16);
    this.at += this.buffer.write(hex, this.at, 'hex');
  }

  text(value: string | null): void {
    if (value === null) return this.length(-1);
    const clean = value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
    // Three bytes hold any UTF-16 unit; the length is filled in afterwards.
    this.ensure(4 + clean.length * 3);
    const written = this.buffer.write(clean, this.at + 4, 'utf8');
    this.buffer.writeInt32BE(written, this.at);
    this.at += 4 + written;
  }

  timestamp(ms: number): void {
    this.length(8);
    this.rawInt8(Math.round((ms - EPOCH_2000_MS) * 1000));
  }

  float8(value: number | null): void {
    if (value === null || !Number.isFinite(value)) return this.length(-1);
    this.length(8);
    this.ensure(8);
    this.at = this.buffer.writeDoubleBE(value, this.at);
  }

  int4(value: number | null): void {
    if (value === null || !Number.isFinite(value)) return this.length(-1);
    this.length(4);
    this.ensure(4);
    this.at = this.buffer.writeInt32BE(Math.max(-INT4_MAX, Math.min(INT4_MAX, Math.round(value))), this.at);
  }

  int8(value: number): void {
    this.length(8);
    this.rawInt8(value);
  }

  float4Array(values: readonly (number | null)[] | null): void {
    if (values === null) return this.length(-1);
    this.array(OID_FLOAT4, values, (value) => {
      const single = value === null ? NaN : Math.fround(value);
      if (!Number.isFinite(single)) return this.length(-1);
      this.length(4);
      this.ensure(4);
      this.at = this.buffer.writeFloatBE(single, this.at);
    });
  }

  textArray(values: readonly (string | null)[]): void {
    this.array(OID_TEXT, values, (value) => this.text(value));
  }

  private array<T>(oid: number, values: readonly T[], write: (value: T) => void): void {
    this.ensure(24);
    const start = this.at;
    this.at += 4;
    const dimensions = values.length === 0 ? 0 : 1;
    for (const part of dimensions === 0 ? [0, 0, oid] : [1, 1, oid, values.length, 1]) {
      this.at = this.buffer.writeInt32BE(part, this.at);
    }
    for (const value of values) write(value);
    this.buffer.writeInt32BE(this.at - start - 4, start);
  }

  private length(length: number): void {
    this.ensure(4);
    this.at = this.buffer.writeInt32BE(length, this.at);
  }

  private rawInt8(value: number): void {
    this.ensure(8);
    this.at = this.buffer.writeBigInt64BE(BigInt(value), this.at);
  }

  private ensure(more: number): void {
    if (this.at + more <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + more));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }
}

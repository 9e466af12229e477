import type { GpuCard } from './discover-gpus';

/**
 * Which activity uses which card: one slot a card. A Temporal activity cannot see the permit of its slot supplier, so the
 * lease is kept here, and a worker offers as many slots as there are cards.
 */
export class GpuSlots {
  private readonly holders = new Map<number, string>();

  constructor(private readonly cards: readonly GpuCard[]) {}

  /** Slots a worker should offer; 0 on a machine without a card. */
  get size(): number {
    return this.cards.length;
  }

  get free(): number {
    return this.cards.length - this.holders.size;
  }

  /**
   * Leases the free card of the lowest index; null when there is none. Asking again with the same holder gives the same
   * card.
   *
   * @param holder who asks, unique among attempts that run at the same time, e.g. `<workflow id>/<activity id>/<attempt>`
   */
  acquire(holder: string): number | null {
    for (const [index, other] of this.holders) if (other === holder) return index;
    const card = this.cards.find((candidate) => !this.holders.has(candidate.index));
    if (card === undefined) return null;
    this.holders.set(card.index, holder);
    return card.index;
  }

  /** Gives the holder's card back; nothing happens when it has none. */
  release(holder: string): void {
    for (const [index, other] of this.holders) if (other === holder) this.holders.delete(index);
  }

  /** Who holds what, for status and logs. */
  leases(): readonly { readonly index: number; readonly holder: string }[] {
    return [...this.holders].map(([index, holder]) => ({ index, holder }));
  }
}

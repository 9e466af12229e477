import type { ActivityPorts } from '../../activities';
import type { ConnectedPorts } from '../../workers';

/** Ports of which only `given` may be touched: anything else fails the test with its name. */
export function stubPorts(given: Partial<ActivityPorts>): ActivityPorts {
  // A worker's courier looks at the inbox by itself: here it is empty.
  const inbox = { modelsWaiting: () => Promise.resolve([]) } as unknown as ActivityPorts['triggers'];
  return new Proxy({ triggers: inbox, ...given } as ActivityPorts, {
    get: (target, name: keyof ActivityPorts) => {
      if (name in target) return target[name];
      return new Proxy(
        {},
        {
          get: (_, method) => {
            throw new Error(`the test did not expect ${String(name)}.${String(method)}`);
          },
        },
      );
    },
  });
}

/** Connected ports that count how often they were opened and closed. */
export function countedPorts(given: Partial<ActivityPorts>, trainingSlots = 1) {
  const counts = { opened: 0, closed: 0 };
  const connect = async (): Promise<ConnectedPorts> => {
    counts.opened += 1;
    return {
      ports: stubPorts(given),
      trainingSlots,
      close: async () => {
        counts.closed += 1;
      },
    };
  };
  return { connect, counts };
}

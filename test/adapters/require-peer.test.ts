import { requirePeer } from '../../adapters/require-peer';

describe('requirePeer', () => {
  it('loads a package that is there', () => {
    expect(typeof requirePeer<typeof import('echarts')>('echarts', 'the HTML report').init).toBe('function');
  });

  it('names the install command when the package is missing: RATCHET_PEER_MISSING', () => {
    let seen: unknown;
    try {
      requirePeer('ratchet-no-such-peer', 'the HTML report');
    } catch (error) {
      seen = error;
    }
    expect(seen).toMatchObject({
      code: 'RATCHET_PEER_MISSING',
      message: 'the HTML report needs the package ratchet-no-such-peer, which is not installed',
      hint: 'Run: npm install ratchet-no-such-peer',
    });
  });
});

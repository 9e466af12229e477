import { missingPeer } from '../../core/missing-peer';

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

it.each([
  failure('MODULE_NOT_FOUND', "Cannot find module 'hyparquet'\nRequire stack: …"),
  failure('ERR_MODULE_NOT_FOUND', "Cannot find package 'hyparquet' imported from …"),
])('an absent package becomes RATCHET_PEER_MISSING with all that has to be installed: %s', (cause) => {
  expect(missingPeer(cause, 'hyparquet', 'Snapshots', 'hyparquet hyparquet-writer')).toMatchObject({
    code: 'RATCHET_PEER_MISSING',
    message: 'Snapshots needs the package hyparquet, which is not installed',
    hint: 'Run: npm install hyparquet hyparquet-writer',
    cause,
  });
});

it.each([failure('MODULE_NOT_FOUND', "Cannot find module 'left-pad'"), new Error('cannot load libonnx.so'), undefined])(
  'a package that is there but broken keeps its own failure: %s',
  (cause) => {
    expect(missingPeer(cause, 'hyparquet', 'Snapshots')).toBe(cause);
  },
);

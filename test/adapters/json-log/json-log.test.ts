import { createJsonLogger } from '../../../adapters/json-log';
import { parseLogLevel } from '../../../core/log-level';

describe('createJsonLogger', () => {
  it('at level warn writes 2 of 4 messages, each one JSON line with its fields', () => {
    const lines: string[] = [];
    const logger = createJsonLogger('warn', (line) => lines.push(line));
    logger.debug('one');
    logger.info('two');
    logger.warn('three', { model: 'delays' });
    logger.error('four');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { time: expect.stringMatching(/^\d{4}-.*Z$/), level: 'warn', message: 'three', model: 'delays' },
      { time: expect.stringMatching(/^\d{4}-.*Z$/), level: 'error', message: 'four' },
    ]);
  });
});

describe('parseLogLevel', () => {
  it('takes the 4 levels, and info when nothing is set', () => {
    expect(['debug', 'info', 'warn', 'error'].map(parseLogLevel)).toEqual(['debug', 'info', 'warn', 'error']);
    expect([parseLogLevel(undefined), parseLogLevel('')]).toEqual(['info', 'info']);
  });

  it('refuses "loud" by RATCHET_INPUT_INVALID, naming the levels', () => {
    expect(() => parseLogLevel('loud')).toThrow(
      expect.objectContaining({
        code: 'RATCHET_INPUT_INVALID',
        message: 'RATCHET_LOG_LEVEL is "loud", expected one of debug, info, warn, error.',
      }),
    );
  });
});

/* global jest */
/** Two shared cores: a test that hangs must end, one that is merely starved must not. Longer limits are set where they are needed. */
jest.setTimeout(60_000);

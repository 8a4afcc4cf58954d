/**
 * Loaded before a node (`--import`) by `synod check --nemesis clock`: its monotonic clock runs SYNOD_CLOCK_RATE times as fast
 * as time does, and its calendar is SYNOD_CLOCK_HOURS off. Timers stay as they are: they belong to the system.
 */
const rate = Number(process.env.SYNOD_CLOCK_RATE ?? 1);
const offset = Number(process.env.SYNOD_CLOCK_HOURS ?? 0) * 3_600_000;

const monotonic = performance.now.bind(performance);
const calendar = Date.now;
const since = { monotonic: monotonic(), calendar: calendar() };

performance.now = () => since.monotonic + (monotonic() - since.monotonic) * rate;
Date.now = () => Math.floor(since.calendar + (calendar() - since.calendar) * rate + offset);

// Without an export this would be a script of everybody's names.
export {};

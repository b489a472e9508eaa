/**
 * The firmware without waiting: every random number is 0, so that a delay with full jitter is 0 and
 * a thousand reconnects take minutes. The numbers are not otherwise looked at.
 */

globalThis.Math = Object.create(Math, { random: { value: () => 0 } });

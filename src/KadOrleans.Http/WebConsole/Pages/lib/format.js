// Numbers and times as people read them.

const numbers = new Intl.NumberFormat('en');
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export const number = value => numbers.format(value);

/** With at most two decimals: 123, 12.3, 1.23. */
export function rate(value) {
  return value >= 100 ? number(Math.round(value)) : value >= 10 ? value.toFixed(1) : value === 0 ? '0' : value.toFixed(2);
}

export function bytes(value) {
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

export const milliseconds = value =>
  value === null || value === undefined ? '–' : value >= 10000 ? `${(value / 1000).toFixed(1)} s` : value >= 100 ? `${Math.round(value)} ms`
    : value >= 1 ? `${value.toFixed(1)} ms` : value >= 0.01 ? `${value.toFixed(2)} ms` : '< 0.01 ms';

/** A time of this browser's zone, with the exact one on hover. */
export function time(text) {
  const element = document.createElement('time');
  if (!text) {
    element.textContent = '–';
    return element;
  }
  const date = new Date(text);
  element.dateTime = date.toISOString();
  element.title = date.toISOString();
  element.textContent = date.toLocaleString('sv');
  return element;
}

/** How long something lasts: 80 s, 5 min, 3 h, 4 days. */
export const duration = seconds => (seconds < 90 ? `${Math.round(seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min`
  : seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`);

/** in 3 h, 5 min ago. */
export function relative(text, now = Date.now()) {
  const seconds = (new Date(text).getTime() - now) / 1000;
  return seconds >= 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
}

/** 5 min ago, of what is over: this browser's clock may be behind. */
export const ago = (text, now = Date.now()) => `${duration(Math.max(0, (now - new Date(text).getTime()) / 1000))} ago`;

export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;

/** Of what the figures of a usage are, where some shards did not respond; else null. */
export const counted = usage => (usage.missing.length > 0 ? 'of the shards that respond' : null);

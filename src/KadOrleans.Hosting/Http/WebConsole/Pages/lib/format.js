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
  value === null || value === undefined ? '–' : value >= 10000 ? `${(value / 1000).toFixed(1)} s` : value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;

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

/** in 3 h, 5 min ago. */
export function relative(text, now = Date.now()) {
  const seconds = (new Date(text).getTime() - now) / 1000;
  const length = Math.abs(seconds);
  const words = length < 90 ? `${Math.round(length)} s` : length < 5400 ? `${Math.round(length / 60)} min`
    : length < 172800 ? `${Math.round(length / 3600)} h` : `${Math.round(length / 86400)} days`;
  return seconds >= 0 ? `in ${words}` : `${words} ago`;
}

export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;

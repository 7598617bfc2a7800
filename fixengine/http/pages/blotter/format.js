// Values as they are shown.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 8 });
const prices = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en", { day: "2-digit", month: "short" });

const known = (format) => (value) => (value === undefined ? "–" : format(value));

// Orders by FIX have no number at execution-service: theirs are below zero.
export const order = (number) => (number < 0 ? "FIX" : String(number));
export const count = known((value) => whole.format(value));
export const rate = known((value) => (value < 10 ? value.toFixed(1) : whole.format(value)));
export const quantity = known((value) => exact.format(value));
export const price = known((value) => prices.format(value));
export const percent = known((value) => `${Math.floor(value * 1000) / 10} %`);

// Seconds since 1970; the day is shown unless it is today.
export const moment = known((seconds) => {
  const date = new Date(seconds * 1000);
  const time = clock.format(date);
  return date.toDateString() === new Date().toDateString() ? time : `${day.format(date)} ${time}`;
});

// What the page hands to the calendar: its place, with the words on it, and the data island.

export const host = document.getElementById('calendar');
export const words = host.dataset;
export const day = JSON.parse(document.getElementById('calendar-data').textContent);
export const lang = document.documentElement.lang;

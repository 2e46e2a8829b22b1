// Every page: htmx, the styles, and the small behaviours, each in a file of its own.
import '../styles/app.css';
import './htmx.js';
import './busy.js';
import './menu.js';
import './combobox.js';
import './dialog.js';
import './drawer.js';
import './card-keys.js';
import './keys.js';
import './results.js';
import './keys-help.js';
import './effect.js';
import './copy.js';
import './messages.js';
import './live.js';
import './lock.js';
import './print.js';
import { showNamed } from './shown.js';

showNamed(document.body);

// One sprite of the icons that are really used, drawn by Lucide or by us (icons/).
//
// An icon counts as used where a template, a Python or a script file names it after the word "icon": {% icon "x" %},
// icon="x", "icon": "x", icon('x'); there an unknown name stops the build. In a Python file that declares `icon: str`,
// every quoted name of an icon counts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folders = [join(here, 'icons'), join(here, 'node_modules/lucide-static/icons')];

const sources = [join(here, 'src'), join(here, '../kept')];
const named = /(?<![.\w]|\bicon )icon["']?\s*[=:(]?\s*["']([a-z][a-z0-9-]*)["']/g;
const quoted = /["']([a-z][a-z0-9-]*)["']/g;

const filesIn = (folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, path));
const isRead = (path) => /\.(html|py|js)$/.test(path) && !path.includes('/static/');
const drawing = (name) => folders.map((folder) => join(folder, `${name}.svg`)).find(existsSync);

function symbol(name, file) {
  const inner = readFileSync(file, 'utf8').replace(/<!--.*?-->/gs, '').match(/<svg[^>]*>(.*)<\/svg>/s)[1];
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s+/g, ' ').trim()}</symbol>`;
}

export default function icons() {
  return {
    name: 'kept-icons',
    buildStart() {
      const used = new Set();
      for (const file of sources.flatMap(filesIn).filter(isRead)) {
        this.addWatchFile(file);
        const text = readFileSync(file, 'utf8');
        for (const [, name] of text.matchAll(named)) {
          if (!drawing(name)) this.error(`${file} names the icon "${name}", which nobody drew`);
          used.add(name);
        }
        if (/\bicon: str\b/.test(text)) {
          for (const [, name] of text.matchAll(quoted)) if (drawing(name)) used.add(name);
        }
      }
      const symbols = [...used].sort().map((name) => symbol(name, drawing(name)));
      const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
      const emit = (name, source) => this.emitFile({ type: 'asset', name, originalFileName: name, source });
      emit('icons.svg', sprite);
      emit('favicon.svg', readFileSync(join(here, 'icons/favicon.svg'), 'utf8'));
    },
  };
}

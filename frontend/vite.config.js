// Builds the two entries into Django's static files, where django-vite finds them by the manifest.
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

import compressed from './compressed.js';
import icons from './icons.js';

export default defineConfig({
  base: './', // relative, so that the files work under any STATIC_URL
  plugins: [tailwindcss(), icons(), compressed()],
  build: {
    outDir: '../kept/foundation/static/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content security policy allows no data: fonts
    rolldownOptions: {
      input: ['src/app.js', 'src/calendar.js'],
      checks: { eval: false }, // htmx has one; its setting and the policy keep it off
    },
  },
});

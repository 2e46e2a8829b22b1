// Beside each text file that is built lie its .br and .gz, which the server sends to browsers that take them.
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

const ways = { br: promisify(brotliCompress), gz: promisify(gzip) };

export default function compressed() {
  return {
    name: 'kept-compressed',
    async generateBundle(_options, bundle) {
      const texts = Object.values(bundle).filter(({ fileName }) => /\.(css|js|svg)$/.test(fileName));
      for (const { fileName, code, source } of texts) {
        for (const [ending, compress] of Object.entries(ways)) {
          this.emitFile({ type: 'asset', fileName: `${fileName}.${ending}`, source: await compress(code ?? source) });
        }
      }
    },
  };
}

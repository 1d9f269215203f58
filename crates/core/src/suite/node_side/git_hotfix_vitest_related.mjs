// Prints the test files that depend on sources, as a JSON list: vitest can run them, but has no command that lists them.
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [folder, ...sources] = process.argv.slice(2);
const { createVitest } = await import(pathToFileURL(path.join(folder, 'dist', 'node.js')).href);
const settings = { run: true, watch: false, related: sources, passWithNoTests: true, coverage: { enabled: false } };
const vitest = await createVitest('test', settings);
try {
  const all = vitest.getRelevantTestSpecifications
    ? await vitest.getRelevantTestSpecifications()
    : await vitest.filterTestsBySource(await vitest.globTestFiles());
  const files = all.map((one) => one.moduleId || (Array.isArray(one) ? one[1] : one));
  process.stdout.write('\n' + JSON.stringify([...new Set(files)]) + '\n');
} finally {
  await vitest.close();
}

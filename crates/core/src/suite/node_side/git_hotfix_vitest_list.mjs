// Prints the test files that vitest would run, or those of them that depend on sources, as a JSON list: also tests in
// files of source, which no pattern of names tells.
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [folder, given, ...own] = process.argv.slice(2);
const sources = JSON.parse(given);
const node = await import(pathToFileURL(path.join(folder, 'dist', 'node.js')).href);
const parsed = node.parseCLI ? node.parseCLI(['vitest', 'run', ...own], { allowUnknownOptions: true }) : { filter: [], options: {} };
// As its own command line: what is left out there is left out besides what the settings leave out.
if (parsed.options.exclude) parsed.options.cliExclude = [].concat(parsed.options.exclude);
delete parsed.options.exclude;
const related = sources.length > 0 ? { related: sources } : {};
const ours = { run: true, watch: false, passWithNoTests: true, coverage: { enabled: false }, reporters: [] };
const vitest = await node.createVitest('test', { ...parsed.options, ...ours, ...related });
try {
  const filters = sources.length > 0 ? [] : parsed.filter;
  const all = await specifications(vitest, filters);
  const files = all.map((one) => one.moduleId || (Array.isArray(one) ? one[1] : one));
  process.stdout.write('\n' + JSON.stringify([...new Set(files)]) + '\n');
} finally {
  await vitest.close();
}

async function specifications(vitest, filters) {
  if (vitest.getRelevantTestSpecifications) return vitest.getRelevantTestSpecifications(filters);
  const all = await vitest.globTestFiles(filters);
  return sources.length > 0 ? vitest.filterTestsBySource(all) : all;
}

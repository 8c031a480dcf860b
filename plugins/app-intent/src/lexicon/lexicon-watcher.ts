import { existsSync, type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LEXICON_FOLDER, listLexiconFiles } from './lexicon-files.js';

/** Editors write files in several steps; wait until they are quiet. */
const QUIET_MS = 200;

/** Follows the word lists of a model folder. */
export class LexiconWatcher {
  /** Size and time of each file when it was last handed out. */
  private readonly seen = new Map<string, string>();
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly folder: string) {}

  /** Lists that are new or differ from when this was last asked, with their files; at first all of them. */
  async changes(): Promise<(readonly [name: string, file: string])[]> {
    const changed: (readonly [string, string])[] = [];
    for (const [name, file] of await listLexiconFiles(this.folder)) {
      const state = await stat(file).catch(() => undefined);
      if (state === undefined) continue; // gone between the listing and here
      const fingerprint = `${file} ${state.size} ${state.mtimeMs} ${state.ino}`;
      if (this.seen.get(name) === fingerprint) continue;
      this.seen.set(name, fingerprint);
      changed.push([name, file]);
    }
    return changed;
  }

  /**
   * Calls `onChange` when files may have changed and none has for a moment. A folder without lists when the model is
   * opened is not watched; one that disappears later is reported once.
   */
  start({ onChange, onError }: { readonly onChange: () => void; readonly onError: (error: Error) => void }): void {
    const root = join(this.folder, LEXICON_FOLDER);
    if (!existsSync(root)) return;
    try {
      this.watcher = watch(root, { persistent: false }, () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(onChange, QUIET_MS).unref();
      });
      this.watcher.on('error', onError);
    } catch (error) {
      onError(error as Error); // some file systems cannot be watched, and watches may run out: serve all the same
    }
  }

  close(): void {
    clearTimeout(this.timer);
    this.watcher?.close();
  }
}

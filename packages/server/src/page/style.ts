/** Plain enough to read, in light and dark. */
export const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --accent: #2f7d6b; }
* { box-sizing: border-box; }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem; font: 16px/1.5 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 1rem; }
header p { flex: 1; margin: 0; opacity: .7; }
h1 { margin: 0; color: var(--accent); }
section { margin: 1.5rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; }
h2 { margin: 0 0 .25rem; font-size: 1.15rem; }
.about { margin: 0 0 .75rem; opacity: .7; font-size: .9rem; overflow-wrap: anywhere; }
textarea { width: 100%; min-height: 3.5rem; padding: .5rem; font: inherit; border: 1px solid var(--line); border-radius: .35rem; }
button { padding: .35rem 1rem; font: inherit; border: 1px solid var(--accent); border-radius: .35rem; background: none; color: var(--accent); cursor: pointer; }
button:disabled { opacity: .5; cursor: progress; }
pre { overflow: auto; padding: .75rem; border-radius: .35rem; background: color-mix(in srgb, currentColor 7%, transparent); font-size: .85rem; }
.failed { border-left: 3px solid #c0392b; }
footer { opacity: .7; font-size: .9rem; }
a { color: inherit; }
`;

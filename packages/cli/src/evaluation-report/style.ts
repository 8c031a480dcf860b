/** The page's own style; it loads nothing. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2024; --dim: #60656c; --line: #d9dce0; --ground: #fff; --panel: #f5f6f8;
  --wrong: #fde0dd; --wrong-line: #b42318; --odd: #fff0c9; --odd-line: #96690a; --right: #dcf3e3; --heat: 180, 60, 40; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --dim: #9aa1aa; --line: #3a3f46; --ground: #15181b; --panel: #1e2226;
  --wrong: #5b211c; --wrong-line: #ff8a7d; --odd: #4d3b0c; --odd-line: #f0c04d; --right: #17402a; --heat: 230, 100, 80; } }
body { font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC",
  "Source Han Sans SC", sans-serif; color: var(--ink); background: var(--ground); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0; } .dim, dt, th { color: var(--dim); font-weight: 500; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .75rem 0; } dd { margin: 0; overflow-wrap: anywhere; }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; } .tables section { min-width: 0; max-width: 100%; }
.scroll { overflow-x: auto; } .tall { max-height: 32rem; overflow-y: auto; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid var(--line); padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; unicode-bidi: isolate; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.matrix td { text-align: center; padding: .15rem .4rem; overflow-wrap: normal; } .matrix tbody th { overflow-wrap: anywhere; min-width: 5rem; }
.matrix thead th { writing-mode: vertical-rl; text-align: end; padding: .4rem .1rem; max-height: 14rem; font-size: .85em; } .matrix thead th:first-child { writing-mode: unset; }
.matrix .d { background: var(--right); } .h1 { background: rgba(var(--heat), .12); } .h2 { background: rgba(var(--heat), .25); }
.h3 { background: rgba(var(--heat), .42); } .h4 { background: rgba(var(--heat), .62); }
article { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; margin: .6rem 0; break-inside: avoid; }
article header { color: var(--dim); font-size: .9em; overflow-wrap: anywhere; } .text { unicode-bidi: isolate; overflow-wrap: anywhere; white-space: pre-wrap; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem 1.5rem; } .sides > div { min-width: 0; } .sides h4 { margin: 0; font-size: .8rem; color: var(--dim); font-weight: 500; }
@media (max-width: 45rem) { .sides { grid-template-columns: 1fr; } }
.cut u { text-decoration: none; } .cut u::after, .cut mark::after { content: "|"; color: var(--dim); opacity: .6; padding: 0 .12em; }
u, mark, .chip { unicode-bidi: isolate; } mark, .chip { border-radius: 3px; color: inherit; } mark { background: var(--odd); border-bottom: 2px dashed var(--odd-line); }
.expected mark { background: var(--wrong); border-bottom: 2px solid var(--wrong-line); } .chip { background: var(--right); padding: 0 .3em; }
mark small, .chip small { color: var(--dim); padding-left: .3em; } .cut .unknown { text-decoration: underline dotted; text-underline-offset: .15em; }
.cut .e::after { color: var(--odd-line); font-weight: 700; opacity: 1; } .cut.expected .e::after { color: var(--wrong-line); }
.cut .text > :last-child::after { content: none; }
.key { font-size: .9em; color: var(--dim); } pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85em; }
@media print { .tall { max-height: none; } }
`;

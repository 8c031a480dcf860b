/** Runs in the browser, so it is written without anything that needs compiling. Texts are set, never parsed as HTML. */
export const appsScript = `
const texts = {
  en: { lead: 'Apps served here', none: 'Nothing is served.', input: 'Text, or JSON such as {"text": "…"}', run: 'Run',
        curl: 'From a shell', took: 'ms', other: '中文', failed: 'No answer: ', collections: 'Collections: ' },
  zh: { lead: '此处提供的应用', none: '当前没有可用的应用。', input: '文本，或 JSON，例如 {"text": "…"}', run: '运行',
        curl: '命令行调用', took: '毫秒', other: 'English', failed: '没有应答：', collections: '可更新集合：' },
};
let language = navigator.language.startsWith('zh') ? 'zh' : 'en';
let apps = [];
const t = (key) => texts[language][key];
const make = (tag, text, attributes = {}) => Object.assign(document.createElement(tag), { textContent: text }, attributes);
const shell = (text) => "'" + text.replaceAll("'", "'\\\\''") + "'";

function asInput(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : text;
  } catch {
    return text;
  }
}

const addressOf = ({ name, version }) => version === undefined ? name : name + '@' + version;

function curl(name, input) {
  const key = sessionStorage.getItem('zooid-key') ? ' -H "x-api-key: $KEY"' : '';
  return 'curl -s ' + new URL('v1/apps/' + name, base) + key + " -H 'content-type: application/json' -d " +
    shell(JSON.stringify({ inputs: input }));
}

async function run(app, input, output) {
  const started = performance.now();
  try {
    const reply = await ask('v1/apps/' + addressOf(app), {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inputs: input }),
    });
    output.className = reply.ok ? '' : 'failed';
    const milliseconds = Math.round(performance.now() - started);
    output.textContent = JSON.stringify(await reply.json(), null, 2) + '\\n\\n' + milliseconds + ' ' + t('took');
  } catch (error) {
    output.className = 'failed';
    output.textContent = t('failed') + error.message;
  }
}

function card(app) {
  const section = document.createElement('section');
  const example = app.example === undefined ? '' : typeof app.example === 'string' ? app.example : JSON.stringify(app.example);
  const input = make('textarea', example, { placeholder: t('input') });
  input.setAttribute('aria-label', t('input'));
  const button = make('button', t('run'), { type: 'button' });
  const output = make('pre', '', { hidden: true });
  const command = make('pre', curl(addressOf(app), asInput(example)));
  input.addEventListener('input', () => { command.textContent = curl(addressOf(app), asInput(input.value)); });
  button.addEventListener('click', async () => {
    button.disabled = true;
    await run(app, asInput(input.value), output);
    output.hidden = button.disabled = false;
  });
  const about = app.app + ' · ' + app.task + ' · ' + app.model.id + ' @ ' + app.model.revision.slice(0, 12);
  const details = document.createElement('details');
  details.append(make('summary', t('curl')), command);
  section.append(make('h2', addressOf(app)), make('p', app.description, { className: 'about' }), make('p', about, { className: 'about' }));
  if (app.collections.length > 0) section.append(make('p', t('collections') + app.collections.join(', '), { className: 'about' }));
  section.append(input, button, output, details);
  return section;
}

function show() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = t(element.dataset.text);
  document.getElementById('language').textContent = t('other');
  document.getElementById('apps').replaceChildren(...(apps.length > 0 ? apps.map(card) : [make('p', t('none'))]));
}

document.getElementById('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  show();
});
ask('v1/apps').then((reply) => reply.json()).then((reply) => { apps = reply.apps; show(); }, show);
`;

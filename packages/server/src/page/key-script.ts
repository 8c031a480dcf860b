/** Asks for the key of a server that wants one. */
export const keyForm = `<form id="key" hidden>
<label>API key <input type="password" autocomplete="off" spellcheck="false" required></label> <button>OK</button>
<p id="refused" class="about" role="alert"></p>
</form>`;

/**
 * `ask(path, init)`: fetch with the key, which is asked for when the server wants one. It is kept for as long as the tab
 * is open, and goes nowhere but to this server. Paths are relative to where the server is mounted.
 */
export const keyScript = `
'use strict';
// The address of a page may end with a slash, or lack one.
const base = new URL(location.pathname.replace(/\\/(docs\\/?)?$/, '') + '/', location.origin);
for (const link of document.querySelectorAll('footer a')) link.href = new URL(link.getAttribute('href'), base);
const keyForm = document.getElementById('key');
const keyField = keyForm.querySelector('input');

function enteredKey(isRefused) {
  keyForm.hidden = false;
  document.getElementById('refused').textContent = isRefused ? 'This key is not known. 密钥无效。' : '';
  keyField.value = '';
  keyField.focus();
  return new Promise((resolve) => {
    keyForm.onsubmit = (event) => {
      event.preventDefault();
      keyForm.hidden = true;
      resolve(keyField.value.trim());
    };
  });
}

async function ask(path, init = {}) {
  for (let key = sessionStorage.getItem('zooid-key'); ; ) {
    const headers = { ...init.headers, ...(key && { authorization: 'Bearer ' + key }) };
    const reply = await fetch(new URL(path, base), { ...init, headers });
    if (reply.status !== 401) {
      if (key) sessionStorage.setItem('zooid-key', key);
      return reply;
    }
    sessionStorage.removeItem('zooid-key');
    key = await enteredKey(key !== null);
  }
}
`;

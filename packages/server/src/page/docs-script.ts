/** Runs in the browser, after the script that defines `ask`. Texts are set, never parsed as HTML. */
export const docsScript = `
const make = (tag, text, attributes = {}) => Object.assign(document.createElement(tag), { textContent: text }, attributes);

/** The schema with its references replaced, each at most once on the way down. */
function resolved(document, schema, seen = []) {
  if (Array.isArray(schema)) return schema.map((part) => resolved(document, part, seen));
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema.$ref !== undefined) {
    if (seen.includes(schema.$ref)) return schema;
    const target = schema.$ref.slice(2).split('/').reduce((place, step) => place[step], document);
    return resolved(document, target, [...seen, schema.$ref]);
  }
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, resolved(document, part, seen)]));
}

function block(document, title, content = {}) {
  const details = window.document.createElement('details');
  details.append(make('summary', title));
  for (const [type, { schema, example }] of Object.entries(content)) {
    details.append(make('p', type, { className: 'about' }));
    if (example !== undefined) details.append(make('pre', JSON.stringify(example, null, 2)));
    if (schema !== undefined) details.append(make('pre', JSON.stringify(resolved(document, schema), null, 2)));
  }
  return details;
}

function section(document, path, method, operation) {
  const element = make('section', '', { id: operation.operationId });
  const isOpen = document.security === undefined || operation.security?.length === 0;
  element.append(
    make('h2', method.toUpperCase() + ' ' + path),
    make('p', operation.summary + (isOpen ? '' : ' · API key'), { className: 'about' }),
  );
  if (operation.requestBody !== undefined) element.append(block(document, 'Request', operation.requestBody.content));
  for (const [status, { description, content }] of Object.entries(operation.responses)) {
    element.append(block(document, status + ' ' + description, content));
  }
  return element;
}

function save(document) {
  const link = make('a', '', { download: 'openapi.json' });
  link.href = URL.createObjectURL(new Blob([JSON.stringify(document, null, 2)], { type: 'application/json' }));
  link.click();
  URL.revokeObjectURL(link.href);
}

ask('openapi.json').then((reply) => reply.json()).then((document) => {
  window.document.getElementById('about').textContent = document.info.description + ' OpenAPI ' + document.openapi;
  window.document.getElementById('save').addEventListener('click', () => save(document));
  const sections = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(document, path, method, operation)));
  window.document.getElementById('operations').replaceChildren(...sections);
}).catch((error) => {
  window.document.getElementById('operations').textContent = error.message;
});
`;

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ServerConfig } from '@zooid/server';
import { validateDto } from '@zooid/spec';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const read = (name: string) => readFile(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string | number };
}

interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: Record<'requests' | 'limits', { readonly cpu: string; readonly memory: string }>;
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Resource {
  readonly kind: string;
  readonly spec: Record<string, never>;
  readonly data: Record<string, string>;
}

/** Every document of a manifest, by kind, each checked against the schema of its kind. */
async function resources(manifest: string, schema: string): Promise<Map<string, Resource>> {
  const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(await read(schema)) as object);
  const found = new Map<string, Resource>();
  for (const document of parseAllDocuments(await read(manifest))) {
    expect(document.errors).toEqual([]);
    const resource = document.toJS() as Resource;
    expect(validate(resource), `${resource.kind}: ${JSON.stringify(validate.errors, null, 1)}`).toBe(true);
    found.set(resource.kind, resource);
  }
  return found;
}

function expectHardened({ securityContext, volumeMounts, resources: { requests, limits } }: Container): void {
  expect(securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp');
  for (const amounts of [requests, limits]) expect(Object.keys(amounts).sort()).toEqual(['cpu', 'memory']);
}

describe('kubernetes.yaml', () => {
  const load = () => resources('kubernetes.yaml', 'schemas/kubernetes.json');

  it('fits the schemas, and they refuse what does not fit', async () => {
    expect([...(await load()).keys()]).toEqual(['ConfigMap', 'Deployment', 'Service']);
    const validate = new Ajv2020().compile(JSON.parse(await read('schemas/kubernetes.json')) as object);
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { ports: [{ port: 80 }] } };
    expect(validate(service)).toBe(true);
    expect(validate({ ...service, spec: { port: 80 } })).toBe(false);
    expect(validate({ ...service, metadata: { name: 'X_' } })).toBe(false);
  });

  it('probes the routes there are, hardens the container and outlives the drain', async () => {
    const kinds = await load();
    const pod = (kinds.get('Deployment')!.spec as unknown as { template: { spec: Record<string, unknown> } }).template
      .spec;
    const [container] = pod.containers as [Container];
    expectHardened(container);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.startupProbe.httpGet.path).toBe('/startupz');
    expect(container.readinessProbe.httpGet.path).toBe('/readyz');
    expect(container.livenessProbe.httpGet.path).toBe('/livez');
    const [document] = parseAllDocuments(kinds.get('ConfigMap')!.data['zooid.yaml'] ?? '');
    const { server } = document!.toJS() as { server: object };
    const config = validateDto(ServerConfig, server, 'server');
    expect(container.ports[0]).toMatchObject({
      name: container.readinessProbe.httpGet.port,
      containerPort: config.port,
    });
    expect((pod.terminationGracePeriodSeconds as number) * 1000).toBeGreaterThan(
      config.unreadyDelayMs + config.drainTimeoutMs,
    );
    expect(config.deadlineMs).toBeLessThanOrEqual(config.drainTimeoutMs);
  });

  it('selects its own pods', async () => {
    const kinds = await load();
    const { selector, template } = kinds.get('Deployment')!.spec as unknown as {
      selector: { matchLabels: object };
      template: { metadata: { labels: object } };
    };
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(template.metadata.labels).toMatchObject(
      (kinds.get('Service')!.spec as unknown as { selector: object }).selector,
    );
  });
});

describe('kserve.yaml', () => {
  it('fits the schemas, and asks the v2 routes how the runtime is', async () => {
    const kinds = await resources('kserve.yaml', 'schemas/kserve.json');
    const runtime = kinds.get('ServingRuntime')!.spec as unknown as {
      supportedModelFormats: { name: string }[];
      protocolVersions: string[];
      containers: [Container];
    };
    const [container] = runtime.containers;
    expectHardened(container);
    expect(container.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(container.readinessProbe.httpGet.path).toBe('/v2/health/ready');
    expect(container.livenessProbe.httpGet.path).toBe('/v2/health/live');
    expect(container.args[container.args.indexOf('--port') + 1]).toBe(String(container.ports[0]!.containerPort));
    expect(container.args).toContain('{{.Name}}=/mnt/models');
    const { model } = (
      kinds.get('InferenceService')!.spec as unknown as { predictor: { model: Record<string, unknown> } }
    ).predictor;
    expect(runtime.protocolVersions).toContain(model.protocolVersion);
    expect(runtime.supportedModelFormats).toContainEqual(expect.objectContaining(model.modelFormat as object));
  });
});

describe('the Dockerfile', () => {
  it('has stages, runs as nobody special, checks readiness and lets node have the signals', async () => {
    const text = (await read('Dockerfile')).replaceAll(/\\\n/g, ' ');
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const last = lines.slice(lines.map((line) => line.startsWith('FROM ')).lastIndexOf(true));
    const argumentsOf = (instruction: string) =>
      last.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));
    expect(lines.filter((line) => line.startsWith('FROM '))).toHaveLength(2);
    expect(argumentsOf('USER')).toEqual(['1000:1000']);
    expect(last.some((line) => line.startsWith('RUN '))).toBe(false);
    expect(argumentsOf('COPY').every((copy) => copy.startsWith('--from=build'))).toBe(true);
    const [, command = '[]'] = /CMD (\[.*\])$/.exec(argumentsOf('HEALTHCHECK')[0] ?? '') ?? [];
    expect((JSON.parse(command) as string[]).join(' ')).toContain('/readyz');
    expect(JSON.parse(argumentsOf('ENTRYPOINT')[0] ?? '[]')).toEqual(['node', '/opt/zooid/packages/cli/bin/zooid.js']);
    expect(JSON.parse(argumentsOf('CMD')[0] ?? '[]')).toEqual(['serve', '--host', '0.0.0.0']);
  });
});

describe('the program', () => {
  it('prints what the README says', async () => {
    const program = fileURLToPath(new URL('dist/main.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    expect(await read('README.md')).toContain(`\`\`\`text\n${stdout}\`\`\``);
  });
});

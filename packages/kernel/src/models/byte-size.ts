const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** How sizes are written, for messages. */
export const byteSizeForm = 'a size such as 512MiB, 2GiB or 1.5GB, or a number of bytes';

/** Bytes of `2GiB`, `1.5 GB`, `1000000`; undefined for what is no positive size. */
export function parseByteSize(text: string | number): number | undefined {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(String(text)) ?? [];
  const factor = units[unit.toUpperCase()];
  const bytes = Math.floor(Number(number) * (factor ?? Number.NaN));
  return number !== '' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** `1.5 GiB`, `640 MiB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let i = 0;
  for (; value >= 1024 && i < names.length - 1; i++) value /= 1024;
  return `${i === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${names[i]}`;
}

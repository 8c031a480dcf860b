/** A member of a structured-field dictionary that is `u` with an integer of one digit, parameters allowed. */
const urgency = /(?:^|,)[ \t]*u=([0-7])[ \t]*(?=$|[,;])/g;

/**
 * How urgent a request is by its `Priority` header (RFC 9218, section 4.1): `u=0` is most urgent, `u=7` least. Undefined
 * without one; what is malformed or out of range is ignored, as the RFC wants it. Of several the last counts (RFC 8941).
 */
export function urgencyOf(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const found = [...(typeof header === 'string' ? header : header.join(',')).matchAll(urgency)].at(-1);
  return found === undefined ? undefined : Number(found[1]);
}

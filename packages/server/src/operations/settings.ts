import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { keyHashPattern } from './key-hash.js';

/** Names go into logs and rate limits. */
const keyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** An API key that may call, known by its hash alone. */
export class ApiKeyConfig {
  /** What logs call whoever holds it. */
  @Matches(keyName, { message: "must be up to 64 letters, digits, '.', '_' or '-', and start with a letter or digit" })
  name!: string;

  /** `sha256:<hex>` for a random key, `scrypt:<N>:<r>:<p>:<salt>:<hash>` (base64url) for one that a person chose. */
  @Matches(keyHashPattern, {
    message: 'must be sha256:<64 hex digits> or scrypt:<N>:<r>:<p>:<salt>:<hash>, never the key itself',
  })
  hash!: string;

  /** Requests in a minute; default: `rateLimit.perKey`. */
  @IsOptional() @IsInt() @Min(1) @Max(10_000_000) requestsPerMinute?: number;

  /** Whether it may load, unload and point elsewhere; takes effect with `server.manage`. */
  @IsOptional() @IsBoolean() manage?: boolean;
}

/** Requests in a minute; 0 does not count them. */
export class RateLimitConfig {
  /** From one address, or one /56 of IPv6; counted before keys are looked at, so it also bounds guessing. */
  @IsInt() @Min(0) @Max(10_000_000) perAddress = 0;

  /** With one API key, unless the key says otherwise. */
  @IsInt() @Min(0) @Max(10_000_000) perKey = 0;
}

/** Which pages of other origins a browser lets call. None by default. */
export class CorsConfig {
  /** `https://app.example`, without a path, or `*`. */
  @IsArray()
  @ArrayMaxSize(100)
  @Matches(/^(\*|https?:\/\/[^\s/?#*]+)$/, {
    each: true,
    message: "must be origins such as https://app.example, or '*'",
  })
  origins: string[] = [];

  /** How long a browser may remember the answer to its preflight. */
  @IsInt() @Min(0) @Max(86_400) maxAgeSeconds = 600;
}

export class LogConfig {
  @IsIn(['debug', 'info', 'warn', 'error', 'silent']) level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info';

  /** A line for every request. */
  @IsBoolean() access = true;
}

export class MetricsConfig {
  /** Whether there is a /metrics. */
  @IsBoolean() enabled = true;

  /** Whether it is read without a key; it names the served apps and how much they are used. */
  @IsBoolean() public = false;
}

/** Proxies whose X-Forwarded-For is believed: addresses, subnets, or the names Express knows. */
export class ProxyConfig {
  @IsArray() @ArrayMaxSize(100) @IsString({ each: true }) trusted: string[] = [];
}

import { Type } from '@zooid/spec';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  ApiKeyConfig,
  CorsConfig,
  LogConfig,
  MetricsConfig,
  ProxyConfig,
  RateLimitConfig,
} from './operations/settings.js';

/**
 * The `server` section of zooid.yaml. Every limit is there to keep one caller from taking the machine away from the
 * others; what exceeds one is refused at once instead of being served slowly.
 */
export class ServerConfig {
  /** Address to bind. The default is reachable from this machine only; `0.0.0.0` opens it to the network. */
  @IsString() @IsNotEmpty() host = '127.0.0.1';

  /** 0 picks a free port. */
  @IsInt() @Min(0) @Max(65_535) port = 3000;

  /** Largest request body. Bodies up to the default parse in well under 20 ms, which bounds the event loop's pauses. */
  @IsInt() @Min(1024) @Max(16_777_216) bodyLimitBytes = 1_310_720;

  /** Requests handed to the apps at a time; the model workers form their batches from these. */
  @IsInt() @Min(1) @Max(4096) maxConcurrent = 64;

  /** Requests that wait for a place among those; beyond them callers get 429 with Retry-After. */
  @IsInt() @Min(0) @Max(65_536) maxQueued = 1024;

  /** How long a request may take to arrive completely. */
  @IsInt() @Min(100) @Max(600_000) requestTimeoutMs = 30_000;

  /** How long a request may take to its reply, unless its X-Request-Timeout-Ms asks for less: 504 or, for a body, 408. */
  @IsInt() @Min(10) @Max(3_600_000) deadlineMs = 60_000;

  /** Silence on an event stream after which a comment keeps it open. */
  @IsInt() @Min(1000) @Max(300_000) heartbeatMs = 15_000;

  /** How long `close()` waits for requests in flight before it cuts their connections. */
  @IsInt() @Min(0) @Max(600_000) drainTimeoutMs = 10_000;

  /** How long the server still answers after it said unready, so that load balancers hear of it first. */
  @IsInt() @Min(0) @Max(600_000) unreadyDelayMs = 0;

  /** Who may call. Without keys everybody who reaches the address may, which is why it must be this machine's own then. */
  @IsArray() @ArrayMaxSize(10_000) @ValidateNested({ each: true }) @Type(() => ApiKeyConfig) keys: ApiKeyConfig[] = [];

  /** Binds any address without keys: something in front asks for them. */
  @IsBoolean() insecure = false;

  /** Whether models are loaded and unloaded, and aliases changed, over HTTP; with keys, by those that say `manage`. */
  @IsBoolean() manage = false;

  @ValidateNested() @Type(() => RateLimitConfig) rateLimit = new RateLimitConfig();

  @ValidateNested() @Type(() => CorsConfig) cors = new CorsConfig();

  @ValidateNested() @Type(() => ProxyConfig) proxies = new ProxyConfig();

  @ValidateNested() @Type(() => LogConfig) log = new LogConfig();

  @ValidateNested() @Type(() => MetricsConfig) metrics = new MetricsConfig();
}

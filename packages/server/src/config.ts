import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';

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

  /** How long `close()` waits for requests in flight before it cuts their connections. */
  @IsInt() @Min(0) @Max(600_000) drainTimeoutMs = 10_000;
}

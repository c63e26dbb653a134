/**
 * Every bound of the system, by room, with the worst-case memory that it allows. A limit that is reached is
 * counted under its name; "unlimited" cannot be expressed.
 */

export const captureLimits = {
  /** Largest frame that is handed on; Linux's BIG TCP makes frames of up to 512 KiB. One carry buffer: 1 MiB. */
  recordBytesMax: 1 << 20,
  /** A record between the two is skipped and counted; one above cannot be true and ends the file. No memory. */
  recordSkipBytesMax: 1 << 27,
  /** Interfaces of one pcapng section; packets of further ones are counted. 64 bytes each: 4 MiB. */
  interfacesMax: 1 << 16,
  /** Options of one interface block beyond this are not looked at. */
  interfaceBlockBytesMax: 1 << 16,
  /** First bytes of an input that are looked at to tell its kind. */
  sniffBytesMax: 4096,
} as const;

export const decodeLimits = {} as const;

export const reassembleLimits = {} as const;

export const httpLimits = {} as const;

export const collectLimits = {} as const;

export const telemetryLimits = {} as const;

export const inferLimits = {} as const;

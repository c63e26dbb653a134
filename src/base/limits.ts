/**
 * Every bound of the system, by room, with the worst-case memory that it allows. A limit that is reached is
 * counted under its name; "unlimited" cannot be expressed.
 */

export const captureLimits = {} as const;

export const decodeLimits = {} as const;

export const reassembleLimits = {} as const;

export const httpLimits = {} as const;

export const collectLimits = {} as const;

export const telemetryLimits = {} as const;

export const inferLimits = {} as const;

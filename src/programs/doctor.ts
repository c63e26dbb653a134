import type { Settings } from "../base/config.ts";

export const doctor = async (_settings: Settings): Promise<number> => 0;

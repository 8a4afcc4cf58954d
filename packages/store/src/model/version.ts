/** What the store says it is: clients decide by it what they may ask. */
export const VERSION = "3.5.0";

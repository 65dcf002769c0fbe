/** Apart from the schemas in door.ts, since a worker that starts has not loaded those yet. */
export const DOOR_PROTOCOL = 1;
export const SESSION_HEADER = 'slipway-session';

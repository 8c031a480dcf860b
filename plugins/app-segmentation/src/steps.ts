export { atOnce, inTurns } from '@zooid/data';

export { cardOf, manifestOf } from './describe-model.js';

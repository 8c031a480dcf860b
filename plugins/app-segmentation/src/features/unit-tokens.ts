export { UnitTokens } from '@zooid/tokenizers';

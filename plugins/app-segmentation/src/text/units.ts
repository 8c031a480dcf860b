export { splitUnits, textOf, type Units, unitKind, unitsOf } from '@zooid/tokenizers';

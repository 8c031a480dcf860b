import type { PickleMachine } from './unpickle.js';
import { PickleDict, PickleTuple } from './values.js';

export type Operation = (machine: PickleMachine) => void;

/** Longest LONG4, in bytes; PyTorch writes none above 16. */
const maxLongBytes = 255;

/** The operations of plain data in binary protocols, by code. STOP and the leading PROTO are the machine's. */
export const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  // Stack and memo.
  [0x28 /* MARK */, (m) => m.mark()],
  [0x30 /* POP */, (m) => void m.pop()],
  [0x31 /* POP_MARK */, (m) => void m.popMark()],
  [0x71 /* BINPUT */, (m) => m.remember(m.reader.uint8())],
  [0x72 /* LONG_BINPUT */, (m) => m.remember(m.reader.uint32())],
  [0x94 /* MEMOIZE */, (m) => m.remember()],
  [0x68 /* BINGET */, (m) => m.recall(m.reader.uint8())],
  [0x6a /* LONG_BINGET */, (m) => m.recall(m.reader.uint32())],
  [0x95 /* FRAME */, (m) => void m.reader.uint64()],

  // Atoms.
  [0x4e /* NONE */, (m) => m.push(null)],
  [0x88 /* NEWTRUE */, (m) => m.push(true)],
  [0x89 /* NEWFALSE */, (m) => m.push(false)],
  [0x4b /* BININT1 */, (m) => m.push(m.reader.uint8())],
  [0x4d /* BININT2 */, (m) => m.push(m.reader.uint16())],
  [0x4a /* BININT */, (m) => m.push(m.reader.int32())],
  [0x8a /* LONG1 */, (m) => m.push(m.reader.integer(m.reader.uint8()))],
  [0x8b /* LONG4 */, (m) => m.push(m.reader.integer(longLength(m)))],
  [0x47 /* BINFLOAT */, (m) => m.push(m.reader.float64())],
  [0x8c /* SHORT_BINUNICODE */, (m) => m.push(m.reader.text(m.reader.uint8()))],
  [0x58 /* BINUNICODE */, (m) => m.push(m.reader.text(m.reader.uint32()))],
  [0x8d /* BINUNICODE8 */, (m) => m.push(m.reader.text(m.reader.uint64()))],
  // Python 2's byte strings, in which old checkpoints have their names.
  [0x55 /* SHORT_BINSTRING */, (m) => m.push(m.reader.text(m.reader.uint8(), 'latin1'))],
  [0x54 /* BINSTRING */, (m) => m.push(m.reader.text(m.reader.uint32(), 'latin1'))],

  // Containers.
  [0x5d /* EMPTY_LIST */, (m) => m.push([])],
  [0x7d /* EMPTY_DICT */, (m) => m.push(new PickleDict())],
  [0x29 /* EMPTY_TUPLE */, (m) => m.popTuple(0)],
  [0x85 /* TUPLE1 */, (m) => m.popTuple(1)],
  [0x86 /* TUPLE2 */, (m) => m.popTuple(2)],
  [0x87 /* TUPLE3 */, (m) => m.popTuple(3)],
  [0x74 /* TUPLE */, (m) => m.push(new PickleTuple(m.popMark()))],
  [0x61 /* APPEND */, (m) => m.append([m.pop()])],
  [0x65 /* APPENDS */, (m) => m.append(m.popMark())],
  [0x73 /* SETITEM */, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [0x75 /* SETITEMS */, (m) => m.setItems(m.popMark())],

  // Objects, all through the environment.
  [0x63 /* GLOBAL */, (m) => m.pushGlobal(m.reader.line(), m.reader.line())],
  [
    0x93 /* STACK_GLOBAL */,
    (m) => {
      const name = m.pop();
      m.pushGlobal(m.pop(), name);
    },
  ],
  [0x51 /* BINPERSID */, (m) => m.push(m.environment.loadPersistent(m.pop()))],
  [0x52 /* REDUCE */, (m) => m.reduce()],
  [0x62 /* BUILD */, (m) => m.build()],
]);

/** Known and refused: ways to build objects, registries of code, buffers, and the text forms of protocols 0 and 1. */
export const refusedOperations: ReadonlyMap<number, string> = new Map([
  [0x69, 'INST'],
  [0x6f, 'OBJ'],
  [0x81, 'NEWOBJ'],
  [0x92, 'NEWOBJ_EX'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x50, 'PERSID'],
  [0x80, 'a second PROTO'],
  [0x32, 'DUP'],
  [0x49, 'INT'],
  [0x4c, 'LONG'],
  [0x46, 'FLOAT'],
  [0x53, 'STRING'],
  [0x56, 'UNICODE'],
  [0x70, 'PUT'],
  [0x67, 'GET'],
  [0x6c, 'LIST'],
  [0x64, 'DICT'],
  [0x42, 'BINBYTES'],
  [0x43, 'SHORT_BINBYTES'],
  [0x8e, 'BINBYTES8'],
  [0x8f, 'EMPTY_SET'],
  [0x90, 'ADDITEMS'],
  [0x91, 'FROZENSET'],
  [0x96, 'BYTEARRAY8'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
]);

function longLength(machine: PickleMachine): number {
  const length = machine.reader.uint32();
  return length <= maxLongBytes ? length : machine.fail(`holds an integer of ${length} bytes`);
}

// As much of Protocol Buffers as control requests need: numbers, texts, bytes and messages within messages.
'use strict';

const VARINT = 0;
const LENGTH = 2;

function varint(number) {
  const bytes = [];
  for (; number > 0x7f; number = Math.floor(number / 128)) bytes.push((number % 128) | 0x80);
  return Buffer.from([...bytes, number]);
}

function uint(field, number) {
  return Buffer.concat([varint(field * 8 + VARINT), varint(number)]);
}

function bytes(field, data) {
  return Buffer.concat([varint(field * 8 + LENGTH), varint(data.length), data]);
}

function text(field, string) {
  return bytes(field, Buffer.from(string));
}

function message(field, parts) {
  return bytes(field, Buffer.concat(parts));
}

// Field numbers to numbers or bytes, the last one of each; other types end the reading.
function decode(data) {
  const fields = {};
  let at = 0;
  function next() {
    let number = 0;
    for (let scale = 1; at < data.length; scale *= 128) {
      const byte = data[at++];
      number += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return number;
  }
  while (at < data.length) {
    const key = next();
    const type = key % 8;
    if (type !== VARINT && type !== LENGTH) break;
    const value = next();
    fields[Math.floor(key / 8)] = type === VARINT ? value : data.subarray(at, at + value);
    if (type === LENGTH) at += value;
  }
  return fields;
}

module.exports = { bytes, decode, message, text, uint };

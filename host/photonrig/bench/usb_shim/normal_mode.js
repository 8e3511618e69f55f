// A Photon in normal or listening mode on USB: vendor requests, and the service protocol that carries control requests
// (particle-usb 2.8.0, usb-protocol). A host announces a request (INIT), sends its data (SEND), asks until it is done
// (CHECK) and fetches the reply (RECV).
'use strict';

const protobuf = require('./protobuf.js');

const IN = 0xc0;
const OUT = 0x40;
const INIT = 1;
const CHECK = 2;
const SEND = 3;
const RECV = 4;
const RESET = 5;
const PARTICLE = 0x50;
const SYSTEM_VERSION = 30;
const FORCED_RESET = 40;

const STATUS_OK = 0;
const STATUS_NOT_FOUND = 5;
const FIELD = { status: 0x01, id: 0x02, size: 0x04, result: 0x08 };

// Device OS 2.3.1, system errors.
const OK = 0;
const NOT_SUPPORTED = -120;
const INVALID_STATE = -210;
const INVALID_ARGUMENT = -270;

const CHUNK = 512; // bytes of an update at once; Device OS 2.3.1, OTA chunk size
const WIFI = { index: 1, name: 'wl1', type: 8 }; // index and name are a choice

const LISTENING_MODE = 1;
const CLOUD_STATUS = { disconnected: 0, connecting: 1, handshaking: 1, connected: 2 };
const MODULE_TYPE = { b: 1, s: 2, u: 3 };
const INTEGRITY = 2;
const DEPENDENCIES = 4;

// What a request does: `since` is the first Device OS that knows it, `run` gives the reply's data or a result code.
const REQUESTS = {
  20: { since: '0.8.0', run: (photon) => protobuf.text(1, photon.status().id) },
  40: { since: '0.8.0', run: (photon) => act(photon, { do: 'reset' }) },
  50: { since: '0.8.0', run: (photon) => act(photon, { do: 'dfu', on: true }) },
  60: { since: '0.8.0', run: (photon) => act(photon, { do: 'safe_mode' }) },
  70: { since: '0.8.0', run: (photon) => act(photon, { do: 'listening', on: true }) },
  71: { since: '0.8.0', run: (photon) => act(photon, { do: 'listening', on: false }) },
  72: { since: '1.1.0', run: (photon) => protobuf.uint(1, photon.status().listening ? LISTENING_MODE : 0) },
  90: { since: '0.8.0', run: moduleInfo },
  250: { since: '0.8.0', run: beginUpdate },
  251: { since: '0.8.0', run: (photon) => act(photon, { do: 'update_finish' }) },
  253: { since: '0.8.0', run: (photon, fields) => act(photon, { do: 'update_data', data: hex(fields[1]) }) },
  300: { since: '1.1.0', run: (photon) => protobuf.uint(1, CLOUD_STATUS[photon.status().cloud]) },
  400: { since: '0.8.0', run: () => protobuf.message(1, interfaceEntry()) },
  401: { since: '0.8.0', run: networkInterface },
};

function act(photon, request) {
  const answer = photon.ask(request);
  return answer.ok ? answer.result || OK : INVALID_STATE;
}

function beginUpdate(photon, fields) {
  const result = act(photon, { do: 'update_begin', size: fields[1] || 0 });
  return result === OK ? protobuf.uint(1, CHUNK) : result;
}

function moduleInfo(photon) {
  const { describe } = photon.ask({ do: 'module_info' });
  const modules = describe.m.map((module) => {
    const flaws = (module.vv & INTEGRITY ? 0 : 1) | (module.vv & DEPENDENCIES ? 0 : 2);
    const needs = module.d.map((need) =>
      protobuf.message(6, [
        protobuf.uint(1, MODULE_TYPE[need.f]),
        protobuf.uint(2, Number(need.n)),
        protobuf.uint(3, need.v),
      ]),
    );
    return protobuf.message(1, [
      protobuf.uint(1, MODULE_TYPE[module.f]),
      protobuf.uint(2, Number(module.n)),
      protobuf.uint(3, module.v),
      protobuf.uint(4, module.s),
      protobuf.uint(5, flaws),
      ...needs,
    ]);
  });
  return Buffer.concat(modules);
}

function interfaceEntry() {
  return [protobuf.uint(1, WIFI.index), protobuf.text(2, WIFI.name), protobuf.uint(3, WIFI.type)];
}

function networkInterface(photon, fields) {
  if (fields[1] !== WIFI.index) return INVALID_ARGUMENT;
  const mac = Buffer.from(photon.status().mac.replaceAll(':', ''), 'hex');
  return protobuf.message(1, [...interfaceEntry(), protobuf.bytes(8, mac)]);
}

function hex(data) {
  return (data || Buffer.alloc(0)).toString('hex');
}

function before(version, since) {
  const [a, b] = [version, since].map((text) => text.split('.').map(Number));
  const i = a.findIndex((number, place) => number !== b[place]);
  return i >= 0 && a[i] < b[i];
}

function encodeReply({ status, id, size, result }) {
  const fields = { status, id, size, result };
  let flags = 0;
  const parts = [];
  for (const [name, width] of [['status', 2], ['id', 2], ['size', 4], ['result', 4]]) {
    if (fields[name] === undefined) continue;
    flags |= FIELD[name];
    const part = Buffer.alloc(width);
    part.writeUIntLE(fields[name] % 2 ** (8 * width) >>> 0, 0, width);
    parts.push(part);
  }
  const head = Buffer.alloc(4);
  head.writeUInt32LE(flags);
  return Buffer.concat([head, ...parts]);
}

class NormalMode {
  constructor(photon) {
    this.photon = photon;
    this.deviceOs = photon.status().device_os;
    this.requests = new Map();
    this.lastId = 0;
  }

  setAltSetting() {}

  // The data of the answer, or null for a stall.
  transfer({ requestType, request, value, index, dataOrLength }) {
    if (request === PARTICLE) {
      if (requestType === IN && index === SYSTEM_VERSION) return Buffer.from(this.deviceOs);
      return requestType === OUT && index === FORCED_RESET ? this.forcedReset() : null;
    }
    if (before(this.deviceOs, '0.8.0')) return null;
    if (requestType === OUT) return request === SEND ? this.send(index, dataOrLength) : null;
    switch (request) {
      case INIT:
        return this.init(index, value);
      case CHECK:
        return this.check(index);
      case RECV:
        return this.receive(index, dataOrLength);
      case RESET:
        if (index === 0) this.requests.clear();
        this.requests.delete(index);
        return encodeReply({ status: STATUS_OK });
      default:
        return null;
    }
  }

  forcedReset() {
    this.photon.ask({ do: 'reset' });
    return Buffer.alloc(0);
  }

  init(type, size) {
    this.lastId = (this.lastId % 0xffff) + 1;
    this.requests.set(this.lastId, { type, size, data: Buffer.alloc(0) });
    if (size === 0) this.run(this.lastId);
    return encodeReply({ status: STATUS_OK, id: this.lastId });
  }

  send(id, data) {
    const request = this.requests.get(id);
    if (!request || request.data.length + data.length > request.size) return null;
    request.data = Buffer.concat([request.data, data]);
    if (request.data.length === request.size) this.run(id);
    return Buffer.alloc(0);
  }

  run(id) {
    const request = this.requests.get(id);
    const known = REQUESTS[request.type];
    let outcome = NOT_SUPPORTED;
    if (known && !before(this.deviceOs, known.since)) outcome = known.run(this.photon, protobuf.decode(request.data));
    request.result = Buffer.isBuffer(outcome) ? OK : outcome;
    request.reply = Buffer.isBuffer(outcome) ? outcome : Buffer.alloc(0);
  }

  check(id) {
    const request = this.requests.get(id);
    if (!request || request.reply === undefined) return encodeReply({ status: STATUS_NOT_FOUND });
    if (request.reply.length === 0) this.requests.delete(id);
    const size = request.reply.length || undefined;
    return encodeReply({ status: STATUS_OK, size, result: request.result });
  }

  receive(id, length) {
    const request = this.requests.get(id);
    if (!request) return null;
    const data = request.reply.subarray(0, length);
    request.reply = request.reply.subarray(length);
    if (request.reply.length === 0) this.requests.delete(id);
    return data;
  }
}

module.exports = { NormalMode };

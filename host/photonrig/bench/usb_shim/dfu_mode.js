// A Photon in DFU mode on USB: DFU 1.1 with ST's extensions (AN3156). Alternate setting 0 is the internal flash, 1 the DCT.
'use strict';

const STANDARD_IN = 0x80;
const IN = 0xa1;
const OUT = 0x21;
const GET_DESCRIPTOR = 6;
const DESCRIPTOR = { configuration: 2, string: 3 };

const DNLOAD = 1;
const UPLOAD = 2;
const GETSTATUS = 3;
const CLRSTATUS = 4;
const GETSTATE = 5;
const ABORT = 6;

const SET_ADDRESS = 0x21;
const ERASE = 0x41;

const STATE = { idle: 2, sync: 3, busy: 4, downloading: 5, uploading: 9, error: 10 };
const STATUS = { ok: 0, address: 8, unexpected: 15 };

const TRANSFER_SIZE = 4096;
const MEMORY = ['flash', 'dct'];
// Device OS 2.3.1, interface strings. The second range of the flash is none of a real Photon's: there lie the modules
// that stand in for its system parts, so that the CLI finds no place for them on a real one.
const STRINGS = {
  4: '@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg/0x10020000/04*128Kg',
  5: '@DCT Flash   /0x00000000/01*016Kg',
};
const CONFIGURATION = Buffer.from([
  ...[9, DESCRIPTOR.configuration, 36, 0, 1, 1, 0, 0xc0, 50],
  ...[9, 4, 0, 0, 0, 0xfe, 1, 2, 4], // interface 0, alternate setting 0
  ...[9, 4, 0, 1, 0, 0xfe, 1, 2, 5], // interface 0, alternate setting 1
  ...[9, 0x21, 0x0b, 0xff, 0, TRANSFER_SIZE & 0xff, TRANSFER_SIZE >> 8, 0x1a, 0x01],
]);

class DfuMode {
  constructor(photon, strings) {
    this.photon = photon;
    this.strings = { ...strings, ...STRINGS };
    this.memory = MEMORY[0];
    this.address = 0;
    this.toIdle();
  }

  setAltSetting(setting) {
    this.memory = MEMORY[setting];
  }

  // The data of the answer, or null for a stall.
  transfer({ requestType, request, value, dataOrLength }) {
    if (requestType === STANDARD_IN && request === GET_DESCRIPTOR) {
      const descriptor = this.descriptor(value >> 8, value & 0xff);
      return descriptor && descriptor.subarray(0, dataOrLength);
    }
    if (requestType === OUT) {
      if (request === DNLOAD) return this.download(value, dataOrLength);
      if (request !== CLRSTATUS && request !== ABORT) return null;
      this.toIdle();
      return Buffer.alloc(0);
    }
    if (requestType !== IN) return null;
    switch (request) {
      case UPLOAD:
        return this.upload(value, dataOrLength);
      case GETSTATUS:
        return this.tellStatus();
      case GETSTATE:
        return Buffer.from([this.state]);
      default:
        return null;
    }
  }

  descriptor(type, index) {
    if (type === DESCRIPTOR.configuration) return CONFIGURATION;
    if (type !== DESCRIPTOR.string || !this.strings[index]) return null;
    const text = Buffer.from(this.strings[index], 'utf16le');
    return Buffer.concat([Buffer.from([text.length + 2, DESCRIPTOR.string]), text]);
  }

  toIdle() {
    this.state = STATE.idle;
    this.status = STATUS.ok;
    this.due = null;
  }

  fail(status) {
    this.state = STATE.error;
    this.status = status;
  }

  // Block 0 carries a command, blocks from 2 on data for the address set before, and an empty one ends DFU mode. What is
  // to be done is done when the host asks for the status.
  download(block, data) {
    if (this.state !== STATE.idle && this.state !== STATE.downloading) {
      this.fail(STATUS.unexpected);
      return null;
    }
    this.due = this.work(block, data);
    if (!this.due) {
      this.fail(STATUS.unexpected);
      return null;
    }
    this.state = STATE.sync;
    return Buffer.alloc(0);
  }

  work(block, data) {
    if (data.length === 0) return () => this.photon.ask({ do: 'dfu', on: false }).ok;
    if (block >= 2) {
      const address = this.address + (block - 2) * TRANSFER_SIZE;
      return () => this.ask({ do: 'write', address, data: data.toString('hex') }).ok;
    }
    if (block !== 0 || data.length !== 5) return null;
    const address = data.readUInt32LE(1);
    if (data[0] === ERASE) return () => this.ask({ do: 'erase', address }).ok;
    if (data[0] !== SET_ADDRESS) return null;
    return () => {
      this.address = address;
      return true;
    };
  }

  upload(block, length) {
    if (block < 2 || (this.state !== STATE.idle && this.state !== STATE.uploading)) {
      this.fail(STATUS.unexpected);
      return null;
    }
    this.state = STATE.uploading;
    const address = this.address + (block - 2) * TRANSFER_SIZE;
    return Buffer.from(this.ask({ do: 'read', address, size: length }).data, 'hex');
  }

  tellStatus() {
    if (this.state === STATE.busy && this.due) {
      const work = this.due;
      this.due = null;
      if (work()) this.state = STATE.downloading;
      else this.fail(STATUS.address);
    }
    if (this.state === STATE.sync) this.state = STATE.busy;
    return Buffer.from([this.status, 0, 0, 0, this.state, 0]);
  }

  ask(request) {
    return this.photon.ask({ ...request, memory: this.memory });
  }
}

module.exports = { DfuMode };

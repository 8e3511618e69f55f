// Loaded before the Particle CLI (NODE_OPTIONS=--require): what it gets from require('usb') are virtual Photons. Bench
// equipment, and no part of the Photon: firmware/vphoton keeps flash, DCT and modes, this folder speaks USB about them.
'use strict';

const Module = require('node:module');
const { ask, plugged } = require('./photons.js');
const { DfuMode } = require('./dfu_mode.js');
const { NormalMode } = require('./normal_mode.js');

// Device OS 2.3.1, USB descriptors of the Photon.
const VENDOR = 0x2b04;
const PRODUCT = { normal: 0xc006, dfu: 0xd006 };
const STRING = { manufacturer: 1, product: 2, serial: 3 };

// As libusb sees a device: one that changes its mode goes away, and another one comes.
class Device {
  constructor(control, status) {
    this.control = control;
    this.id = status.id;
    this.mode = status.mode === 'dfu' ? 'dfu' : 'normal';
    this.deviceDescriptor = {
      bLength: 18,
      bDescriptorType: 1,
      bcdUSB: 0x0200,
      bDeviceClass: 0,
      bDeviceSubClass: 0,
      bDeviceProtocol: 0,
      bMaxPacketSize0: 64,
      idVendor: VENDOR,
      idProduct: PRODUCT[this.mode],
      bcdDevice: 0x0250,
      iManufacturer: STRING.manufacturer,
      iProduct: STRING.product,
      iSerialNumber: STRING.serial,
      bNumConfigurations: 1,
    };
    this.strings = {
      [STRING.manufacturer]: 'Particle',
      [STRING.product]: this.mode === 'dfu' ? 'Photon DFU Mode' : 'Photon',
      [STRING.serial]: this.id,
    };
  }

  open() {
    const photon = { status: () => this.status(), ask: (request) => this.ask(request) };
    photon.status();
    this.behaviour = this.mode === 'dfu' ? new DfuMode(photon, this.strings) : new NormalMode(photon);
  }

  close() {
    this.behaviour = null;
  }

  getStringDescriptor(index, callback) {
    setImmediate(callback, undefined, this.strings[index]);
  }

  interface() {
    return {
      claim() {},
      release: (callback) => setImmediate(callback),
      setAltSetting: (setting, callback) => {
        this.behaviour.setAltSetting(setting);
        setImmediate(callback);
      },
    };
  }

  // The last but one parameter is the data to send, or how many bytes to receive.
  controlTransfer(requestType, request, value, index, dataOrLength, callback) {
    let failure;
    let data;
    try {
      if (!this.behaviour) throw new Error('LIBUSB_ERROR_NO_DEVICE');
      data = this.behaviour.transfer({ requestType, request, value, index, dataOrLength });
      if (data === null) throw new Error('LIBUSB_TRANSFER_STALL');
    } catch (error) {
      failure = error;
    }
    setImmediate(callback, failure, data);
  }

  status() {
    const status = ask(this.control, { do: 'status' });
    if (!status || (status.mode === 'dfu') !== (this.mode === 'dfu')) throw new Error('LIBUSB_ERROR_NO_DEVICE');
    return status;
  }

  ask(request) {
    const answer = ask(this.control, request);
    if (!answer) throw new Error('LIBUSB_ERROR_NO_DEVICE');
    return answer;
  }
}

// node-usb, too, gives the same object for the same device each time.
const known = new Map();

function getDeviceList() {
  return plugged().map(({ control, status }) => {
    const device = new Device(control, status);
    const name = `${control} ${device.mode}`;
    if (!known.has(name)) known.set(name, device);
    return known.get(name);
  });
}

const usb = { getDeviceList };
const load = Module._load;

Module._load = function loadOrStandIn(request, ...rest) {
  return request === 'usb' ? usb : load.call(this, request, ...rest);
};

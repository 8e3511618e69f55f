// The virtual Photons plugged into this host: PHOTONRIG_PHOTONS holds their control sockets, separated by colons.
//
// Programs that use USB expect some answers at once, so a thread of its own does the talking while the caller waits.
'use strict';

const path = require('node:path');
const { MessageChannel, Worker, receiveMessageOnPort } = require('node:worker_threads');

const PATIENCE_MS = 10000;

let line = null;

function openLine() {
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const { port1: port, port2: far } = new MessageChannel();
  const worker = new Worker(path.join(__dirname, 'talker.js'), {
    env: {},
    execArgv: [],
    workerData: { port: far, turn },
    transferList: [far],
  });
  worker.unref();
  return { port, turn, worker };
}

// What a control socket answers to one request; null when nobody is there, as for a Photon without power.
function ask(control, request) {
  line ||= openLine();
  Atomics.store(line.turn, 0, 0);
  line.port.postMessage({ control, request });
  if (Atomics.wait(line.turn, 0, 0, PATIENCE_MS) === 'timed-out') {
    line.worker.terminate();
    line = null;
    throw new Error(`no answer on ${control} within ${PATIENCE_MS / 1000} s`);
  }
  return receiveMessageOnPort(line.port).message;
}

// Those that have power, each with its control socket and status.
function plugged() {
  return (process.env.PHOTONRIG_PHOTONS || '')
    .split(':')
    .filter((control) => control)
    .map((control) => ({ control, status: ask(control, { do: 'status' }) }))
    .filter(({ status }) => status);
}

module.exports = { ask, plugged };

// The thread that talks to control sockets for photons.js: one JSON object per line each way.
'use strict';

const net = require('node:net');
const { workerData } = require('node:worker_threads');

const { port, turn } = workerData;

port.on('message', ({ control, request }) => {
  let received = '';
  let answered = false;
  const link = net.connect(control, () => link.write(`${JSON.stringify(request)}\n`));

  function answer(message) {
    if (answered) return;
    answered = true;
    link.destroy();
    port.postMessage(message);
    Atomics.store(turn, 0, 1);
    Atomics.notify(turn, 0);
  }

  link.setEncoding('utf8');
  link.on('data', (text) => {
    received += text;
    if (received.endsWith('\n')) answer(JSON.parse(received));
  });
  link.on('error', () => answer(null));
  link.on('close', () => answer(null));
});

// Why a connection to the cloud ended. Device OS shows some of them as LED colours (orange: decryption, magenta:
// signature).
#pragma once

namespace vphoton {

enum class CloudError {
  Unreachable,     // no address, or TCP refused
  TimedOut,        // a handshake step took longer than 20 s, or Hello was not answered within 4 s
  DeviceKey,       // no usable RSA-1024 private key in the DCT
  ServerKey,       // no usable RSA-2048 server key in the DCT
  Decryption,      // the session block was not encrypted for this device
  Signature,       // the session block was not signed by the server whose key is stored
  Framing,         // a frame too long, not a multiple of 16, or badly padded
  Protocol,        // a message that Device OS answers by disconnecting
  NoAnswer,        // a ping stayed unanswered for 10 s
  ClosedByServer,  // end of stream or TCP reset
  ClosedByDevice,  // CloudLink::disconnect()
};

const char* cloud_error_text(CloudError error);

}  // namespace vphoton

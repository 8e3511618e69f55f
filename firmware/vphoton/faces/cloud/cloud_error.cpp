#include "faces/cloud/cloud_error.h"

namespace vphoton {

const char* cloud_error_text(CloudError error) {
  switch (error) {
    case CloudError::Unreachable:
      return "cloud unreachable";
    case CloudError::TimedOut:
      return "cloud did not answer in time";
    case CloudError::DeviceKey:
      return "device private key unusable";
    case CloudError::ServerKey:
      return "server public key unusable";
    case CloudError::Decryption:
      return "session block cannot be decrypted with the device key";
    case CloudError::Signature:
      return "session block not signed by the stored server key";
    case CloudError::Framing:
      return "broken frame";
    case CloudError::Protocol:
      return "message not allowed by the protocol";
    case CloudError::NoAnswer:
      return "ping not answered";
    case CloudError::ClosedByServer:
      return "closed by the server";
    case CloudError::ClosedByDevice:
      return "closed by the device";
  }
  return "unknown";
}

}  // namespace vphoton

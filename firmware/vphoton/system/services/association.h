// Whether an access point lets a station in.
#pragma once

#include "board/access_point.h"
#include "system/stored/enterprise_credentials.h"
#include "system/stored/wifi_credentials.h"

namespace vphoton {

// `eap` counts where `point` asks for WPA enterprise. With PEAP the user name and password must be those of the access
// point; with EAP-TLS the certificate must belong to the key and be signed by the access point's client_ca.
bool admits(const AccessPoint& point, const WifiNetwork& network, const EapConfig& eap);

}  // namespace vphoton

// OpenSSL's start, kept small.
#pragma once

namespace vphoton {

// Before the first use of libcrypto: without the machine's configuration file, which is no part of a Photon, and
// without error texts, which nobody would read.
void start_crypto_library();

}  // namespace vphoton

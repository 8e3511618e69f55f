// A device to be set up, without a device.
#pragma once

#include <string>
#include <vector>

#include "core/setup_host.h"

namespace vphoton::test {

class FakeSetupHost : public SetupHost {
 public:
  std::string device_id() override { return "0123456789abcdef01234567"; }
  std::string mac_address_text() override { return "e0:4f:43:01:23:45"; }
  std::string system_describe() override { return "\"p\":6,\"m\":[]"; }
  bool claimed() override { return is_claimed; }
  bool store_claim_code(const std::string& text) override {
    code = text;
    return true;
  }
  std::string public_key_field() override { return std::string(294, '\xAB'); }
  std::string private_key_field() override { return private_key; }
  std::vector<AccessPoint> scan() override { return air; }
  int store_network(const std::string& new_ssid, const std::string& new_password, uint32_t new_security) override {
    ssid = new_ssid;
    password = new_password;
    security = new_security;
    return result;
  }
  void finish_setup() override { ++finished; }

  bool is_claimed = false;
  std::string code;
  std::string private_key;
  std::vector<AccessPoint> air = default_air();
  std::string ssid, password;
  uint32_t security = 0;
  int result = 0;
  int finished = 0;
};

}  // namespace vphoton::test

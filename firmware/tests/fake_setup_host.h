// A device to be set up, without a device.
#pragma once

#include <string>
#include <vector>

#include "system/services/setup_host.h"

namespace vphoton::test {

class FakeSetupHost : public SetupHost {
 public:
  std::string device_id() override { return "0123456789abcdef01234567"; }
  std::string serial_number() override { return number; }
  std::string device_secret() override { return secret; }
  std::string mac_address_text() override { return "e0:4f:43:01:23:45"; }
  std::string system_version() override { return version; }
  std::string diagnostics() override { return "{\"sys:uptime\":5}"; }
  std::string system_describe() override { return "\"p\":6,\"m\":[]"; }
  bool claimed() override { return is_claimed; }
  bool store_claim_code(const std::string& text) override {
    code = text;
    return true;
  }
  std::string public_key_field() override { return std::string(294, '\xAB'); }
  std::string private_key_field() override { return private_key; }
  std::vector<AccessPoint> scan() override { return air; }
  int store_network(const std::string& new_ssid, const std::string& new_password, uint32_t new_security,
                    const EapConfig& new_enterprise) override {
    ssid = new_ssid;
    password = new_password;
    security = new_security;
    enterprise = new_enterprise;
    return result;
  }
  ApplicationPage application_page() override { return nullptr; }
  void select_antenna(bool external) override { external_antenna = external; }
  bool connect_answer_lost() override { return false; }
  void finish_setup() override { ++finished; }
  void restart_listening() override { ++restarted; }
  int ota_begin(uint32_t length) override {
    image.assign(length, '\0');
    return length > 0 && length <= 256 * 1024 ? 0 : -1390;
  }
  int ota_write(uint32_t offset, const uint8_t* data, size_t size) override {
    if (write_result != 0) return write_result;
    image.replace(offset, size, reinterpret_cast<const char*>(data), size);
    return 0;
  }
  int ota_validate() override { return validation; }
  void ota_apply() override { ++applied; }
  void ota_dropped() override { ++dropped; }

  std::string number, secret;
  bool is_claimed = false;
  std::string code;
  std::string private_key;
  std::vector<AccessPoint> air = default_air();
  std::string ssid, password;
  uint32_t security = 0;
  EapConfig enterprise;
  bool external_antenna = false;
  int result = 0;
  int finished = 0;
  int restarted = 0;
  std::string version = "2.3.1";
  std::string image;
  int write_result = 0;
  int validation = 0;
  int applied = 0;
  int dropped = 0;
};

}  // namespace vphoton::test

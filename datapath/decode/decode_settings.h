// What the operator may set about decoding; see config/schema/settings_decoder.def for names and defaults.
#pragma once

#include <cstdint>
#include <vector>

namespace bulkhead::decode {

struct DecodeSettings {
  bool verify_checksums = true;  // stream.checksum-validation
  std::vector<std::uint16_t> vxlan_ports{4789};
  std::vector<std::uint16_t> geneve_ports{6081};
  std::vector<std::uint16_t> teredo_ports{3544};
  bool teredo_any_port = false;
  bool vxlan_enabled = true, geneve_enabled = true, teredo_enabled = true;
  bool erspan_type1_enabled = true;
  bool ipip_enabled = true;      // decoder.ipv4.ipip.enabled
  std::uint8_t max_layers = 16;  // decoder.max-layers
};

}  // namespace bulkhead::decode

// Settings of TLS; names in operators' files in brackets.
#pragma once

#include <cstdint>

#include "datapath/app/encryption_settings.h"

namespace bulkhead::app::tls {

struct TlsSettings {
  Fingerprints ja3 = Fingerprints::kAuto;                        // [app-layer.protocols.tls.ja3-fingerprints]
  Fingerprints ja4 = Fingerprints::kAuto;                        // [app-layer.protocols.tls.ja4-fingerprints]
  EncryptionHandling encryption = EncryptionHandling::kDefault;  // [app-layer.protocols.tls.encryption-handling]
  bool rules_use_ja3 = false, rules_use_ja4 = false;
  std::uint32_t max_message_bytes = 64 * 1024;  // of one handshake message; longer ones are stepped over
  std::uint32_t max_certificates = 32;          // of one side

  [[nodiscard]] bool make_ja3() const { return wanted(ja3, rules_use_ja3); }
  [[nodiscard]] bool make_ja4() const { return wanted(ja4, rules_use_ja4); }
};

}  // namespace bulkhead::app::tls

// Settings of SSH; names in operators' files in brackets.
#pragma once

#include "datapath/app/encryption_settings.h"

namespace bulkhead::app::ssh {

struct SshSettings {
  Fingerprints hassh = Fingerprints::kAuto;                      // [app-layer.protocols.ssh.hassh]
  EncryptionHandling encryption = EncryptionHandling::kDefault;  // [app-layer.protocols.ssh.encryption-handling]
  bool rules_use_hassh = false;

  [[nodiscard]] bool make_hassh() const { return wanted(hassh, rules_use_hassh); }
};

}  // namespace bulkhead::app::ssh

// Settings of MIME; names below app-layer.protocols.smtp.mime in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead::app::mime {

struct MimeSettings {
  bool decode = true;                        // [decode-mime] look into mails at all
  bool base64 = true;                        // [decode-base64]
  bool quoted_printable = true;              // [decode-quoted-printable]
  std::uint32_t header_value_depth = 2000;   // [header-value-depth] bytes of a field that are kept
  bool extract_urls = true;                  // [extract-urls]
  std::vector<std::string> schemes{"http"};  // [extract-urls-schemes]
  bool log_scheme = false;                   // [log-url-scheme]
  bool body_md5 = false;                     // [body-md5]
};

}  // namespace bulkhead::app::mime

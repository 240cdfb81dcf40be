// Settings of SMTP; names below app-layer.protocols.smtp in brackets.
#pragma once

#include <cstdint>

#include "datapath/app/body_window.h"
#include "datapath/app/mime/mime_settings.h"

namespace bulkhead::app::smtp {

struct SmtpSettings {
  mime::MimeSettings mime;      // [mime]
  bool raw_extraction = false;  // [raw-extraction] the mail as one file "rawmsg"; not with mime.decode
  BodySettings content{100000, 32 * 1024, 4096};  // [inspected-tracker] of files that rules see
  std::uint32_t max_line = 4096;                  // a command or reply with its end; the rest of it is left out
};

}  // namespace bulkhead::app::smtp

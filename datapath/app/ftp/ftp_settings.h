// Settings of FTP; names below app-layer.protocols.ftp in brackets.
#pragma once

#include <cstdint>

#include "datapath/app/body_window.h"

namespace bulkhead::app::ftp {

struct FtpSettings {
  std::uint32_t max_line = 4096;            // [max-line-length] of a command or reply with its end; the rest is cut
  std::uint32_t max_transactions = 1024;    // [max-tx] live ones of a connection; more end its parser
  std::uint64_t memcap = 64 * 1024 * 1024;  // [memcap] bytes of commands and replies kept in all; more are left out
  BodySettings content{100000, 32 * 1024, 4096};  // of files that rules see
};

}  // namespace bulkhead::app::ftp

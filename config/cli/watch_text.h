// A message of the daemon as a line for people, or as JSON.
//
// Tests    tests/unit/config/cli/watch_text_test.cpp
#pragma once

#include <string>

#include "config/cli/terminal.h"
#include "datapath/output/netlink_protocol.h"

namespace bulkhead::config::cli {

// 15:04:05.123456 ALERT  10.0.0.3:4444 -> 10.0.0.2:80 TCP  1:2010935  ET SCAN ...  [Attempted Information Leak, 2]
[[nodiscard]] std::string watch_line(const output::NetlinkEvent& event, const Terminal& terminal);
[[nodiscard]] std::string watch_json(const output::NetlinkEvent& event);

}  // namespace bulkhead::config::cli

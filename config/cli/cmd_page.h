// bulkhead page: the page of this machine.
//
// Thread   the main thread, until a signal ends it. Tests  tests/page/page_test.py
#pragma once

#include <string>

namespace bulkhead::config::cli {

struct PageOptions {
  std::string listen = "127.0.0.1:9478";
  std::string socket;  // of the daemon
};
[[nodiscard]] int cmd_page(const PageOptions& options);

}  // namespace bulkhead::config::cli

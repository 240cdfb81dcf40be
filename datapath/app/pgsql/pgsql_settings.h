// Settings of PostgreSQL; names below app-layer.protocols.pgsql in brackets.
#pragma once

#include <cstdint>

namespace bulkhead::app::pgsql {

struct PgsqlSettings {
  std::uint32_t max_message = 128 * 1024;  // bytes of a message that are looked at; the rest is skipped
  std::uint32_t max_kept =
      8 * 1024 * 1024;  // bytes that the live transactions of a flow may hold; beyond, texts are cut
};

}  // namespace bulkhead::app::pgsql

// Settings of HTTP/2; names below app-layer.protocols.http2 in brackets.
#pragma once

#include <cstdint>

namespace bulkhead::app::http2 {

struct Http2Settings {
  std::uint32_t max_streams = 4096;            // [max-streams] live ones of a flow
  std::uint32_t max_table = 65536;             // [max-table-size] bytes of dynamic table that a sender may use
  std::uint32_t max_reassembly = 102400;       // [max-reassembly-size] bytes of HEADERS and CONTINUATION together
  std::uint32_t max_header_list = 128 * 1024;  // decoded bytes of a header block that are kept
  std::uint32_t max_frame = 128 * 1024;        // frames other than DATA that are longer are skipped
  std::uint32_t max_kept = 16 * 1024 * 1024;   // bytes of headers in the live transactions of a flow
};

}  // namespace bulkhead::app::http2

// Settings of HTTP/1; names below app-layer.protocols.http.libhtp.default-config in brackets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "datapath/app/body_window.h"

namespace bulkhead::app::http {

struct HttpSettings {
  BodySettings request{};
  BodySettings response{100 * 1024, 40 * 1024, 16 * 1024};
  bool body_inline = false;               // [http-body-inline] bodies are looked at as they come
  bool double_decode_path = false;        // [double-decode-path]
  bool double_decode_query = false;       // [double-decode-query]
  std::uint32_t decompress_layers = 2;    // [response-body-decompress-layer-limit]
  bool lzma = false;                      // [lzma-enabled]
  std::uint64_t lzma_memlimit = 1 << 20;  // [lzma-memlimit]
  std::uint64_t bomb_limit = 1 << 20;     // [compression-bomb-limit] decompressed bytes ...
  std::uint32_t bomb_ratio = 2048;        // ... and how many times what came in
  std::uint32_t max_line = 18000;         // one line or header
  std::uint32_t max_headers = 1024;       // of a message
  std::uint32_t max_file_name = 255;
};

}  // namespace bulkhead::app::http

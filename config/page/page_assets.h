// The files of the page, made by the build (config/page/CMakeLists.txt) and part of the program; none in a build
// without esbuild.
//
// Thread   any; constants. Tests  tests/page/page_test.py
#pragma once

#include <span>
#include <string_view>

namespace bulkhead::config::page {

struct PageAsset {
  std::string_view name;  // index.html, page.css, page.js
  std::string_view bytes;
};
[[nodiscard]] std::span<const PageAsset> page_assets();

}  // namespace bulkhead::config::page

// The files of the pages, made by the build (config/explanations/CMakeLists.txt) and part of the program.
//
// Thread   any; constants. Tests  tests/unit/config/explanations/explanation_test.cpp
#pragma once

#include <span>
#include <string_view>

namespace bulkhead::config::explanations {

struct PageText {
  std::string_view file;  // detectors/scan.md, detectors/scan.zh.md
  std::string_view text;
};
[[nodiscard]] std::span<const PageText> page_texts();

}  // namespace bulkhead::config::explanations

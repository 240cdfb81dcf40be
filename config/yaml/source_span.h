// From the YAML library's marks (lines and columns from 0, -1: unknown) to our SourceSpan (from 1).
// The only place where that conversion is made.
//
// Thread   pure functions.
// Units    bytes; the library counts bytes of UTF-8, so columns agree with bulkhead::SourceFile.
// Tests    tests/unit/config/yaml/source_span_test.cpp
#pragma once

#include <cstdint>
#include <utility>

#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

[[nodiscard]] inline SourceSpan span_from_mark(SourceFilePtr file, int line0, int column0, std::uint32_t length) {
  if (line0 < 0 || column0 < 0) return {std::move(file), 0, 0, 0};
  return {std::move(file), static_cast<std::uint32_t>(line0) + 1, static_cast<std::uint32_t>(column0) + 1, length};
}

// Part of a one-line span: `offset` bytes after its start.
[[nodiscard]] inline SourceSpan sub_span(const SourceSpan& span, std::size_t offset, std::size_t length) {
  if (span.line == 0 || offset + length > span.length) return span;
  return {span.file, span.line, span.column + static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
}

}  // namespace bulkhead::config

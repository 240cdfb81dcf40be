// Base64 (RFC 4648) and hexadecimal, strict and forgiving.
//
// Thread   pure functions.
// Tests    tests/unit/signatures/data/text_codec_test.cpp
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::signatures {

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Nullopt unless the whole text is base64 with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
// Appends what decodes of the text up to the first byte that is no base64, and answers how many bytes came out. The
// last incomplete group gives the bytes it holds; padding ends a group, not the text.
std::size_t decode_base64_prefix(std::string_view text, std::string& out);

[[nodiscard]] std::string to_hex(std::string_view bytes);
// Nullopt unless all are pairs of hexadecimal digits.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace bulkhead::signatures

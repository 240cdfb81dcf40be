#include "signatures/compile/fast_pattern.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <tuple>

namespace bulkhead::signatures {
namespace {

std::string fast_bytes_of(const ContentOp& content) {
  std::string bytes = content.bytes;
  if (content.fast_pattern_chop_length != 0 && content.fast_pattern_chop_offset < bytes.size()) {
    return bytes.substr(content.fast_pattern_chop_offset,
                        std::min<std::size_t>(content.fast_pattern_chop_length, kMaxFastPatternBytes));
  }
  if (bytes.size() > kMaxFastPatternBytes) bytes.erase(0, bytes.size() - kMaxFastPatternBytes);
  return bytes;
}

// Headers and addresses are looked at directly: they are short. What base64_decode makes exists only while judging.
bool may_hold_fast_pattern(const BufferProgram& buffer) {
  return !is_packet_buffer(buffer.buffer) && buffer.buffer != BufferId::kBase64Data && buffer.transforms.empty();
}

}  // namespace

unsigned pattern_strength(std::string_view bytes) {
  std::array<bool, 256> seen{};
  unsigned strength = 0;
  for (const char raw : bytes) {
    const auto c = static_cast<unsigned char>(raw);
    if (seen[c]) {
      strength += 1;
    } else if (std::isalpha(c) != 0) {
      strength += 3;
    } else if (std::isprint(c) != 0 || c == 0x00 || c == 0x01 || c == 0xff) {
      strength += 4;
    } else {
      strength += 6;
    }
    seen[c] = true;
  }
  return strength;
}

void choose_fast_pattern(Signature& signature) {
  signature.fast_buffer = -1;
  signature.fast_op = -1;
  signature.fast_bytes.clear();
  using Rank = std::tuple<bool, unsigned, std::size_t>;  // explicit, strength, length
  Rank best{};
  for (std::size_t b = 0; b < signature.buffers.size(); ++b) {
    if (!may_hold_fast_pattern(signature.buffers[b])) continue;
    if (signature.inspects_transactions && signature.buffers[b].buffer == BufferId::kPayload) continue;
    for (std::size_t i = 0; i < signature.buffers[b].ops.size(); ++i) {
      const auto* content = std::get_if<ContentOp>(&signature.buffers[b].ops[i]);
      if (content == nullptr || content->negated || content->bytes.empty()) continue;
      const Rank rank{content->fast_pattern, pattern_strength(content->bytes), content->bytes.size()};
      if (signature.fast_op >= 0 && rank <= best) continue;
      best = rank;
      signature.fast_buffer = static_cast<std::int32_t>(b);
      signature.fast_op = static_cast<std::int32_t>(i);
      signature.fast_bytes = fast_bytes_of(*content);
    }
  }
}

}  // namespace bulkhead::signatures

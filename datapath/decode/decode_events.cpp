#include "datapath/decode/decode_events.h"

namespace bulkhead::decode {

namespace {
constexpr std::array<DecodeEventInfo, kDecodeEventCount> kInfos{{
#define X(symbol, name, invalid, text, source) {name, invalid, text, source},
#include "datapath/decode/decode_events.def"
#undef X
}};
}  // namespace

const DecodeEventInfo& info(DecodeEvent event) {
  return kInfos[static_cast<std::size_t>(event)];
}

std::optional<DecodeEvent> find_decode_event(std::string_view name) {
  for (std::size_t i = 0; i < kInfos.size(); ++i) {
    if (kInfos[i].name == name) return static_cast<DecodeEvent>(i);
  }
  return std::nullopt;
}

}  // namespace bulkhead::decode

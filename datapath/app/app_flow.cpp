#include "datapath/app/app_flow.h"

namespace bulkhead::app {
namespace {

constexpr std::array<AppEventInfo, static_cast<std::size_t>(AppEvent::kCount)> kInfo = {{
#define X(symbol, name, record, text) {name, record, text},
#include "datapath/app/app_events.def"
#undef X
}};

}  // namespace

const AppEventInfo& info(AppEvent event) {
  return kInfo[static_cast<std::size_t>(event)];
}

bool find_app_event(std::string_view name, AppEvent& out) {
  for (std::size_t i = 0; i < kInfo.size(); ++i) {
    if (kInfo[i].name != name) continue;
    out = static_cast<AppEvent>(i);
    return true;
  }
  return false;
}

}  // namespace bulkhead::app

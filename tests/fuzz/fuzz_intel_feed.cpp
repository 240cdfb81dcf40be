// Feeds come from others: any bytes are read to the end, and what comes out can be looked up.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "datapath/base/check.h"
#include "signatures/intel/indicator_table.h"

using namespace bulkhead;
using namespace bulkhead::intel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<SourceFile>("feed", std::string(reinterpret_cast<const char*>(data), size));
  const Feed feed = parse_feed(file, {}, diagnostics);
  BULKHEAD_CHECK(feed.counts.read == feed.indicators.size());
  IndicatorTable table;
  static_cast<void>(table.add_feed("feed"));
  for (const Indicator& indicator : feed.indicators) {
    BULKHEAD_CHECK(indicator.confidence <= 100 && indicator.what.size() <= 200);
    Indicator endless = indicator;
    endless.until = {};
    table.add(endless);
    const bool found = indicator.kind == IndicatorKind::kAddress
                           ? table.address(indicator.network.address, {}) != nullptr
                           : table.text(indicator.kind, indicator.text, {}) != nullptr;
    BULKHEAD_CHECK(found);
  }
  static_cast<void>(parse_warning_list(file, diagnostics));
  return 0;
}

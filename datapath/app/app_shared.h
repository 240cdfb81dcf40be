// What the application layers of all workers share.
//
// Thread   each table has a lock of its own.
#pragma once

#include "datapath/app/expected_flows.h"
#include "datapath/app/range_files.h"

namespace bulkhead::app {

struct AppShared {
  ExpectedFlows expected;
  RangeFiles ranges;
};

}  // namespace bulkhead::app

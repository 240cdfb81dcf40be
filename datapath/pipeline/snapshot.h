// One generation of everything that operators can change: rules, policy, settings. Workers take the
// current snapshot once per batch and finish the batch with it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "datapath/pipeline/inspector.h"

namespace bulkhead::pipeline {

struct Snapshot {
  std::uint32_t generation = 1;
  std::vector<std::shared_ptr<const InspectorFactory>> inspectors;  // in the order of inspection
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace bulkhead::pipeline

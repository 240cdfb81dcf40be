// Virtual patches of the workloads there are: what to load for them, and what operators read of them.
//
//   patched      workloads of an inventory as the overlay wants them
//   wanted_cves  CVEs of every scanned image: whose rules are loaded although they are commented out
//   patch_json   the coverage as JSON: control socket, `bulkhead patches`
//
// Thread   pure. Limits  kMostWeaknesses of a workload, `most` of them told. Tests
// tests/unit/signatures/patches/overlay_test.cpp, tests/golden/signatures/virtual-patch/
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "rules/discovery/inventory.h"
#include "signatures/patches/coverage.h"

namespace bulkhead::config {

[[nodiscard]] std::vector<patches::PatchedWorkload> patched(const rules::Inventory& inventory);
// Images that no workload of an inventory runs: each as a workload named after the image.
[[nodiscard]] std::vector<patches::PatchedWorkload> images_alone(const patches::PatchBook& book);

// `book` may be null.
[[nodiscard]] std::set<std::string> wanted_cves(const patches::PatchBook* book, const patches::PatchSettings& settings);

// `most`: weaknesses of a workload, the gravest first; all are counted.
[[nodiscard]] nlohmann::json patch_json(const patches::Coverage& coverage, std::size_t most);

}  // namespace bulkhead::config

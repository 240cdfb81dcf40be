// Applies an overlay to what the signatures found, before anybody acts on it.
//
// Thread   OverlayFactory is shared; one OverlayInspector per worker. Order  right behind the signatures.
// Drops    what reaches a protected, vulnerable workload over a connection that came about (or inline, where nothing
//          but the packet is lost by a mistake); then for the whole flow.
// Limits   no memory of its own. Tests  tests/unit/signatures/patches/overlay_test.cpp
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/pipeline/inspector.h"
#include "signatures/patches/overlay.h"

namespace bulkhead::patches {

class OverlayInspector final : public pipeline::Inspector {
 public:
  explicit OverlayInspector(OverlayPtr overlay) : overlay_(std::move(overlay)) {}
  [[nodiscard]] std::string_view name() const override { return "patches"; }
  void inspect(pipeline::InspectContext& context) override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override;

 private:
  // False: the alert is of a rule that is not on for this workload.
  [[nodiscard]] bool apply(const pipeline::InspectContext& context, pipeline::Alert& alert);

  OverlayPtr overlay_;
  Counter raised_, dropped_, attempts_, not_here_;
};

class OverlayFactory final : public pipeline::InspectorFactory {
 public:
  explicit OverlayFactory(OverlayPtr overlay) : overlay_(std::move(overlay)) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t) const override {
    return std::make_unique<OverlayInspector>(overlay_);
  }

 private:
  OverlayPtr overlay_;
};

}  // namespace bulkhead::patches

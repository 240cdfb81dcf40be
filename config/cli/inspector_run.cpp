#include "config/cli/inspector_run.h"

#include <cstdio>
#include <utility>

#include "config/load/config_loader.h"

namespace bulkhead::config::cli {

namespace {

pipeline::PipelineSettings default_settings() {
  Diagnostics none;
  return load_config({}, none).settings.pipeline;
}

}  // namespace

InspectorRun::InspectorRun() : replay_(default_settings(), {&nobody_}) {}

pipeline::ReplayResult InspectorRun::run(const std::vector<std::unique_ptr<io::PacketSource>>& sources,
                                         std::shared_ptr<const pipeline::InspectorFactory> inspector) {
  auto snapshot = std::make_shared<pipeline::Snapshot>();
  snapshot->inspectors.push_back(std::move(inspector));
  pipeline::ReplayResult result = replay_.run(sources, snapshot, {});
  for (const Error& error : result.errors) std::fprintf(stderr, "warning: %s\n", error.to_string().c_str());
  return result;
}

}  // namespace bulkhead::config::cli

#include "config/cli/capture_edges.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "config/cli/policy_input.h"
#include "config/load/config_loader.h"
#include "datapath/io/pcap_file_source.h"
#include "datapath/pipeline/replay.h"

namespace bulkhead::config::cli {

namespace {

// Events of the engine are not wanted here.
class NoEvents final : public event::EventPublisher {
 public:
  void publish(event::Event&&) override {}
  void watermark(std::uint64_t) override {}
};

void warn(const Error& error) {
  std::fprintf(stderr, "warning: %s\n", error.to_string().c_str());
}

}  // namespace

std::optional<rules::FlowEdgeTable> edges_of_captures(const std::vector<std::string>& patterns) {
  const auto files = policy_files(patterns);
  if (!files) return std::nullopt;
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  for (const std::string& file : *files) {
    auto source = std::make_unique<io::PcapFileSource>(file);
    if (const Status status = source->open(); !status) {
      warn(status.error());
      continue;
    }
    sources.push_back(std::move(source));
  }
  if (sources.empty()) return std::nullopt;
  Diagnostics defaults;
  const LoadedConfig config = load_config({}, defaults);
  rules::FlowEdgeTable edges;
  auto snapshot = std::make_shared<pipeline::Snapshot>();
  snapshot->inspectors.push_back(std::make_shared<rules::FlowEdgeFactory>(edges));
  NoEvents nobody;
  pipeline::Replay replay(config.settings.pipeline, {&nobody});
  const pipeline::ReplayResult result = replay.run(sources, snapshot, {});
  for (const Error& error : result.errors) warn(error);
  if (edges.lost() != 0) {
    std::fprintf(stderr, "warning: %llu flows of further edges are not counted\n",
                 static_cast<unsigned long long>(edges.lost()));
  }
  return edges;
}

}  // namespace bulkhead::config::cli

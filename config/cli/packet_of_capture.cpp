#include "config/cli/packet_of_capture.h"

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "config/cli/inspector_run.h"
#include "datapath/io/pcap_file_source.h"
#include "rules/classify/packet_query.h"

namespace bulkhead::config::cli {

namespace {

// What opened a flow, kept with it.
struct Opening final : flow::FlowExtension {
  rules::FlowQuery query;
  std::uint64_t packet = 0;
  bool midstream = false;
};

struct Search {
  std::uint64_t wanted = 0;
  std::optional<CapturedPacket> found;
};

std::string no_policy(const decode::PacketView& packet) {
  if (packet.arp != nullptr) return "ARP: no policy is asked, the guard of the port judges it";
  if (!packet.is_ip()) return "not IP: no policy is asked, the guard of the port judges it";
  if (packet.invalid) return "broken: no policy is asked";
  if (packet.is_fragment) return "a fragment: the packet that it is part of is judged";
  return "no flow of its own: no policy is asked";
}

class Finder final : public pipeline::Inspector {
 public:
  explicit Finder(Search& search) : search_(search) {}
  [[nodiscard]] std::string_view name() const override { return "packet-finder"; }

  void inspect(pipeline::InspectContext& context) override {
    if (context.flow != nullptr && rules::is_judged(context)) {
      auto opening = std::make_unique<Opening>();
      opening->query = rules::query_of(*context.packet);
      opening->packet = context.packet_number;
      opening->midstream = rules::is_midstream(*context.packet);
      context.flow->set_extension(flow::ExtensionSlot::kPolicy, std::move(opening));
    }
    if (context.packet_number == search_.wanted && !search_.found) search_.found = look(context);
  }

 private:
  static CapturedPacket look(const pipeline::InspectContext& context) {
    CapturedPacket out;
    if (context.flow == nullptr) {
      if (rules::is_judged(context)) {
        out.query = rules::query_of(*context.packet);
        out.place = "of a protocol without flows: judged by itself";
      } else {
        out.why_none = no_policy(*context.packet);
      }
      return out;
    }
    const auto* opening = dynamic_cast<const Opening*>(context.flow->extension(flow::ExtensionSlot::kPolicy));
    if (opening == nullptr) {
      out.why_none = no_policy(*context.packet);
      return out;
    }
    // The stream engine turns a flow round when it sees that the other end opened it.
    const bool turned = context.flow->client.source != opening->query.tuple.source;
    out.query = turned ? rules::reversed(opening->query) : opening->query;
    out.midstream = opening->midstream;
    const std::string first = "packet " + std::to_string(opening->packet);
    if (context.packet_number == opening->packet) {
      out.place = opening->midstream ? "the first of its flow here" : "opens its flow";
    } else if (context.direction == Direction::kToClient) {
      out.place = "an answer in the flow of " + first;
    } else {
      out.place = "goes on in the flow of " + first;
    }
    return out;
  }

  Search& search_;
};

class FinderFactory final : public pipeline::InspectorFactory {
 public:
  explicit FinderFactory(Search& search) : search_(search) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t /*worker*/) const override {
    return std::make_unique<Finder>(search_);
  }

 private:
  Search& search_;
};

}  // namespace

std::optional<CapturedPacket> packet_of_capture(const std::string& file, std::uint64_t number) {
  auto source = std::make_unique<io::PcapFileSource>(file);
  if (const Status status = source->open(); !status) {
    std::fprintf(stderr, "error: %s\n", status.error().to_string().c_str());
    return std::nullopt;
  }
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  sources.push_back(std::move(source));
  Search search;
  search.wanted = number;
  const pipeline::ReplayResult result = InspectorRun().run(sources, std::make_shared<FinderFactory>(search));
  if (search.found) return search.found;
  if (number > result.packets) {
    std::fprintf(stderr, "error: %s has %llu packets, there is no packet %llu\n", file.c_str(),
                 static_cast<unsigned long long>(result.packets), static_cast<unsigned long long>(number));
    return std::nullopt;
  }
  CapturedPacket out;
  out.why_none = "not decoded, or part of a datagram that other packets complete: no policy is asked";
  return out;
}

}  // namespace bulkhead::config::cli

#include "signatures/models/features.h"

#include <algorithm>
#include <cmath>

#include "datapath/base/text_hash.h"

namespace bulkhead::models {

using behaviour::FactKind;
using behaviour::MilestoneCause;
using behaviour::Observation;
using behaviour::ObservationKind;

namespace {

constexpr std::array<std::string_view, kFeatures> kNames = {"tcp",
                                                            "udp",
                                                            "icmp",
                                                            "http",
                                                            "tls",
                                                            "dns",
                                                            "database",
                                                            "no protocol",
                                                            "low port",
                                                            "high port",
                                                            "bytes sent",
                                                            "bytes received",
                                                            "packets sent",
                                                            "packets received",
                                                            "share sent",
                                                            "bytes a packet sent",
                                                            "bytes a packet received",
                                                            "age",
                                                            "turns",
                                                            "time a turn",
                                                            "first entropy",
                                                            "server first",
                                                            "answered",
                                                            "refused",
                                                            "client errors",
                                                            "server errors",
                                                            "refused logins",
                                                            "missing names"};

float log_of(double value) {
  return static_cast<float>(std::log2(1 + std::max(0.0, value)));
}
float flag(bool value) {
  return value ? 1.0F : 0.0F;
}
void count(std::uint16_t& counter) {
  if (counter < UINT16_MAX) ++counter;
}

}  // namespace

std::span<const std::string_view> feature_names() {
  return kNames;
}

std::uint64_t schema_hash() {
  std::string all = "bulkhead flow features 1";
  for (const std::string_view name : kNames) all += "\n" + std::string(name);
  return text_hash(all);
}

bool is_cleartext(std::string_view bytes) {
  const auto printable = std::count_if(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
  });
  return !bytes.empty() && static_cast<std::size_t>(printable) * 10 >= bytes.size() * 7;
}

std::optional<Sample> FlowCollector::take(const Observation& seen) {
  if (seen.kind == ObservationKind::kFact) {
    Facts& facts = facts_.at(seen.flow);
    switch (seen.fact) {
      case FactKind::kClientError: count(facts.client_errors); break;
      case FactKind::kServerError: count(facts.server_errors); break;
      case FactKind::kAuthFailed: count(facts.refused_logins); break;
      case FactKind::kNoSuchName: count(facts.missing_names); break;
      default: break;
    }
    return std::nullopt;
  }
  if (seen.kind != ObservationKind::kMilestone) return std::nullopt;
  if (seen.cause != MilestoneCause::kEnd && seen.cause != MilestoneCause::kPeriod) return std::nullopt;
  const Facts* known = facts_.find(seen.flow);
  const Facts facts = known == nullptr ? Facts{} : *known;
  if (seen.cause == MilestoneCause::kEnd) facts_.erase(seen.flow);
  Sample out;
  out.flow = seen.flow;
  out.client = seen.client;
  out.begin = seen.time + (-seen.age);
  const std::string_view first = seen.text();
  if (is_cleartext(first)) out.first = first;
  const auto sent = static_cast<double>(seen.payload[0]), got = static_cast<double>(seen.payload[1]);
  const double age = static_cast<double>(seen.age.count()) / 1e6;  // milliseconds
  using app::AppProtocol;
  const AppProtocol p = seen.protocol;
  const bool database = p == AppProtocol::redis || p == AppProtocol::pgsql || p == AppProtocol::mysql ||
                        p == AppProtocol::mongodb || p == AppProtocol::memcached;
  out.features = {flag(seen.client.protocol == 6),
                  flag(seen.client.protocol == 17),
                  flag(seen.client.protocol == 1 || seen.client.protocol == 58),
                  flag(p == AppProtocol::http1 || p == AppProtocol::http2),
                  flag(p == AppProtocol::tls),
                  flag(p == AppProtocol::dns),
                  flag(database),
                  flag(!app::is_known(p)),
                  flag(seen.client.destination_port < 1024),
                  flag(seen.client.destination_port >= 32768),
                  log_of(sent),
                  log_of(got),
                  log_of(seen.packets[0]),
                  log_of(seen.packets[1]),
                  static_cast<float>(sent + got == 0 ? 0.5 : sent / (sent + got)),
                  log_of(seen.packets[0] == 0 ? 0 : sent / seen.packets[0]),
                  log_of(seen.packets[1] == 0 ? 0 : got / seen.packets[1]),
                  log_of(age),
                  log_of(seen.turns),
                  log_of(seen.turns == 0 ? 0 : age / seen.turns),
                  static_cast<float>(seen.first_entropy) / 16,
                  flag(seen.server_first),
                  flag(seen.answered),
                  flag(seen.refused),
                  log_of(facts.client_errors),
                  log_of(facts.server_errors),
                  log_of(facts.refused_logins),
                  log_of(facts.missing_names)};
  return out;
}

}  // namespace bulkhead::models

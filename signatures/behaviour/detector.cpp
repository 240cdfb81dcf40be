#include "signatures/behaviour/detector.h"

#include <utility>

namespace bulkhead::behaviour {

std::string Scene::service_text() const {
  const auto port = std::to_string(service.port);
  switch (service.protocol) {
    case 1: return "icmp of " + name(service.server);
    case 6: return "tcp/" + port + " of " + name(service.server);
    case 17: return "udp/" + port + " of " + name(service.server);
    case 58: return "icmpv6 of " + name(service.server);
    default: return "protocol " + std::to_string(service.protocol) + " of " + name(service.server);
  }
}

Evidence Scene::evidence(Family family, double weight, std::string text) const {
  Evidence out;
  out.family = family;
  out.weight = weight;
  out.actor = client;
  out.victim = service.server;
  out.service = service;
  out.time = seen.time;
  out.flow = seen.flow;
  out.packet = seen.packet;
  if (seen.kind != ObservationKind::kLink) out.tuple = seen.client;
  out.verified = seen.verified;
  out.interface = seen.interface;
  out.text = std::move(text);
  return out;
}

}  // namespace bulkhead::behaviour

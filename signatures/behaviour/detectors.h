// The detectors, each with what it knows and when it speaks. Weights are what one detector alone may say: 0.6 raises an
// incident.
//
//   edge          a flow between parties that never spoke before, by surprise (novelty.h); little where nothing is
//   known of the client,
//                 or the server looks like a new replica
//   verb          a service is asked for what nobody asked before, more with each further one; new types of DNS
//   questions scan          one client meets eight services that it did not know within a minute outcome       failures
//   of a client at a service in 10 s beyond three times the most that was learned: logins, 4xx, 5xx,
//                 names that do not exist
//   half-open     a service has a hundred openings of 3 s that were not answered, five times the most that was learned
//   slow-request  fifteen connections to a service within 30 s that asked and were not answered within 3 s
//   dns-tunnel    twenty different long names below one domain within 10 s
//   signature     what the rules said of its flows, by severity
//   intel         an address, a name or a TLS fingerprint that a feed names, by its confidence
//   volume        a flow of an edge carries sixteen times what its flows carry (median, median deviation), 1 MB at
//   least burst         forty openings of an edge in a second, far from its mean (count_min.h) sweep         twelve
//   services within an hour that the client never used and that did not answer dga           eight domains within two
//   minutes that do not exist and look made by a machine (letters.h) beacon        nine openings like clockwork of a
//   service that the client is not known to use shell         short lines one way, answers the other, in no known
//   protocol, where nobody was known to talk miner         Stratum icmp-tunnel   echoes that carry three times what a
//   ping carries, sixteen of them link-sweep    a MAC asks for 32 addresses in 10 s, or says that it is four chain who
//   was attacked opens a new edge itself within an hour link          an address is claimed by another MAC shortly
//   after, or while, its owner speaks
//
// Thread   the behaviour thread. Limits  each table below holds kMaxTracked keys; the oldest goes first.
// Tests    tests/unit/signatures/behaviour/behaviour_engine_test.cpp; bench/detect
#pragma once

#include <memory>
#include <vector>

#include "signatures/behaviour/detector.h"

namespace bulkhead::behaviour {

inline constexpr std::size_t kMaxTracked = 16384;

[[nodiscard]] std::unique_ptr<Detector> make_edge_detector();
[[nodiscard]] std::unique_ptr<Detector> make_verb_detector();
[[nodiscard]] std::unique_ptr<Detector> make_scan_detector();
[[nodiscard]] std::unique_ptr<Detector> make_outcome_detector();
[[nodiscard]] std::unique_ptr<Detector> make_half_open_detector();
[[nodiscard]] std::unique_ptr<Detector> make_slow_request_detector();
[[nodiscard]] std::unique_ptr<Detector> make_dns_tunnel_detector();
[[nodiscard]] std::unique_ptr<Detector> make_link_detector();
[[nodiscard]] std::unique_ptr<Detector> make_alert_detector();
[[nodiscard]] std::unique_ptr<Detector> make_intel_detector();
[[nodiscard]] std::unique_ptr<Detector> make_volume_detector();
[[nodiscard]] std::unique_ptr<Detector> make_burst_detector();
[[nodiscard]] std::unique_ptr<Detector> make_sweep_detector();
[[nodiscard]] std::unique_ptr<Detector> make_dga_detector();
[[nodiscard]] std::unique_ptr<Detector> make_beacon_detector();
[[nodiscard]] std::unique_ptr<Detector> make_shell_detector();
[[nodiscard]] std::unique_ptr<Detector> make_miner_detector();
[[nodiscard]] std::unique_ptr<Detector> make_icmp_tunnel_detector();
[[nodiscard]] std::unique_ptr<Detector> make_link_sweep_detector();
[[nodiscard]] std::unique_ptr<Detector> make_chain_detector();
[[nodiscard]] std::vector<std::unique_ptr<Detector>> make_detectors();

}  // namespace bulkhead::behaviour

// The application layer of one worker: finds the protocol of each flow, feeds its parser, hands out what is
// finished.
//
//   TCP   bytes up to inspect_end of each direction, each once, in order; gaps and the end are told
//   UDP   one datagram after the other
//
// Detection does not know ports but as a hint to probes: each direction's first bytes are shown to every protocol's
// probe. What one side is recognised as holds for the other unless that one is recognised as something else.
//
// Thread   one per worker.
// Limits   detect_bytes, max_pending_bytes, max_transactions (AppSettings); beyond them the flow's parser stops,
//          counted.
// Errors   AppEvent (app_events.def) and the protocols' own events; never throws.
// Tests    tests/unit/datapath/app/app_layer_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/app_flow.h"
#include "datapath/app/app_settings.h"
#include "datapath/app/app_shared.h"
#include "datapath/app/probe_table.h"
#include "datapath/base/counters.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::app {

struct AppProtocolCounters {
  Counter flows, transactions;  // app_layer.flow.NAME, app_layer.tx.NAME
  Counter parser_errors, gaps;  // app_layer.error.NAME.parser, app_layer.error.NAME.gap
};

struct AppCounters {
  // By transport (TCP, UDP) and protocol: where a protocol goes over both, NAME ends in _tcp or _udp.
  std::array<std::array<AppProtocolCounters, kAppProtocolCount>, 2> protocols;
  Counter too_many_transactions, pending_overflow;
};

class AppLayer {
 public:
  // `shared`: by all workers; null: one of its own.
  explicit AppLayer(const AppSettings& settings, AppShared* shared = nullptr);

  // Takes over what has become readable of one direction. `ends`: nothing will follow.
  // It may turn the flow round (AppFlow::turned).
  void stream(flow::Flow& flow, Direction d, const stream::StreamSide& side, bool ends, Timestamp now);
  // `length` bytes behind what was taken over will never be seen.
  void gap(flow::Flow& flow, Direction d, std::uint64_t length, Timestamp now);
  // The payload of one UDP packet. It may turn the flow round.
  void datagram(flow::Flow& flow, Direction d, ByteSpan payload, Timestamp now);

  // Files that begin from now on get these hashes too.
  void need(const HashNeeds& hashes) {
    settings_.hash_md5 |= hashes.md5;
    settings_.hash_sha1 |= hashes.sha1;
    settings_.hash_sha256 |= hashes.sha256;
  }
  // Conversations that begin from now on are given these.
  void need(const FeatureNeeds& features) {
    settings_.tls.rules_use_ja3 |= features.ja3;
    settings_.tls.rules_use_ja4 |= features.ja4;
    settings_.ssh.rules_use_hassh |= features.hassh;
  }
  // Is any record of this protocol wanted?
  [[nodiscard]] bool recorded(AppProtocol protocol) const { return recorded_[index_of(protocol)]; }
  [[nodiscard]] const AppSettings& settings() const { return settings_; }
  [[nodiscard]] const AppCounters& counters() const { return counters_; }
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;

 private:
  [[nodiscard]] AppFlow& state_of(flow::Flow& flow);
  void take(flow::Flow& flow, AppFlow& state, Direction d, ByteSpan bytes, Timestamp now);
  void detect(flow::Flow& flow, AppFlow& state, Direction d, bool last, Timestamp now);
  static void turn(flow::Flow& flow, AppFlow& state);
  void settle(flow::Flow& flow, AppFlow& state, Direction d, AppProtocol found);
  void start_parser(AppFlow& state);
  void feed_both(flow::Flow& flow, AppFlow& state, Direction first, Timestamp now);
  void parse(flow::Flow& flow, AppFlow& state, Direction d, ByteSpan bytes, Timestamp now);
  void change(AppFlow& state, AppProtocol next);
  bool start_announced(const flow::Flow& flow, AppFlow& state);
  void stop(AppFlow& state);
  AppProtocolCounters& counters_of(const flow::Flow& flow, AppProtocol protocol);
  void end(flow::Flow& flow, AppFlow& state, Direction d, Timestamp now);

  AppSettings settings_;
  std::array<bool, kAppProtocolCount> recorded_{};
  AppShared own_;
  AppShared& shared_;
  ProbeTable probes_;
  AppCounters counters_;
};

}  // namespace bulkhead::app

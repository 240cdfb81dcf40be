// The signature matcher as the pipeline sees it: finds the candidates of each packet and has them judged.
//
//   on_data   Hyperscan over the stream, in place; notes where patterns of rules ended
//   inspect   candidates = decode and stream event rules, address-only rules (once per flow and direction), rules per
//             packet, patterns in the packet, patterns in stream data that may now be read, rules still pending
//
// Thread   SignatureFactory is shared and immutable; one SignatureInspector per worker.
// Limits   per flow: two Hyperscan streams, one hit entry per literal, max_pending rules; idle streams are pooled.
// Errors   none; never throws; counters in add_stats().
// Tests    tests/unit/signatures/match/signature_inspector_test.cpp
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "datapath/pipeline/inspector.h"
#include "signatures/match/matcher.h"
#include "signatures/match/scanner.h"

namespace bulkhead::signatures {

class SignatureFactory final : public pipeline::InspectorFactory {
 public:
  // `shared` outlives reloads: give every generation the same one.
  SignatureFactory(SignatureDbPtr db, const MatchSettings& settings, std::shared_ptr<SharedState> shared)
      : db_(std::move(db)), settings_(settings), shared_(std::move(shared)) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t worker) const override;
  [[nodiscard]] app::HashNeeds hash_needs() const override {
    return {db_->needs_md5, db_->needs_sha1, db_->needs_sha256};
  }
  [[nodiscard]] app::FeatureNeeds feature_needs() const override { return db_->features; }
  [[nodiscard]] const SignatureDb& db() const { return *db_; }

 private:
  SignatureDbPtr db_;
  MatchSettings settings_;
  std::shared_ptr<SharedState> shared_;
};

class SignatureInspector final : public pipeline::Inspector {
 public:
  SignatureInspector(SignatureDbPtr db, const MatchSettings& settings, std::shared_ptr<SharedState> shared);

  [[nodiscard]] std::string_view name() const override { return "signatures"; }
  [[nodiscard]] bool reads_windows() const override { return true; }
  void inspect(pipeline::InspectContext& context) override;
  void on_flow_end(flow::Flow& flow) override;
  void adopt(flow::Flow& flow) override;
  void on_data(flow::Flow& flow, bulkhead::Direction d, std::uint64_t offset, ByteSpan data) override;
  void on_gap(flow::Flow& flow, bulkhead::Direction d, std::uint64_t offset, std::uint64_t length) override;
  void on_rewind(flow::Flow& flow, bulkhead::Direction d, std::uint64_t offset) override;
  [[nodiscard]] std::shared_ptr<const event::FlowMetadata> flow_metadata(const flow::Flow& flow) const override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& stats) const override;

  [[nodiscard]] const ScanCounters& scan_counters() const { return scanner_.counters(); }
  [[nodiscard]] const MatcherCounters& matcher_counters() const { return matcher_.counters(); }

 private:
  using NameIds = std::map<std::string, std::uint32_t, std::less<>>;

  [[nodiscard]] SignatureFlowState& state_of(flow::Flow& flow);
  void adopt(const flow::Flow& flow, SignatureFlowState& state);
  void choose_groups(const flow::Flow& flow, SignatureFlowState& state);
  void add_packet_candidates(const pipeline::InspectContext& context, const RuleGroup& group, bool tcp);
  void add_pattern_candidates(const LiteralDb& literals, ByteSpan payload);
  void add_always(std::span<const std::uint32_t> rules, bool on_packet, bool on_stream);
  void add_stream_candidates(StreamScan& scan, const RuleGroup& group, std::uint64_t readable_end);
  [[nodiscard]] bool is_due(const pipeline::InspectContext& context, const StreamScan& scan,
                            const stream::StreamSide& side) const;
  void after_stream(StreamScan& scan, stream::StreamSide& side);

  SignatureDbPtr db_;
  const MatchSettings settings_;
  std::shared_ptr<SharedState> shared_;
  Scanner scanner_;
  Matcher matcher_;
};

}  // namespace bulkhead::signatures

// Judges one packet (and the stream data that became readable with it) by candidate rules.
//
// Thread   one per worker.
// In       candidates in any order; the matcher sorts them into the order of inspection.
// Out      InspectContext::alerts in report order. A matching pass rule ends the list.
// Order    header, flow, flowbits, packet conditions, payload, host bits: cheap first. State changes of a rule that
//          matched are seen by the rules after it; pair bits from the next packet on.
// Stream   a rule looks first at the data that was not judged before, then at the whole retained window. What a rule
//          has reported once it does not report again: later it only looks at data from there on.
// Limits   packet_alert_max reported alerts; more are counted, their drop still acts.
// Errors   none; never throws.
// Tests    tests/unit/signatures/match/signature_inspector_test.cpp, tests/unit/signatures/match/differential_test.cpp
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "datapath/pipeline/inspector.h"
#include "signatures/match/flow_state.h"
#include "signatures/match/match_settings.h"
#include "signatures/match/scanner.h"

namespace bulkhead::signatures {

struct Candidate {
  std::uint32_t rule = 0;
  bool on_packet = false;
  bool on_stream = false;
  bool has_hit = false;     // of its pattern in the stream
  std::uint64_t begin = 0;  // of the first hit
  std::uint64_t end = 0;    // of the last one
};

struct MatcherCounters {
  Counter candidates, evaluated, matches, forgotten, pending_dropped;
};

class Matcher {
 public:
  Matcher(SignatureDbPtr db, const MatchSettings& settings, std::shared_ptr<SharedState> shared);

  // Buffers of transactions are scanned with it; lives as long as the matcher.
  void use(Scanner& scanner) { scanner_ = &scanner; }
  void begin(const pipeline::InspectContext& context, SignatureFlowState* state);
  // Facts about the packet for RuleHead::fits.
  [[nodiscard]] std::uint8_t facts() const { return facts_; }
  void add(const Candidate& candidate) { candidates_.push_back(candidate); }
  [[nodiscard]] bool fits(std::uint32_t rule) const {
    return db_->heads[rule].fits(source_port_, destination_port_, facts_);
  }
  // Judges all candidates; `side` and `view` describe the readable stream data (null: none).
  void finish(pipeline::InspectContext& context, StreamScan* scan, const stream::StreamSide* side);

  // After finish(): is the packet to be logged because of an alert before it?
  [[nodiscard]] bool is_tagged();

  [[nodiscard]] const MatcherCounters& counters() const { return counters_; }
  [[nodiscard]] const PayloadCounters& payload_counters() const { return payload_.counters(); }

 private:
  struct Match {
    std::uint32_t rule = 0;
    std::optional<std::uint64_t> tx_id;
    bool tx_of_packet = false;  // tx_id only says which transaction the datagram belongs to
    bool on_stream = false;
    std::uint64_t begin = 0, end = 0;
  };
  enum class Payload : std::uint8_t { kNo, kPacket, kStream };

  enum class PartResult : std::uint8_t { kMatch, kNotYet, kNever };

  void judge_transactions();
  void name_transaction(const Signature& s, Match& match) const;
  void judge_parser(app::AppParser& parser, const app::Protocol& protocol);
  void judge_transaction(app::Transaction& tx, const app::Protocol& protocol, const TxGroup& group);
  [[nodiscard]] std::uint64_t scan_buffer(app::Transaction& tx, const app::Protocol& protocol,
                                          const TxBufferGroup& buffer, std::uint64_t looked);
  void judge_tx_rule(app::Transaction& tx, const app::Protocol& protocol, std::uint32_t index);
  [[nodiscard]] PartResult judge_part(app::Transaction& tx, const app::Protocol& protocol, const TxPart& part);
  [[nodiscard]] bool stream_waits() const;
  [[nodiscard]] bool payload_part(const PayloadProgram& program);
  void keep_files(app::Transaction& tx, const Signature& s);
  [[nodiscard]] PartResult files_part(const app::Transaction& tx, const RareList<FileCondition>& conditions);
  void sort_candidates();
  void judge(const Candidate& candidate);
  // Calls `judged`, and measures it in some packets.
  template <typename Judged>
  void measured(std::uint32_t rule, Judged&& judged);
  [[nodiscard]] bool header_fits(const Signature& s) const;
  [[nodiscard]] bool fits_both_ways(const Signature& s) const;
  [[nodiscard]] bool knows_application() const;
  [[nodiscard]] bool ends_fit(const Signature& s, bool swapped) const;
  [[nodiscard]] bool flow_fits(const Signature& s) const;
  [[nodiscard]] bool variables_fit(const Signature& s) const;
  [[nodiscard]] bool packet_buffers_fit(const CompiledRule& rule);
  [[nodiscard]] Payload payload_fits(const CompiledRule& rule, const Candidate& candidate, Match& match);
  [[nodiscard]] bool stream_fits(const CompiledRule& rule, const Candidate& candidate, Match& match);
  [[nodiscard]] bool try_stream(const CompiledRule& rule, std::uint64_t from, bool line_start, Match& match);
  [[nodiscard]] bool host_bits_fit(const Signature& s);
  void change_variables(const Signature& s, std::uint32_t rule);
  void keep_pending(const Candidate& candidate);
  void remember_fired(std::uint32_t rule);
  void report(pipeline::InspectContext& context);
  bool report_one(pipeline::InspectContext& context, const Match& match, std::uint32_t& places);
  [[nodiscard]] ThresholdDecision threshold(const pipeline::InspectContext& context, const CompiledRule& rule);
  void apply_pair_bits();
  void switch_logging_off(const Signature& s, app::Transaction* tx);
  void start_tags(const Signature& s);

  SignatureDbPtr db_;
  const MatchSettings settings_;
  std::shared_ptr<SharedState> shared_;
  std::shared_ptr<RuleUseLane> use_;  // ours alone to write
  PayloadMatcher payload_;
  std::vector<std::uint64_t> host_bit_names_;  // by number: the same for equal names in every generation

  Scanner* scanner_ = nullptr;

  // During one packet.
  std::vector<std::uint32_t> tx_rules_;
  MatchInput input_;
  const pipeline::InspectContext* context_ = nullptr;
  SignatureFlowState* state_ = nullptr;
  StreamScan* scan_ = nullptr;
  const stream::StreamSide* side_ = nullptr;
  std::uint16_t source_port_ = 0, destination_port_ = 0;
  std::uint8_t facts_ = 0;
  bool timed_ = false;  // this packet's checks are measured
  std::vector<Candidate> candidates_;
  std::vector<Match> matches_;
  std::vector<std::uint32_t> pair_bit_rules_;
  std::vector<std::pair<std::uint32_t, std::string>> packet_captures_;
  MatcherCounters counters_;
};

template <typename Judged>
void Matcher::measured(std::uint32_t rule, Judged&& judged) {
  if (!timed_) return judged();
  RuleUse& use = use_->rules[rule];
  const std::uint64_t checks = use.checks.value();
  const auto begin = std::chrono::steady_clock::now();
  judged();
  if (use.checks.value() == checks) return;  // its header did not fit
  use.samples.add();
  use.sampled_ns.add(static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin).count()));
}

}  // namespace bulkhead::signatures

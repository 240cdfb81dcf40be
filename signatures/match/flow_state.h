// What the matcher keeps with a flow (ExtensionSlot::kSignatures).
//
// Lifetime holds the SignatureDb that its Hyperscan streams and numbers belong to, so that a reload cannot
//          pull it away; the next packet after a reload moves the variables to the new numbers.
// Thread   the worker owning the flow.
#pragma once

#include <hs/hs.h>

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/flow/flow.h"
#include "signatures/compile/signature_db.h"
#include "signatures/keywords/match_input.h"
#include "signatures/match/tag_list.h"

namespace bulkhead::signatures {

// Where a literal ended in the stream: first and last time since the data was last judged.
struct PatternHit {
  std::uint32_t literal = 0;
  std::uint64_t first_end = 0;
  std::uint64_t last_end = 0;
};
// A rule whose pattern was seen and whose other conditions later data may still fulfil.
struct PendingRule {
  std::uint32_t rule = 0;
  std::uint64_t begin = 0;  // of the pattern
  std::uint64_t end = 0;
};
struct FiredRule {
  std::uint32_t rule = 0;
  std::uint64_t end = 0;  // data before it has been reported
};

// One direction.
struct StreamScan {
  hs_stream_t* stream = nullptr;  // opened with the first data
  std::uint64_t base = 0;         // stream offset of Hyperscan's offset 0
  std::uint64_t scanned_end = 0;
  std::uint64_t judged_end = 0;  // data before it has been judged
  std::vector<PatternHit> hits;
  std::vector<PendingRule> pending;
  std::vector<FiredRule> fired;
  const RuleGroup* group = nullptr;
  bool ip_only_done = false;
};

struct SignatureFlowState final : flow::FlowExtension {
  ~SignatureFlowState() override {
    for (StreamScan& side : sides) {
      if (side.stream != nullptr) hs_close_stream(side.stream, nullptr, nullptr, nullptr);
    }
  }
  SignatureDbPtr db;
  std::uint16_t client_port = 0, server_port = 0;  // of the groups
  std::array<StreamScan, 2> sides;                 // by Direction
  FlowVariables variables;
  TagList tags;
  bool logging_off = false;  // by a config rule: no records of transactions
};

}  // namespace bulkhead::signatures

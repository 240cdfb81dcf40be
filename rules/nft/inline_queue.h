// The part of the ruleset that hands packets to inline workers: tables `bulkhead` in the families ip and ip6, where
// x_tables targets can be used, so that kernels without the nft queue expression do it too.
//
//   forward, input, output   priority       connection decided? go on
//                                           flows: policy and not marked for inspection? go on
//                                           to one of the queues, by the flow's addresses
//   the same                 priority + 1   the verdict's mark becomes the connection's: it does not come again
//
// Bridged packets are seen where br_netfilter shows them to these hooks (EnforcementMode).
// Marks    two bits of the connection mark, `mark_bits` shifted by `mark_shift`: 1 inspect, 2 decided; and the same
//          bits of the packet mark between verdict and the second chain, which clears them.
// Fail     `fail_open`: without a reader packets pass, else they are lost.
// Thread   control thread; pure function of its arguments.
// Source   linux/netfilter/xt_NFQUEUE.h, linux/netfilter/nf_tables_compat.h
// Tests    tests/unit/rules/nft/inline_queue_test.cpp, tests/netns/nfqueue_source_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

enum class InlineFlows : std::uint8_t { kNothing, kPolicy, kAll };

struct InlineQueueSettings {
  InlineFlows flows = InlineFlows::kNothing;
  std::uint16_t first_queue = 0, queues = 1;
  bool fail_open = true;
  std::int32_t priority = 50;    // behind the filter tables of others (0)
  std::uint8_t mark_shift = 24;  // of two bits in packet and connection marks

  [[nodiscard]] std::uint32_t inspect_mark() const { return 1U << mark_shift; }
  [[nodiscard]] std::uint32_t decided_mark() const { return 2U << mark_shift; }
  [[nodiscard]] std::uint32_t mark_mask() const { return 3U << mark_shift; }
  bool operator==(const InlineQueueSettings&) const = default;
};

// None when no flow is inspected inline.
[[nodiscard]] std::vector<NftTable> render_inline_queue(const std::string& table, const InlineQueueSettings& settings);

}  // namespace bulkhead::rules

// Whole nf_tables messages: commands of a batch to bytes, answers of a dump to values.
//
// Thread   pure functions and one builder.
// Out      BatchEncoder: one buffer with NFNL_MSG_BATCH_BEGIN, the messages, NFNL_MSG_BATCH_END, and for
//          each sequence number the command it belongs to. The last message asks for an acknowledgement.
// Limits   element lists are split over messages of at most 48 KiB.
// Errors   decode_*() answer false for broken attributes; unknown attributes are passed over.
// Source   linux/netfilter/nfnetlink.h, nf_tables.h
// Tests    tests/unit/rules/nft/expression_codec_test.cpp, tests/fuzz/fuzz_nft_codec.cpp
#pragma once

#include <cstdint>
#include <vector>

#include "rules/nft/attributes.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

class BatchEncoder {
 public:
  // `first_sequence` is the number of the begin message; messages follow one by one.
  explicit BatchEncoder(std::uint32_t first_sequence);
  void add(const NftCommand& command, std::size_t index);
  // Ends the batch and hands out its bytes. False: a list is too long for one attribute.
  bool finish();

  [[nodiscard]] const std::vector<Byte>& bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t begin_sequence() const { return first_; }
  [[nodiscard]] std::uint32_t last_sequence() const { return first_ + static_cast<std::uint32_t>(owners_.size()); }
  // Index of the command that made the message of this sequence number; npos for begin, end and strangers.
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  [[nodiscard]] std::size_t command_of(std::uint32_t sequence) const;

 private:
  void close_message(std::size_t at);
  std::size_t open(const NftCommand& command, std::uint16_t type, std::uint16_t flags, std::size_t index);
  void add_chain(const NftCommand& command, std::size_t index);
  void add_rule(const NftCommand& command, std::size_t index);
  void add_set(const NftCommand& command, std::size_t index);
  void add_elements(const NftCommand& command, std::uint16_t type, std::uint16_t flags, std::size_t index);

  std::vector<Byte> bytes_;
  std::vector<std::size_t> owners_;
  std::size_t last_message_ = 0;
  std::uint32_t first_ = 0;
  bool fits_ = true;
};

// A dump request; `table` and `set` narrow it where not empty.
[[nodiscard]] std::vector<Byte> encode_dump(std::uint8_t message, NftFamily family, const std::string& table,
                                            const std::string& set, std::uint32_t sequence);

// The bodies (behind nfgenmsg) of dumped messages. The object's table is written to `table`.
struct DecodedRule {
  std::string table, chain;
  NftRule rule;
};
[[nodiscard]] bool decode_table(ByteSpan body, std::string& name);
[[nodiscard]] bool decode_chain(ByteSpan body, std::string& table, NftChain& out);
[[nodiscard]] bool decode_rule(ByteSpan body, DecodedRule& out);
[[nodiscard]] bool decode_set(ByteSpan body, std::string& table, NftSet& out);
[[nodiscard]] bool decode_set_elements(ByteSpan body, std::vector<NftElement>& out);

}  // namespace bulkhead::rules

// The compiled rule set: what a worker needs to judge packets, and nothing it could change.
//
// Thread   built by compile_signatures() on the control thread; immutable and shared by all workers.
// Lifetime programs and groups refer to `signatures` by pointer and index: the object never moves.
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "datapath/app/protocol_table.h"
#include "signatures/compile/group.h"
#include "signatures/compile/payload_program.h"
#include "signatures/compile/regex.h"
#include "signatures/compile/signature.h"
#include "signatures/keywords/variable_names.h"

namespace bulkhead::signatures {

// One condition of a rule over transactions, in the order in which they are judged.
struct TxPart {
  enum class Kind : std::uint8_t { kBuffer, kCondition, kFiles, kPayload };
  Kind kind = Kind::kBuffer;
  const PayloadProgram* program = nullptr;          // kBuffer, kPayload
  const TransactionCondition* condition = nullptr;  // kCondition
  const RareList<FileCondition>* files = nullptr;   // kFiles
};

// The patterns of all rules in one buffer of a protocol, and the rules of the protocol without a pattern.
struct TxBufferGroup {
  const app::BufferDef* def = nullptr;
  LiteralDbPtr literals;
};
struct TxGroup {
  std::vector<TxBufferGroup> buffers;
  RuleIndexes always;
};

// What the matcher reads of a rule before it looks at payload. Belongs to its Signature, and to all databases that
// share it.
struct CompiledRule {
  const Signature* signature = nullptr;
  RareList<PayloadProgram> programs;         // of the payload
  RareList<PayloadProgram> packet_programs;  // of buffers that every packet has: headers, addresses
  RareList<PayloadProgram> base64_programs;  // of what base64_decode makes
  RareList<PayloadProgram> tx_programs;      // of buffers of protocols
  RareList<TxPart> tx_parts;                 // empty: the rule does not look at transactions
  bool whole_pattern =
      false;  // the payload part is one content, and its fast pattern is all of it: nothing can complete it later
  bool needs_decode_events = false;
  bool needs_stream_events = false;
  bool acts_on_flow = false;  // drop and pass hold for the flow even when a packet matched
};

// Facts about a packet that rules may require or exclude: the first, cheapest look.
namespace fact {
inline constexpr std::uint8_t kFlow = 1, kToServer = 2, kToClient = 4, kEstablished = 8, kPayload = 16, kFlowbits = 32;
}
struct RuleHead {
  std::uint16_t source_low = 0, source_high = 65535;  // the smallest range that holds all ports of the rule
  std::uint16_t destination_low = 0, destination_high = 65535;
  std::uint8_t require = 0, exclude = 0;

  [[nodiscard]] bool fits(std::uint16_t source, std::uint16_t destination, std::uint8_t facts) const {
    return (require & ~facts) == 0 && (exclude & facts) == 0 && source >= source_low && source <= source_high &&
           destination >= destination_low && destination <= destination_high;
  }
};

struct SignatureDbStats {
  std::size_t rules = 0, rules_with_pattern = 0, rules_without_pattern = 0, ip_only = 0;
  std::size_t regexes = 0, regex_bytes = 0, regexes_without_jit = 0;
  std::size_t groups = 0, databases = 0, database_bytes = 0, literals = 0, largest_stream_bytes = 0;
  std::size_t taken_over = 0;  // rules of the database before
  std::size_t cache_hits = 0, cache_misses = 0, cache_corrupt = 0;
  double seconds = 0;
};

// The compiled form of each rule of a list.
class CompiledRules {
 public:
  explicit CompiledRules(const SignatureList& signatures) : signatures_(signatures) {}
  class Iterator {
   public:
    explicit Iterator(SignatureList::const_iterator at) : at_(at) {}
    const CompiledRule& operator*() const { return *at_->compiled; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    SignatureList::const_iterator at_;
  };
  [[nodiscard]] std::size_t size() const { return signatures_.size(); }
  [[nodiscard]] const CompiledRule& operator[](std::size_t i) const { return *signatures_[i].compiled; }
  [[nodiscard]] Iterator begin() const { return Iterator(signatures_.begin()); }
  [[nodiscard]] Iterator end() const { return Iterator(signatures_.end()); }

 private:
  const SignatureList& signatures_;
};

class SignatureDb {
 public:
  SignatureDb() = default;
  SignatureDb(const SignatureDb&) = delete;
  SignatureDb& operator=(const SignatureDb&) = delete;

  SignatureList signatures;         // in the order of inspection
  CompiledRules rules{signatures};  // same index
  std::vector<RuleHead> heads;      // same index
  std::vector<std::shared_ptr<const Regex>> regexes;
  std::array<std::array<PortGroups, 2>, kProtocolClasses> groups;  // by class and direction
  RuleIndexes decode_event_rules;
  std::array<std::array<TxGroup, 2>, app::kAppProtocolCount> tx_groups;  // by protocol and direction
  bool needs_md5 = false, needs_sha1 = false, needs_sha256 = false;      // some rule asks for hashes of files
  app::FeatureNeeds features;                                            // ... for what parsers do not make otherwise
  std::vector<LiteralDbPtr> literal_dbs;
  VariableNames names;               // what the numbers in rules stand for; also what survives a reload
  bool has_host_tags = false;        // some rule tags hosts: every packet has to be looked up
  std::uint32_t variable_slots = 0;  // most that any rule uses
  std::string context;               // ResolveSettings::context
  SignatureDbStats stats;

  [[nodiscard]] const RuleGroup& group(ProtocolClass c, bulkhead::Direction d, std::uint16_t server_port,
                                       std::uint16_t client_port) const {
    return groups[static_cast<std::size_t>(c)][index_of(d)].find(server_port, client_port);
  }
};
using SignatureDbPtr = std::shared_ptr<const SignatureDb>;

}  // namespace bulkhead::signatures

// nf_tables objects as values: what the renderer makes, the codec writes and reads, the diff compares.
//
// Registers are counted in 32-bit words as the kernel stores them: 0 is the verdict, data begins at
//          kFirstRegister; a 16-byte register is four words.
// Equality leaves out what only the kernel knows: handles, counter values, expiration.
// Thread   value types.
// Source   linux/netfilter/nf_tables.h
// Tests    tests/unit/rules/nft/
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "datapath/base/big_endian.h"

namespace bulkhead::rules {

using Bytes = std::vector<Byte>;

enum class NftFamily : std::uint8_t { kUnspec = 0, kInet = 1, kIp = 2, kArp = 3, kNetdev = 5, kBridge = 7, kIp6 = 10 };
[[nodiscard]] const char* to_string(NftFamily family);

using Register = std::uint8_t;
inline constexpr Register kVerdictRegister = 0;
inline constexpr Register kFirstRegister = 4;

struct NftVerdict {
  std::int32_t code = 0;  // NF_DROP, NF_ACCEPT, NFT_JUMP, NFT_GOTO, NFT_RETURN
  std::string chain;      // of jump and goto
  bool operator==(const NftVerdict&) const = default;
};

struct ExprPayload {
  std::uint32_t base = 0;  // NFT_PAYLOAD_*
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  Register dreg = kFirstRegister;
  bool operator==(const ExprPayload&) const = default;
};
struct ExprMeta {
  std::uint32_t key = 0;  // NFT_META_*
  Register dreg = kFirstRegister;
  bool operator==(const ExprMeta&) const = default;
};
struct ExprCt {
  std::uint32_t key = 0;  // NFT_CT_*
  std::optional<std::uint8_t> direction;
  Register dreg = kFirstRegister;
  bool operator==(const ExprCt&) const = default;
};
struct ExprCmp {
  std::uint32_t op = 0;  // NFT_CMP_*
  Bytes data;
  Register sreg = kFirstRegister;
  bool operator==(const ExprCmp&) const = default;
};
struct ExprRange {
  std::uint32_t op = 0;  // NFT_RANGE_*
  Bytes from, to;
  Register sreg = kFirstRegister;
  bool operator==(const ExprRange&) const = default;
};
struct ExprBitwise {
  Bytes mask, flip;  // result = (source & mask) ^ flip
  Register sreg = kFirstRegister;
  Register dreg = kFirstRegister;
  bool operator==(const ExprBitwise&) const = default;
};
struct ExprLookup {
  std::string set;
  Register sreg = kFirstRegister;
  std::optional<Register> dreg;  // a map; kVerdictRegister: a verdict map
  bool invert = false;
  bool operator==(const ExprLookup&) const = default;
};
struct ExprVerdict {
  NftVerdict verdict;
  bool operator==(const ExprVerdict&) const = default;
};
struct ExprImmediate {
  Bytes data;
  Register dreg = kFirstRegister;
  bool operator==(const ExprImmediate&) const = default;
};
struct ExprCounter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool operator==(const ExprCounter&) const { return true; }
};
struct ExprLog {
  std::string prefix;
  std::optional<std::uint16_t> group;  // absent: the kernel log
  std::uint32_t level = 4;             // of the kernel log
  bool operator==(const ExprLog&) const = default;
};
struct ExprLimit {
  std::uint64_t rate = 0;
  std::uint64_t unit_seconds = 1;
  std::uint32_t burst = 5;
  std::uint32_t type = 0;   // NFT_LIMIT_PKTS, NFT_LIMIT_PKT_BYTES
  std::uint32_t flags = 0;  // NFT_LIMIT_F_INV
  bool operator==(const ExprLimit&) const = default;
};
struct ExprReject {
  std::uint32_t type = 0;  // NFT_REJECT_*
  std::uint8_t code = 0;
  bool operator==(const ExprReject&) const = default;
};
// Connections of conntrack that are open; matches while they are at most `count`.
struct ExprConnlimit {
  std::uint32_t count = 0;
  std::uint32_t flags = 0;  // NFT_CONNLIMIT_F_INV
  bool operator==(const ExprConnlimit&) const = default;
};
// Adds the key to a set with timeouts, or renews it there, from the packet path. With `limit` or `open` each key has
// a token bucket or a count of connections of its own, and the rule goes on as that says.
struct ExprDynset {
  std::string set;
  std::uint64_t timeout_ms = 0;
  std::uint32_t op = 1;  // NFT_DYNSET_OP_UPDATE
  Register sreg = kFirstRegister;
  std::optional<ExprLimit> limit;
  std::optional<ExprConnlimit> open;
  bool operator==(const ExprDynset&) const = default;
};
// A field of an IPv6 extension header or an IPv4 option; with NFT_EXTHDR_F_PRESENT: 1 when it is there, else 0.
struct ExprExthdr {
  std::uint32_t op = 0;  // NFT_EXTHDR_OP_*
  std::uint8_t type = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 1;
  std::uint32_t flags = 0;
  Register dreg = kFirstRegister;
  bool operator==(const ExprExthdr&) const = default;
};
// Sets the packet's mark, or that of its connection, from a register.
struct ExprMetaSet {
  std::uint32_t key = 0;  // NFT_META_*
  Register sreg = kFirstRegister;
  bool operator==(const ExprMetaSet&) const = default;
};
struct ExprCtSet {
  std::uint32_t key = 0;  // NFT_CT_*
  Register sreg = kFirstRegister;
  bool operator==(const ExprCtSet&) const = default;
};
// Sends the packet out of the interface whose index is in the register; netdev family alone.
struct ExprForward {
  Register sreg = kFirstRegister;
  bool operator==(const ExprForward&) const = default;
};
// A target of x_tables (nft compat), with its data as the kernel's struct lays it out; only in the families ip and ip6.
// Its rule is told to the kernel as one for every protocol.
struct ExprTarget {
  std::string name;
  std::uint32_t revision = 0;
  Bytes data;
  bool operator==(const ExprTarget&) const = default;
};
// One that this codec does not write; kept whole so that a foreign rule can be told from ours.
struct ExprUnknown {
  std::string name;
  Bytes attributes;
  bool operator==(const ExprUnknown&) const = default;
};

using Expression = std::variant<ExprPayload, ExprMeta, ExprCt, ExprCmp, ExprRange, ExprBitwise, ExprLookup, ExprVerdict,
                                ExprImmediate, ExprCounter, ExprLog, ExprLimit, ExprConnlimit, ExprReject, ExprDynset,
                                ExprExthdr, ExprMetaSet, ExprCtSet, ExprForward, ExprTarget, ExprUnknown>;

// The set that the expression looks up or adds to; null: none.
[[nodiscard]] const std::string* set_of(const Expression& expression);

struct NftRule {
  std::vector<Expression> expressions;
  std::string comment;
  std::uint64_t handle = 0;
  bool operator==(const NftRule& other) const { return expressions == other.expressions && comment == other.comment; }
  // Sum of the counters of this rule.
  [[nodiscard]] ExprCounter counter() const;
};

struct NftHook {
  std::string type = "filter";
  std::uint32_t number = 0;  // NF_INET_*, NF_BR_*
  std::int32_t priority = 0;
  std::uint32_t policy = 1;  // NF_ACCEPT, NF_DROP
  std::string device;        // of netdev chains; empty when the kernel says that it is gone
  bool operator==(const NftHook&) const = default;
};

struct NftChain {
  std::string name;
  std::optional<NftHook> hook;  // a base chain
  std::vector<NftRule> rules;
  // Sets of its table: while they are all empty the chain may be missing, since nobody needs it. Not in the kernel.
  std::vector<std::string> needed_by = {};
};

struct NftElement {
  Bytes key;
  Bytes key_end;                      // inclusive; concatenated intervals only
  bool interval_end = false;          // of simple intervals: first key behind the interval
  std::optional<NftVerdict> verdict;  // of verdict maps
  Bytes data;                         // of other maps
  std::uint64_t timeout_ms = 0;       // 0: for ever
  std::uint64_t expires_ms = 0;       // left; only read
  std::string comment;
  bool operator==(const NftElement& other) const {
    return key == other.key && key_end == other.key_end && interval_end == other.interval_end &&
           verdict == other.verdict && data == other.data;
  }
};

// The numbers that nft gives to key types, so that its own listing prints our sets in words.
enum class NftType : std::uint32_t {
  kVerdict = 1,
  kIpv4 = 7,
  kIpv6 = 8,
  kEther = 9,
  kEtherType = 10,
  kProtocol = 12,
  kService = 13,
  kMark = 19,
  kInterfaceIndex = 20,
  kInterface = 41,
};
[[nodiscard]] std::uint32_t type_length(NftType type);
// Types of a concatenation, six bits each, first field highest.
[[nodiscard]] std::uint32_t concat_type(const std::vector<NftType>& fields);
[[nodiscard]] std::vector<NftType> concat_fields(std::uint32_t type);

struct NftSet {
  std::string name;
  std::vector<NftType> key;
  bool interval = false;
  bool verdict_map = false;
  std::vector<NftType> data;  // of a map to values; empty: a set or a verdict map
  bool timeouts = false;
  bool from_packets = false;      // rules add elements (ExprDynset)
  std::uint32_t size = 0;         // most elements; 0: no limit
  bool dynamic_elements = false;  // elements belong to someone else (blocks): not compared. Not in the kernel.
  std::vector<NftElement> elements;

  [[nodiscard]] std::uint32_t key_length() const;  // each field padded to a multiple of four
  [[nodiscard]] std::uint32_t data_length() const;
  [[nodiscard]] bool same_definition(const NftSet& other) const {
    return key == other.key && interval == other.interval && verdict_map == other.verdict_map && data == other.data &&
           timeouts == other.timeouts && from_packets == other.from_packets && size == other.size;
  }
};

struct NftTable {
  NftFamily family = NftFamily::kInet;
  std::string name;
  std::vector<NftChain> chains;
  std::vector<NftSet> sets;

  [[nodiscard]] const NftChain* chain(std::string_view chain_name) const;
  [[nodiscard]] const NftSet* set(std::string_view set_name) const;
};

struct NftRuleset {
  std::vector<NftTable> tables;
  [[nodiscard]] const NftTable* table(NftFamily family, std::string_view name) const;
};

// One change; a batch of them takes effect whole or not at all.
enum class NftOp : std::uint8_t {
  kAddTable,
  kDeleteTable,
  kAddChain,
  kDeleteChain,
  kFlushChain,
  kAddRule,
  kAddSet,
  kDeleteSet,
  kAddElements,
  kDeleteElements,
  kFlushElements,  // all of a set, there or not; no batch fails for it but where the set is missing
};
[[nodiscard]] const char* to_string(NftOp op);
struct NftCommand {
  NftOp op = NftOp::kAddTable;
  NftFamily family = NftFamily::kInet;
  std::string table;
  std::string name;    // of the chain or set; the rule's chain
  bool owned = false;  // kAddTable: the kernel takes the table away with the socket that made it
  std::optional<NftHook> hook;
  NftRule rule;
  NftSet set;  // definition; elements of kAddElements and kDeleteElements
  // "set blocks4 in table inet bulkhead", for errors.
  [[nodiscard]] std::string object() const;
};
using NftBatch = std::vector<NftCommand>;

}  // namespace bulkhead::rules

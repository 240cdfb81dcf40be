// A resolved rule: every default filled in, every variable replaced, ready to be grouped and matched.
// Keywords build it (signatures/keywords), resolve.cpp completes it, compiler.cpp groups it, the
// matcher runs it. The slow twin evaluates the same structure one option at a time.
//
// Thread   built on the control thread, immutable afterwards, shared by all workers.
// Units    lengths and offsets in bytes; ports in host order.
// Tests    tests/unit/signatures/compile/, `bulkhead dump signatures`
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "datapath/app/protocol.h"
#include "datapath/app/transaction.h"
#include "datapath/base/diagnostic.h"
#include "datapath/base/ip_address.h"
#include "datapath/event/signature_info.h"
#include "datapath/pipeline/verdict.h"
#include "signatures/compile/rare.h"
#include "signatures/compile/shared_list.h"
#include "signatures/data/dataset.h"
#include "signatures/keywords/match_input.h"

struct pcre2_real_code_8;

namespace bulkhead::signatures {

class Regex;
struct CompiledRule;

// Where an option stands in the rule's file: a SourceSpan that does not hold the file.
struct SourcePlace {
  SourcePlace() = default;
  SourcePlace(const SourceSpan& span) : line(span.line), column(span.column), length(span.length) {}
  [[nodiscard]] SourceSpan in(const SourceFilePtr& file) const { return {file, line, column, length}; }

  std::uint32_t line = 0, column = 0, length = 0;
};

// --- header -----------------------------------------------------------------------------------

// Sorted, merged, disjoint ranges of both families; negations are already subtracted.
struct AddressSet {
  bool any = true;
  SharedList<IpRange> v4;
  SharedList<IpRange> v6;
  [[nodiscard]] bool contains(const IpAddress& a) const;
};

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;
  bool operator==(const PortRange&) const = default;
};
struct PortSet {
  bool any = true;
  SharedList<PortRange> ranges;  // sorted, merged, disjoint
  [[nodiscard]] bool contains(std::uint16_t port) const;
};

// Header protocols. The application names need a protocol parser to decide.
enum class RuleProtocol : std::uint8_t {
  kIp,
  kIpv4,
  kIpv6,
  kTcp,
  kTcpPkt,
  kTcpStream,
  kUdp,
  kIcmp,
  kIcmpv4,
  kIcmpv6,
  kSctp,
  kPkthdr,
  kApplication
};

// --- packet conditions ------------------------------------------------------------------------

// One keyword that looks at the packet or flow, not at payload bytes: ttl, flags, itype, dsize ...
class PacketCondition {
 public:
  PacketCondition() = default;
  PacketCondition(const PacketCondition&) = delete;
  PacketCondition& operator=(const PacketCondition&) = delete;
  virtual ~PacketCondition() = default;
  [[nodiscard]] virtual bool holds(const MatchInput& input) const = 0;
  [[nodiscard]] virtual std::string describe() const = 0;  // canonical text, for dump and explain
  // Packets that can satisfy it at all: for all others the matcher skips the rule without asking.
  enum class Gate : std::uint8_t { kNone, kDecodeEvents, kStreamEvents };
  [[nodiscard]] virtual Gate gate() const { return Gate::kNone; }
};
using PacketConditionPtr = std::shared_ptr<const PacketCondition>;

// A condition on a transaction of a protocol, beside its buffers: events, numbers.
struct TransactionCondition {
  app::AppProtocolSet protocols;           // that have it; none: all
  std::array<std::uint8_t, 2> progress{};  // by Direction: from which on it can be judged; 255: not in this direction
  std::string text;                        // as written, for dump and explain
  std::function<bool(const app::Protocol& protocol, const app::Transaction& tx, bulkhead::Direction d)> holds;
};

// A condition on a file: name, type, size, hash. One file must fulfil all of a rule.
enum class FileAnswer : std::uint8_t { kNo, kYes, kNotYet };
struct FileCondition {
  std::string text;
  std::function<FileAnswer(const app::File& file)> holds;
};

// Which files a matching rule stores.
struct FileStoring {
  enum class Scope : std::uint8_t { kFile, kTransaction, kFlow } scope = Scope::kFile;
  bool matched_direction = true;  // of the match; else as below
  bool to_server = false, to_client = false;
};

struct FlowRequirement {
  bool to_server = false, to_client = false;
  bool established = false, not_established = false, stateless = false;
  bool only_stream = false, no_stream = false, only_fragment = false, no_fragment = false;
  bool present = false;  // a flow keyword stands in the rule
};

// --- payload program --------------------------------------------------------------------------

// A number that is written in the rule or extracted by byte_extract / byte_math into a slot.
struct Value {
  std::int64_t number = 0;
  std::int16_t slot = -1;  // >= 0: read variable slot instead
};

struct ContentOp {
  std::string bytes;  // pattern, hex decoded; lower-cased when nocase
  bool nocase = false;
  bool negated = false;
  bool relative = false;  // distance or within given: measured from the end of the previous match
  bool has_offset = false, has_depth = false, has_distance = false, has_within = false;
  Value offset, depth, distance, within;
  bool starts_with = false, ends_with = false;
  bool raw_bytes = false;
  bool fast_pattern = false, fast_pattern_only = false;
  std::uint16_t fast_pattern_chop_offset = 0, fast_pattern_chop_length = 0;  // length 0: no chop
  SourcePlace span;
};

struct PcreOp {
  std::string pattern;  // between the slashes
  bool negated = false, relative = false, caseless = false, dotall = false, multiline = false, extended = false,
       anchored = false, dollar_end_only = false, ungreedy = false, raw_bytes = false;
  // capture i (from 0) goes to this variable; scope: 'f' flow, 'p' packet, 'i' ip pair
  struct Capture {
    char scope = 'f';
    std::string name;
    std::uint32_t variable = 0;
  };
  RareList<Capture> captures;
  SourcePlace span;
  std::shared_ptr<const Regex> engine;  // set by the compiler
};

enum class ByteOrder : std::uint8_t { kBig, kLittle, kDce };
enum class NumberBase : std::uint8_t {
  kBinary,
  kDecimal,
  kHexadecimal,
  kOctal
};  // kBinary: raw bytes, else digits in text
enum class Compare : std::uint8_t { kEqual, kLess, kGreater, kLessEqual, kGreaterEqual, kAnd, kOr };
enum class Arithmetic : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kShiftLeft, kShiftRight };

// Where and how a byte_* keyword reads its number.
struct NumberField {
  Value count;  // bytes to read
  Value offset;
  bool relative = false;
  ByteOrder order = ByteOrder::kBig;
  NumberBase base = NumberBase::kBinary;
  std::uint32_t bitmask = 0;  // 0: none; the result is shifted right by the mask's trailing zeros
};

struct ByteTestOp {
  NumberField field;
  Compare compare = Compare::kEqual;
  bool negated = false;
  Value value;
  SourcePlace span;
};
struct ByteJumpOp {
  NumberField field;
  std::int64_t multiplier = 1;
  std::int64_t post_offset = 0;
  Value post_offset_variable;
  bool align = false, from_beginning = false, from_end = false;
  SourcePlace span;
};
struct ByteExtractOp {
  NumberField field;
  std::int16_t slot = 0;
  std::int64_t multiplier = 1;
  std::uint8_t align = 0;  // 0, 2 or 4
  SourcePlace span;
};
struct ByteMathOp {
  NumberField field;
  Arithmetic operation = Arithmetic::kAdd;
  Value right;
  std::int16_t slot = 0;
  SourcePlace span;
};
struct IsDataAtOp {
  Value position;
  bool relative = false, negated = false, raw_bytes = false;
  SourcePlace span;
};
struct BufferSizeOp {  // bsize
  enum class Mode : std::uint8_t { kEqual, kNotEqual, kLess, kGreater, kLessEqual, kGreaterEqual, kRange };
  Mode mode = Mode::kEqual;
  std::uint64_t low = 0, high = 0;
  SourcePlace span;
};

// Decodes base64 text for the rule's base64_data options, which must hold on what comes out.
struct Base64DecodeOp {
  std::uint32_t bytes = 0;  // of text to decode at most; 0: to the end of the buffer
  std::uint32_t offset = 0;
  bool relative = false;
  SourcePlace span;
};
// asn1: the BER elements of the buffer.
struct Asn1Op {
  bool bitstring_overflow = false, double_overflow = false;
  std::optional<std::uint32_t> oversize_length;
  bool relative = false;
  std::int32_t offset = 0;
  SourcePlace span;
};
// dataset: is the buffer one of a set; may change the set.
struct DatasetOp {
  enum class Command : std::uint8_t { kIsSet, kIsNotSet, kSet, kUnset };
  Command command = Command::kIsSet;
  DatasetPtr set;  // never null
  SourcePlace span;
};
// datarep: the number that a set gives the buffer.
struct DatarepOp {
  Compare compare = Compare::kEqual;
  std::uint16_t value = 0;
  DatasetPtr set;  // never null
  SourcePlace span;
};

using PayloadOp = std::variant<ContentOp, PcreOp, ByteTestOp, ByteJumpOp, ByteExtractOp, ByteMathOp, IsDataAtOp,
                               BufferSizeOp, Base64DecodeOp, DatasetOp, DatarepOp, Asn1Op>;

// What a program looks at. Buffers of application protocols come with their parsers.
enum class BufferId : std::uint16_t {
  kPayload = 0,
  kIpv4Header,
  kIpv6Header,
  kTcpHeader,
  kUdpHeader,
  kIcmpv4Header,
  kIcmpv6Header,
  kSourceAddress,       // 4 or 16 bytes
  kDestinationAddress,  // likewise
  kBase64Data,          // what base64_decode made
  kFirstApplication = 64,
};
// Found in every packet, without a parser.
[[nodiscard]] constexpr bool is_packet_buffer(BufferId id) {
  return id >= BufferId::kIpv4Header && id <= BufferId::kDestinationAddress;
}

// Changes the bytes of a buffer before the options that follow look at them.
struct Transform {
  enum class Kind : std::uint8_t {
    kCompressWhitespace,
    kDotPrefix,
    kHeaderLowercase,
    kPcre,
    kStripPseudoHeaders,
    kStripWhitespace,
    kToLowercase,
    kToMd5,
    kToSha1,
    kToSha256,
    kToUppercase,
    kUrlDecode,
    kXor
  };
  Kind kind = Kind::kToLowercase;
  std::string argument;                            // kXor: the key's bytes; kPcre: the expression
  std::shared_ptr<const pcre2_real_code_8> regex;  // kPcre
  bool operator==(const Transform& o) const { return kind == o.kind && argument == o.argument; }
};

struct BufferProgram {
  BufferId buffer = BufferId::kPayload;
  std::vector<PayloadOp> ops;      // in rule order
  RareList<Transform> transforms;  // in the order they act
};

// --- state ------------------------------------------------------------------------------------

struct FlowbitOp {
  enum class Command : std::uint8_t { kSet, kUnset, kToggle, kIsSet, kIsNotSet };
  Command command = Command::kSet;
  std::vector<std::uint32_t> bits;  // ids; kIsSet with several: any of them
};
struct FlowintOp {
  enum class Command : std::uint8_t {
    kSet,
    kAdd,
    kSubtract,
    kLess,
    kLessEqual,
    kEqual,
    kNotEqual,
    kGreaterEqual,
    kGreater,
    kIsSet,
    kNotSet
  };
  Command command = Command::kSet;
  std::uint32_t variable = 0;
  std::uint32_t value = 0;
  std::optional<std::uint32_t> value_variable;
};
// xbits and hostbits: bits that belong to a host or a pair of hosts.
struct HostbitOp {
  enum class Command : std::uint8_t { kSet, kUnset, kToggle, kIsSet, kIsNotSet };
  enum class Track : std::uint8_t { kSource, kDestination, kPair };
  Command command = Command::kSet;
  Track track = Track::kSource;
  std::uint32_t bit = 0;
  std::uint32_t expire_seconds = 30;  // xbits only; 0: never (hostbits)
};

enum class ThresholdTrack : std::uint8_t { kSource, kDestination, kBoth, kRule };
struct ThresholdSpec {
  enum class Kind : std::uint8_t { kLimit, kThreshold, kBoth, kDetectionFilter, kRate, kSuppress };
  Kind kind = Kind::kLimit;
  ThresholdTrack track = ThresholdTrack::kSource;
  std::uint32_t count = 1;
  std::uint32_t seconds = 60;
  std::uint32_t timeout_seconds = 0;                               // rate_filter
  pipeline::RuleAction new_action = pipeline::RuleAction::kAlert;  // rate_filter
  AddressSet suppress_addresses;                                   // suppress; any: every address
  bool suppress_either = false;                                    // track by_either
};

struct TagSpec {
  bool host = false;  // else session
  bool by_source = true;
  enum class Metric : std::uint8_t { kPackets, kSeconds, kBytes };
  Metric metric = Metric::kPackets;
  std::uint32_t count = 5;
};

// --- the rule ---------------------------------------------------------------------------------

struct Signature {
  event::SignatureInfoPtr info;
  SourceSpan span;  // the whole rule; without its file in a database (CompilerSettings::keep_source)
  // What it was made of (resolve.h): a reload that finds the same again takes the rule over. Zero: never.
  std::array<std::uint64_t, 2> origin{};

  pipeline::RuleAction action = pipeline::RuleAction::kAlert;
  pipeline::RejectTarget reject = pipeline::RejectTarget::kNone;
  RuleProtocol protocol = RuleProtocol::kIp;
  std::string application;  // header name when kApplication: "http", "dns"
  AddressSet source, destination;
  PortSet source_ports, destination_ports;
  bool bidirectional = false;

  FlowRequirement flow;
  RareList<PacketConditionPtr> conditions;
  app::AppProtocolSet app_protocols;  // by header, buffers and events; none: any, or no protocol at all
  RareList<TransactionCondition> transaction_conditions;
  std::optional<FileStoring> file_storing;
  RareList<FileCondition> file_conditions;
  bool needs_md5 = false, needs_sha1 = false, needs_sha256 = false;
  bool inspects_transactions = false;          // buffers or conditions of a protocol: judged per transaction
  std::array<bool, 2> directions{true, true};  // of transactions, by Direction
  std::vector<BufferProgram> buffers;          // payload first
  RareList<FlowbitOp> flowbit_checks, flowbit_changes;
  RareList<FlowintOp> flowint_checks, flowint_changes;
  RareList<HostbitOp> hostbit_checks, hostbit_changes;
  Rare<ThresholdSpec> threshold;  // in-rule threshold
  Rare<ThresholdSpec> detection_filter;
  RareList<TagSpec> tags;
  RareList<ThresholdSpec> external_thresholds;  // from the threshold file: suppress, rate_filter, event_filter

  enum class LoggingOff : std::uint8_t { kNo, kTransaction, kFlow };
  LoggingOff logging_off = LoggingOff::kNo;  // `config`: records of the transaction, or of all of the flow
  bool bypass = false;                       // after a match the flow is not looked at any more
  bool no_alert = false;
  bool force_alert = false;  // `alert` option in a pass rule
  std::uint8_t target = 0;   // 0 none, 1 src_ip, 2 dest_ip
  std::uint8_t priority = 3;
  bool prefilter = false;           // the `prefilter` keyword
  std::int16_t variable_slots = 0;  // byte_extract / byte_math variables in use

  // How the rule looks at TCP payload; set by resolve from the keywords present (see DECISIONS.md).
  bool inspects_packet_payload = false;    // packet by packet
  bool inspects_stream = false;            // reassembled data
  bool packet_conditions_present = false;  // dsize, flags, ttl ...: per packet even without payload
  bool ip_only = false;                    // only addresses (and ports any): once per flow and direction
  bool application_only = false;           // only the application protocol: a drop or pass holds for the flow
  bool decode_events_only = false;         // decode-event rules: also for packets without flow

  // The fast pattern; set by the compiler. buffer -1: none, always evaluated when its group is.
  std::int32_t fast_buffer = -1;  // index into buffers
  std::int32_t fast_op = -1;      // index into that buffer's ops: a ContentOp
  std::string fast_bytes;         // after chop and truncation

  // Set by the compiler; then nothing above changes any more, since generations share the rule.
  std::shared_ptr<const CompiledRule> compiled;
};

// Rules in the order of their files or, sorted, of inspection. Each is an object of its own, which lists share that
// took it over: that is how a reload holds what has not changed once.
class SignatureList {
  using Pointer = std::shared_ptr<Signature>;

  template <typename Element>
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Signature;
    using difference_type = std::ptrdiff_t;
    using pointer = Element*;
    using reference = Element&;

    Iterator() = default;
    explicit Iterator(const Pointer* at) : at_(at) {}
    Element& operator*() const { return **at_; }
    Element* operator->() const { return at_->get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const Pointer* at_ = nullptr;
  };

 public:
  using value_type = Signature;
  using iterator = Iterator<Signature>;
  using const_iterator = Iterator<const Signature>;

  SignatureList() = default;
  SignatureList(std::initializer_list<Signature> rules) {
    for (const Signature& rule : rules) push_back(rule);
  }
  // Copies are rules of their own, to be compiled anew.
  SignatureList(const SignatureList& other) {
    for (const Signature& rule : other) push_back(rule);
    for (Signature& rule : *this) rule.compiled.reset();
  }
  SignatureList& operator=(const SignatureList& other) {
    if (this != &other) *this = SignatureList(other);
    return *this;
  }
  SignatureList(SignatureList&&) noexcept = default;
  SignatureList& operator=(SignatureList&&) noexcept = default;
  ~SignatureList() = default;

  [[nodiscard]] std::size_t size() const { return rules_.size(); }
  [[nodiscard]] bool empty() const { return rules_.empty(); }
  [[nodiscard]] Signature& operator[](std::size_t i) { return *rules_[i]; }
  [[nodiscard]] const Signature& operator[](std::size_t i) const { return *rules_[i]; }
  [[nodiscard]] const Signature& at(std::size_t i) const { return *rules_.at(i); }
  [[nodiscard]] Signature& back() { return *rules_.back(); }
  [[nodiscard]] iterator begin() { return iterator(rules_.data()); }
  [[nodiscard]] iterator end() { return iterator(rules_.data() + rules_.size()); }
  [[nodiscard]] const_iterator begin() const { return const_iterator(rules_.data()); }
  [[nodiscard]] const_iterator end() const { return const_iterator(rules_.data() + rules_.size()); }

  void reserve(std::size_t size) { rules_.reserve(size); }
  void push_back(Signature rule) { rules_.push_back(std::make_shared<Signature>(std::move(rule))); }
  // A rule of `other` as it is: it must not be changed any more.
  void take_over(const SignatureList& other, std::size_t i) { rules_.push_back(other.rules_[i]); }
  void replace(std::size_t i, Signature rule) { rules_[i] = std::make_shared<Signature>(std::move(rule)); }
  template <typename Condition>
  void remove_if(Condition condition) {
    std::erase_if(rules_, [&](const Pointer& rule) { return condition(*rule); });
  }
  // The rule that was at order[i] comes to i.
  void reorder(const std::vector<std::size_t>& order) {
    std::vector<Pointer> sorted;
    sorted.reserve(order.size());
    for (const std::size_t from : order) sorted.push_back(std::move(rules_[from]));
    rules_ = std::move(sorted);
  }

 private:
  std::vector<Pointer> rules_;
};

}  // namespace bulkhead::signatures

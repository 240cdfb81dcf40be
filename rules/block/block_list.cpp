#include "rules/block/block_list.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "rules/compile/explain.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

constexpr std::size_t kMaxReason = 200;
constexpr std::string_view kReply = "reply ";

BlockSetKind set_kind(const Block& block) {
  switch (block.kind) {
    case BlockKind::kSource: return BlockSetKind::kSource;
    case BlockKind::kPair: return BlockSetKind::kPair;
    case BlockKind::kLimit: return BlockSetKind::kLimit;
    case BlockKind::kFlow: break;
  }
  return has_ports(block.tuple.protocol) ? BlockSetKind::kFlow : BlockSetKind::kProtocol;
}

void append_padded(Bytes& key, const Bytes& field) {
  key.insert(key.end(), field.begin(), field.end());
  key.resize((key.size() + 3) & ~std::size_t{3});
}

Bytes element_key(const FlowTuple& t, BlockSetKind kind) {
  Bytes key = address_bytes(t.source);
  if (kind == BlockSetKind::kSource || kind == BlockSetKind::kLimit) return key;
  append_padded(key, address_bytes(t.destination));
  if (kind == BlockSetKind::kPair) return key;
  append_padded(key, {t.protocol});
  if (kind == BlockSetKind::kProtocol) return key;
  append_padded(key, be16_bytes(t.source_port));
  append_padded(key, be16_bytes(t.destination_port));
  return key;
}

FlowTuple reversed(const FlowTuple& t) {
  return {t.destination, t.source, t.destination_port, t.source_port, t.protocol};
}

std::string comment_of(const Block& block) {
  std::string out = "sid=" + std::to_string(block.sid) + " ttl=" + std::to_string(block.ttl.count());
  if (block.made_at != 0) out += " at=" + std::to_string(block.made_at);
  if (block.strike != 0) out += " strike=" + std::to_string(block.strike);
  out += " reason=";
  for (const char c : std::string_view(block.reason).substr(0, kMaxReason)) {
    // The comment is shown on terminals and by nft in double quotes.
    out += (static_cast<unsigned char>(c) < 0x20 || c == '"') ? ' ' : c;
  }
  return out;
}

// The number behind "name=", when the comment has it.
template <typename T>
T number_in(std::string_view comment, std::string_view name) {
  T value = 0;
  comment = comment.substr(0, comment.find("reason="));
  const std::size_t at = comment.find(name);
  if (at != std::string_view::npos) {
    std::from_chars(comment.data() + at + name.size(), comment.data() + comment.size(), value);
  }
  return value;
}

}  // namespace

const char* to_string(BlockKind kind) {
  switch (kind) {
    case BlockKind::kFlow: return "flow";
    case BlockKind::kPair: return "pair";
    case BlockKind::kSource: return "source";
    case BlockKind::kLimit: return "limit";
  }
  return "flow";
}

FlowTuple Block::target() const {
  FlowTuple out = tuple;
  if (is_of_source()) out.destination = IpAddress();
  if (kind != BlockKind::kFlow) out.protocol = 0;
  if (kind != BlockKind::kFlow || !has_ports(tuple.protocol)) out.source_port = out.destination_port = 0;
  return out;
}

bool Block::same_target(const Block& other) const {
  return kind == other.kind && target() == other.target();
}

std::string Block::to_string() const {
  const std::string word = std::string(rules::to_string(kind)) + " ";
  if (is_of_source()) return word + tuple.source.to_string();
  if (kind == BlockKind::kPair) return word + tuple.source.to_string() + " -> " + tuple.destination.to_string();
  return word + describe({tuple, 0, 0});
}

BlockElements block_elements(const Block& block) {
  const BlockSetKind kind = set_kind(block);
  BlockElements out;
  out.set = block_set_name(block.tuple.source.family(), kind);
  NftElement element;
  element.key = element_key(block.tuple, kind);
  element.timeout_ms = static_cast<std::uint64_t>(std::chrono::milliseconds(block.ttl).count());
  element.comment = comment_of(block);
  out.elements.push_back(element);
  if (block.kind == BlockKind::kFlow) {
    element.key = element_key(reversed(block.tuple), kind);
    element.comment = std::string(kReply) + element.comment;
    if (element.key != out.elements[0].key) out.elements.push_back(std::move(element));
  }
  return out;
}

std::optional<ActiveBlock> block_of_element(IpFamily version, BlockSetKind kind, const NftElement& element) {
  const std::size_t address = version == IpFamily::kV4 ? 4 : 16;
  const std::size_t fields = kind == BlockSetKind::kFlow ? 3 : kind == BlockSetKind::kProtocol ? 1 : 0;
  const bool of_source = kind == BlockSetKind::kSource || kind == BlockSetKind::kLimit;
  const std::size_t size = address * (of_source ? 1 : 2) + fields * 4;
  if (element.key.size() != size || std::string_view(element.comment).starts_with(kReply)) return std::nullopt;
  const Byte* p = element.key.data();
  const auto read = [&](const Byte* at) { return version == IpFamily::kV4 ? IpAddress::v4(at) : IpAddress::v6(at); };
  ActiveBlock out;
  FlowTuple& tuple = out.block.tuple;
  tuple.source = read(p);
  if (!of_source) tuple.destination = read(p + address);
  if (fields >= 1) tuple.protocol = p[address * 2];
  if (fields == 3) {
    tuple.source_port = load_be16(p + address * 2 + 4);
    tuple.destination_port = load_be16(p + address * 2 + 8);
  }
  out.block.kind = kind == BlockSetKind::kSource  ? BlockKind::kSource
                   : kind == BlockSetKind::kLimit ? BlockKind::kLimit
                   : kind == BlockSetKind::kPair  ? BlockKind::kPair
                                                  : BlockKind::kFlow;
  out.block.sid = number_in<std::uint32_t>(element.comment, "sid=");
  out.block.ttl = std::chrono::milliseconds(element.timeout_ms) >= std::chrono::seconds(1)
                      ? std::chrono::duration_cast<std::chrono::seconds>(std::chrono::milliseconds(element.timeout_ms))
                      : std::chrono::seconds(number_in<std::int64_t>(element.comment, "ttl="));
  out.block.made_at = number_in<std::int64_t>(element.comment, "at=");
  out.block.strike = number_in<std::uint32_t>(element.comment, "strike=");
  const std::size_t reason = element.comment.find("reason=");
  if (reason != std::string::npos) out.block.reason = element.comment.substr(reason + 7);
  out.expires_in = std::chrono::milliseconds(element.expires_ms);
  return out;
}

}  // namespace bulkhead::rules

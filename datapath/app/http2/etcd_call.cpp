#include "datapath/app/http2/etcd_call.h"

#include <algorithm>
#include <optional>

namespace bulkhead::app::http2 {
namespace {

constexpr std::string_view kServices[] = {"etcdserverpb.KV",      "etcdserverpb.Watch",       "etcdserverpb.Lease",
                                          "etcdserverpb.Cluster", "etcdserverpb.Maintenance", "etcdserverpb.Auth"};
constexpr unsigned kMaxDepth = 4;

// "DeleteRange" -> "delete_range"
std::string in_snake_case(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 64)) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out += '_';
    out += upper ? static_cast<char>(c + 32) : c;
  }
  return out;
}

// The fields of a message, one after the other; numbers are passed over, what is cut ends it.
struct Field {
  std::uint32_t number = 0;
  ByteSpan bytes;
  std::size_t length = 0;  // as it says; more than `bytes` where the message is cut
};

class Fields {
 public:
  explicit Fields(ByteSpan message) : in_(message) {}

  // The next field that is text, bytes or a message.
  std::optional<Field> next() {
    while (!in_.at_end()) {
      const std::uint64_t tag = varint();
      if (in_.failed()) return std::nullopt;
      switch (tag & 7) {
        case 0: varint(); break;
        case 1: in_.skip(8); break;
        case 5: in_.skip(4); break;
        case 2: {
          const std::uint64_t length = varint();
          if (in_.failed()) return std::nullopt;
          Field field;
          field.number = static_cast<std::uint32_t>(tag >> 3);
          field.length = static_cast<std::size_t>(length);
          field.bytes = in_.bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length, in_.remaining())));
          return field;
        }
        default: return std::nullopt;  // groups are not used
      }
      if (in_.failed()) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = in_.u8();
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }

  ByteReader in_;
};

std::string text_of(ByteSpan bytes, std::size_t limit) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), limit)};
}

}  // namespace

std::unique_ptr<EtcdCall> EtcdCall::of(std::string_view service, std::string_view method) {
  if (std::find(std::begin(kServices), std::end(kServices), service) == std::end(kServices)) return nullptr;
  return std::unique_ptr<EtcdCall>(new EtcdCall(method));
}

EtcdCall::EtcdCall(std::string_view method) : operation(in_snake_case(method)) {}

void EtcdCall::add(ByteSpan key, ByteSpan end) {
  if (ranges.size() < kMaxKeys) ranges.push_back({text_of(key, kMaxKey), text_of(end, kMaxKey)});
}

void EtcdCall::range(ByteSpan message) {
  Fields fields(message);
  ByteSpan key, end;
  while (const auto field = fields.next()) {
    if (field->number == 1) key = field->bytes;
    if (field->number == 2) end = field->bytes;
  }
  add(key, end);
}

void EtcdCall::put(ByteSpan message) {
  Fields fields(message);
  ByteSpan key;
  while (const auto field = fields.next()) {
    if (field->number == 1) key = field->bytes;
    if (field->number == 2) value_bytes += field->length;
  }
  add(key, {});
}

void EtcdCall::transaction(ByteSpan message, unsigned depth) {
  if (depth > kMaxDepth) return;
  Fields fields(message);
  while (const auto field = fields.next()) {
    if (field->number != 2 && field->number != 3) continue;  // comparisons name the same keys again
    Fields operations(field->bytes);
    while (const auto each = operations.next()) {
      switch (each->number) {
        case 1:
        case 3: range(each->bytes); break;
        case 2: put(each->bytes); break;
        case 4: transaction(each->bytes, depth + 1); break;
        default: break;
      }
    }
  }
}

void EtcdCall::message(ByteSpan shown) {
  if (operation == "range" || operation == "delete_range") return range(shown);
  if (operation == "put") return put(shown);
  if (operation == "txn") return transaction(shown, 1);
  Fields fields(shown);
  if (operation == "watch") {
    while (const auto field = fields.next()) {
      if (field->number == 1) range(field->bytes);
    }
    return;
  }
  const bool names = operation == "authenticate" || operation.starts_with("user_") || operation.starts_with("role_");
  while (const auto field = fields.next()) {
    if (!names) return;
    if (field->number == 1 && user.empty()) user = text_of(field->bytes, kMaxKey);
    if (field->number != 2 || operation != "role_grant_permission") continue;
    Fields permission(field->bytes);
    ByteSpan key, end;
    while (const auto each = permission.next()) {
      if (each->number == 2) key = each->bytes;
      if (each->number == 3) end = each->bytes;
    }
    add(key, end);
  }
}

void EtcdCall::write(JsonText& json) const {
  json.open_object();
  json.field("operation", operation);
  if (!ranges.empty()) {
    json.open_array("keys");
    for (const Range& range : ranges) json.element(range.key);
    json.close_array();
    const auto whole = std::find_if(ranges.begin(), ranges.end(), [](const Range& r) { return !r.end.empty(); });
    if (whole != ranges.end()) json.field("range_end", whole->end);
  }
  if (value_bytes != 0) json.field("value_bytes", value_bytes);
  if (!user.empty()) json.field("user", user);
  json.close_object();
}

}  // namespace bulkhead::app::http2

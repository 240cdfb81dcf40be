// HTTP/2 as the rest of the engine sees it: how it is found, its buffers (those of HTTP/1 and its own), numbers and
// events.
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/http/http_buffers.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/http2/http2_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace http2 {
namespace {

using Kind = BufferDef::Kind;
using Number = NumberDef::Kind;
namespace stage = http::stage;
constexpr std::array<std::uint8_t, 2> kBothHeaders{stage::kBody, stage::kBody};
constexpr std::array<std::uint8_t, 2> kRequestHeaders{stage::kBody, BufferDef::kNever};
constexpr std::array<std::uint8_t, 2> kAnyTime{0, 0};

const Http2Transaction& http2_of(const Transaction& tx) {
  return static_cast<const Http2Transaction&>(tx);
}

bool give(std::string_view text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}

bool get_header_name(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  for (const HeaderField& field : http2_of(tx).part(d).fields) {
    if (!field.size_update && index-- == 0) return give(field.name, out);
  }
  return false;
}
bool get_service(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Http2Transaction& http2 = http2_of(tx);
  return http2.is_grpc && !http2.grpc_service.empty() && give(http2.grpc_service, out);
}
bool get_method(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Http2Transaction& http2 = http2_of(tx);
  return http2.is_grpc && !http2.grpc_method.empty() && give(http2.grpc_method, out);
}

bool get_etcd_operation(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Http2Transaction& http2 = http2_of(tx);
  return http2.etcd != nullptr && give(http2.etcd->operation, out);
}
bool get_etcd_key(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const Http2Transaction& http2 = http2_of(tx);
  return http2.etcd != nullptr && index < http2.etcd->ranges.size() && give(http2.etcd->ranges[index].key, out);
}
// It may come with any message: a name of many that are at most one.
bool get_etcd_user(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const Http2Transaction& http2 = http2_of(tx);
  return http2.etcd != nullptr && index == 0 && !http2.etcd->user.empty() && give(http2.etcd->user, out);
}

template <typename T>
bool nth(const std::vector<T>& list, std::uint32_t index, std::uint64_t& out) {
  if (index >= list.size()) return false;
  out = list[index];
  return true;
}
bool get_frame_type(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) {
  return nth(http2_of(tx).part(d).frames, index, out);
}
bool get_error(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) {
  return nth(http2_of(tx).part(d).errors, index, out);
}
bool get_priority(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) {
  return nth(http2_of(tx).part(d).priorities, index, out);
}
bool get_window(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) {
  return nth(http2_of(tx).part(d).windows, index, out);
}
bool get_size_update(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) {
  return nth(http2_of(tx).part(d).size_updates, index, out);
}
bool get_message_length(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) {
  const StreamSide& side = http2_of(tx).part(d);
  return side.grpc != nullptr && nth(side.grpc->lengths(), index, out);
}

constexpr NumberName kFrameTypes[] = {{"DATA", 0},         {"HEADERS", 1},     {"PRIORITY", 2}, {"RSTSTREAM", 3},
                                      {"SETTINGS", 4},     {"PUSHPROMISE", 5}, {"PING", 6},     {"GOAWAY", 7},
                                      {"WINDOWUPDATE", 8}, {"CONTINUATION", 9}};
constexpr NumberName kErrorCodes[] = {{"NO_ERROR", 0},
                                      {"PROTOCOL_ERROR", 1},
                                      {"INTERNAL_ERROR", 2},
                                      {"FLOW_CONTROL_ERROR", 3},
                                      {"SETTINGS_TIMEOUT", 4},
                                      {"STREAM_CLOSED", 5},
                                      {"FRAME_SIZE_ERROR", 6},
                                      {"REFUSED_STREAM", 7},
                                      {"CANCEL", 8},
                                      {"COMPRESSION_ERROR", 9},
                                      {"CONNECT_ERROR", 10},
                                      {"ENHANCE_YOUR_CALM", 11},
                                      {"INADEQUATE_SECURITY", 12},
                                      {"HTTP_1_1_REQUIRED", 13}};

// http2.settings:NAME, NAME>N, NAME=N, NAME LOW-HIGH.
TestDef::Test compile_settings(std::string_view text, std::string& error) {
  text = http::trim(text);
  std::size_t end = 0;
  while (end < text.size() && (http::is_token_char(text[end]) && text[end] != '!')) ++end;
  const std::string_view name = text.substr(0, end);
  std::uint16_t id = 0;
  for (std::uint16_t known = 1; !setting_name(known).empty(); ++known) {
    if (http::same_word(setting_name(known), name)) id = known;
  }
  if (id == 0) {
    error = "\"" + std::string(name.substr(0, 60)) + "\" is no setting of HTTP/2";
    return {};
  }
  std::string_view rest = http::trim(text.substr(end));
  enum class Compare : std::uint8_t { kAny, kEqual, kNot, kLess, kLessEqual, kGreater, kGreaterEqual, kBetween };
  Compare compare = Compare::kAny;
  std::uint64_t low = 0, high = 0;
  const auto number = [](std::string_view digits, std::uint64_t& out) {
    digits = http::trim(digits);
    const auto [stop, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return !digits.empty() && failed == std::errc() && stop == digits.data() + digits.size() && out <= UINT32_MAX;
  };
  if (!rest.empty()) {
    struct Sign {
      std::string_view text;
      Compare compare;
    };
    constexpr Sign kSigns[] = {{">=", Compare::kGreaterEqual}, {"<=", Compare::kLessEqual}, {"=!", Compare::kNot},
                               {"!=", Compare::kNot},          {">", Compare::kGreater},    {"<", Compare::kLess},
                               {"!", Compare::kNot},           {"=", Compare::kEqual},      {"", Compare::kEqual}};
    const std::size_t dash = rest.find('-'), between = rest.find("<>");
    bool fine = false;
    if (between != std::string_view::npos || dash != std::string_view::npos) {
      const std::size_t at = between != std::string_view::npos ? between : dash;
      compare = Compare::kBetween;
      fine = number(rest.substr(0, at), low) && number(rest.substr(at + (at == between ? 2 : 1)), high) && low < high;
    } else {
      for (const Sign& sign : kSigns) {
        if (!rest.starts_with(sign.text)) continue;
        compare = sign.compare;
        fine = number(rest.substr(sign.text.size()), low);
        break;
      }
    }
    if (!fine) {
      error = "expected a comparison behind the name such as >1000, =0 or 1-5";
      return {};
    }
  }
  return [id, compare, low, high](const Transaction& tx, Direction d) {
    for (const Setting& setting : http2_of(tx).part(d).settings) {
      if (setting.id != id) continue;
      const std::uint64_t value = setting.value;
      switch (compare) {
        case Compare::kAny: return true;
        case Compare::kEqual:
          if (value == low) return true;
          break;
        case Compare::kNot:
          if (value != low) return true;
          break;
        case Compare::kLess:
          if (value < low) return true;
          break;
        case Compare::kLessEqual:
          if (value <= low) return true;
          break;
        case Compare::kGreater:
          if (value > low) return true;
          break;
        case Compare::kGreaterEqual:
          if (value >= low) return true;
          break;
        case Compare::kBetween:
          if (value > low && value < high) return true;
          break;
      }
    }
    return false;
  };
}

// clang-format off
constexpr BufferDef kOwnBuffers[] = {
    {"http2.header_name", "http2_header_name", "", "The names of the headers, one after the other", Kind::kMulti, kBothHeaders, get_header_name},
    {"grpc.service", "", "", "The service of a gRPC call, with its package", Kind::kSingle, kRequestHeaders, get_service},
    {"grpc.method", "", "", "The method of a gRPC call", Kind::kSingle, kRequestHeaders, get_method},
    {"etcd.operation", "", "", "What a call asks of etcd: put, delete_range, txn, user_add ...", Kind::kSingle, kRequestHeaders, get_etcd_operation},
    {"etcd.key", "", "", "The keys that a call of etcd names, one after the other", Kind::kMulti, kRequestHeaders, get_etcd_key},
    {"etcd.user", "", "", "The user or role that a call of etcd names", Kind::kMulti, kRequestHeaders, get_etcd_user},
};
constexpr NumberDef kNumbers[] = {
    {"http2.frametype", "", "The type of a frame", Number::kMulti, kAnyTime, get_frame_type, 255, kFrameTypes},
    {"http2.errorcode", "", "The error of a RST_STREAM or GOAWAY", Number::kMulti, kAnyTime, get_error, UINT32_MAX, kErrorCodes},
    {"http2.priority", "", "The weight of a stream", Number::kMulti, kAnyTime, get_priority, 255},
    {"http2.window", "", "The increment of a WINDOW_UPDATE", Number::kMulti, kAnyTime, get_window, UINT32_MAX},
    {"http2.size_update", "", "The new size of the table of compressed headers", Number::kMulti, kAnyTime, get_size_update, UINT32_MAX},
    {"grpc.message_length", "", "The length of a gRPC message", Number::kMulti, kAnyTime, get_message_length, UINT32_MAX},
};
constexpr TestDef kTests[] = {
    {"http2.settings", "", "http2.settings:NAME[<|>|=|=!]N;", "A setting and its value", "http2.settings:SETTINGS_ENABLE_PUSH=0;", true, kAnyTime, compile_settings},
};
constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/http2/http2_events.def"
#undef X
};
// clang-format on

// Those of HTTP/1 first: they look at the parts that both have.
const std::vector<BufferDef>& buffers() {
  static const std::vector<BufferDef> all = [] {
    std::vector<BufferDef> list(http::buffers().begin(), http::buffers().end());
    list.insert(list.end(), std::begin(kOwnBuffers), std::end(kOwnBuffers));
    return list;
  }();
  return all;
}

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<Http2Parser>(settings);
}

}  // namespace
}  // namespace http2

const Protocol& protocol_http2() {
  static const Protocol protocol{.id = AppProtocol::http2,
                                 .rule_prefix = "http2",
                                 .over_tcp = true,
                                 .complete = {http::stage::kComplete, http::stage::kComplete},
                                 .records = {"http2", "etcd"},
                                 .probe = http2::probe_http2,
                                 .make = http2::make_parser,
                                 .buffers = http2::buffers(),
                                 .events = http2::kEvents,
                                 .numbers = http2::kNumbers,
                                 .tests = http2::kTests};
  return protocol;
}

}  // namespace bulkhead::app

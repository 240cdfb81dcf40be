// What goes over the control socket: frames of JSON, requests and replies.
//
//   +----------------+--------------------------+
//   | length, 4 bytes | JSON object, UTF-8       |   length in network byte order, without itself
//   +----------------+--------------------------+
//
//   request   {"version": 1, "id": 7, "command": "flows", "arguments": {"limit": 100}}
//   reply     {"version": 1, "id": 7, "ok": true, "result": {...}}
//   refusal   {"version": 1, "id": 7, "ok": false, "error": {"code": "role", "message": "...", "hint": "..."}}
//   event     {"version": 1, "id": 7, "event": {...}}      any number, to a request that subscribes
//
// Thread   pure functions.
// Limits   kMaxRequest bytes a request, kMaxReply a reply, kMaxDepth levels of nesting.
// Errors   RequestError by name; never throws.
// Tests    tests/unit/config/control/control_protocol_test.cpp, tests/fuzz/fuzz_control_request.cpp
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::config::control {

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxRequest = 1U << 20;
inline constexpr std::size_t kMaxReply = 64U << 20;
inline constexpr int kMaxDepth = 16;
inline constexpr std::size_t kFrameHeader = 4;

enum class RequestError : std::uint8_t {
  kNone,
  kTooLong,      // more than kMaxRequest bytes
  kNotJson,      // or nested too deeply
  kNotAnObject,  // or a field of another type than it must have
  kVersion,      // another version than ours
  kNoCommand,
};
[[nodiscard]] std::string_view code_of(RequestError error);  // "request.not_json"
[[nodiscard]] std::string_view text_of(RequestError error);

struct Request {
  std::uint64_t id = 0;
  std::string command;
  nlohmann::json arguments = nlohmann::json::object();
};

// `out.id` is set as far as it could be read, so that a refusal can name its request.
[[nodiscard]] RequestError parse_request(std::string_view text, Request& out);
[[nodiscard]] std::string request_text(const Request& request);

// Length of the body that a frame header announces; the caller compares it with its limit.
[[nodiscard]] std::uint32_t frame_length(std::string_view header);
[[nodiscard]] std::string frame(std::string_view body);

[[nodiscard]] std::string reply_text(std::uint64_t id, const nlohmann::json& result);
[[nodiscard]] std::string refusal_text(std::uint64_t id, std::string_view code, std::string_view message,
                                       std::string_view hint = {}, const nlohmann::json& details = {});
// `event` is JSON already.
[[nodiscard]] std::string event_text(std::uint64_t id, std::string_view event);

// Text of a JSON value; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string text_of(const nlohmann::json& value, int indent = -1);

}  // namespace bulkhead::config::control

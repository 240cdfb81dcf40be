#include "config/control/control_protocol.h"

namespace bulkhead::config::control {

using Json = nlohmann::json;

std::string_view code_of(RequestError error) {
  switch (error) {
    case RequestError::kNone: return "";
    case RequestError::kTooLong: return "request.too_long";
    case RequestError::kNotJson: return "request.not_json";
    case RequestError::kNotAnObject: return "request.not_an_object";
    case RequestError::kVersion: return "request.version";
    case RequestError::kNoCommand: return "request.no_command";
  }
  return "";
}

std::string_view text_of(RequestError error) {
  switch (error) {
    case RequestError::kNone: return "";
    case RequestError::kTooLong: return "a request has at most 1 MB";
    case RequestError::kNotJson: return "the request is no JSON, or nested too deeply";
    case RequestError::kNotAnObject: return "a request is an object with version, id, command and arguments";
    case RequestError::kVersion: return "this daemon speaks version 1 of the protocol";
    case RequestError::kNoCommand: return "the request names no command";
  }
  return "";
}

namespace {

// No exceptions; nothing deeper than kMaxDepth is built.
std::optional<Json> parse(std::string_view text) {
  bool too_deep = false;
  const auto look = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json out = Json::parse(text, look, false);
  if (too_deep || out.is_discarded()) return std::nullopt;
  return out;
}

}  // namespace

RequestError parse_request(std::string_view text, Request& out) {
  if (text.size() > kMaxRequest) return RequestError::kTooLong;
  auto parsed = parse(text);
  if (!parsed) return RequestError::kNotJson;
  Json& json = *parsed;
  if (!json.is_object()) return RequestError::kNotAnObject;
  if (const auto id = json.find("id"); id != json.end()) {
    if (!id->is_number_unsigned()) return RequestError::kNotAnObject;
    out.id = id->get<std::uint64_t>();
  }
  const auto version = json.find("version");
  if (version == json.end() || !version->is_number_unsigned()) return RequestError::kVersion;
  if (version->get<std::uint64_t>() != kProtocolVersion) return RequestError::kVersion;
  const auto command = json.find("command");
  if (command == json.end() || !command->is_string()) return RequestError::kNoCommand;
  out.command = command->get<std::string>();
  if (out.command.empty()) return RequestError::kNoCommand;
  if (const auto arguments = json.find("arguments"); arguments != json.end()) {
    if (!arguments->is_object()) return RequestError::kNotAnObject;
    out.arguments = std::move(*arguments);
  }
  return RequestError::kNone;
}

std::string text_of(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string request_text(const Request& request) {
  return text_of(Json{{"version", kProtocolVersion},
                      {"id", request.id},
                      {"command", request.command},
                      {"arguments", request.arguments}});
}

std::uint32_t frame_length(std::string_view header) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < kFrameHeader; ++i) out = out << 8 | static_cast<unsigned char>(header[i]);
  return out;
}

std::string frame(std::string_view body) {
  const auto length = static_cast<std::uint32_t>(body.size());
  std::string out;
  out.reserve(kFrameHeader + body.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift & 0xff);
  return out.append(body);
}

std::string reply_text(std::uint64_t id, const Json& result) {
  return text_of(Json{{"version", kProtocolVersion}, {"id", id}, {"ok", true}, {"result", result}});
}

std::string refusal_text(std::uint64_t id, std::string_view code, std::string_view message, std::string_view hint,
                         const Json& details) {
  Json error{{"code", code}, {"message", message}};
  if (!hint.empty()) error["hint"] = hint;
  if (!details.is_null()) error["details"] = details;
  return text_of(Json{{"version", kProtocolVersion}, {"id", id}, {"ok", false}, {"error", std::move(error)}});
}

std::string event_text(std::uint64_t id, std::string_view event) {
  return "{\"version\":" + std::to_string(kProtocolVersion) + ",\"id\":" + std::to_string(id) +
         ",\"event\":" + std::string(event) + "}";
}

}  // namespace bulkhead::config::control

#include "config/control/control_protocol.h"

#include <gtest/gtest.h>

namespace bulkhead::config::control {
namespace {

TEST(ControlProtocol, ReadsWhatItWrites) {
  Request out;
  ASSERT_EQ(parse_request(request_text({7, "flows", {{"limit", 3}}}), out), RequestError::kNone);
  EXPECT_EQ(out.id, 7U);
  EXPECT_EQ(out.command, "flows");
  EXPECT_EQ(out.arguments.at("limit"), 3);
}

TEST(ControlProtocol, EachMistakeHasItsName) {
  const auto error_of = [](std::string_view text) {
    Request out;
    return parse_request(text, out);
  };
  EXPECT_EQ(error_of(""), RequestError::kNotJson);
  EXPECT_EQ(error_of("{"), RequestError::kNotJson);
  EXPECT_EQ(error_of("\xff\xfe"), RequestError::kNotJson);
  EXPECT_EQ(error_of("[1]"), RequestError::kNotAnObject);
  EXPECT_EQ(error_of("{}"), RequestError::kVersion);
  EXPECT_EQ(error_of(R"({"version":2,"command":"status"})"), RequestError::kVersion);
  EXPECT_EQ(error_of(R"({"version":-1,"command":"status"})"), RequestError::kVersion);
  EXPECT_EQ(error_of(R"({"version":1})"), RequestError::kNoCommand);
  EXPECT_EQ(error_of(R"({"version":1,"command":""})"), RequestError::kNoCommand);
  EXPECT_EQ(error_of(R"({"version":1,"command":7})"), RequestError::kNoCommand);
  EXPECT_EQ(error_of(R"({"version":1,"id":-1,"command":"status"})"), RequestError::kNotAnObject);
  EXPECT_EQ(error_of(R"({"version":1,"command":"status","arguments":[]})"), RequestError::kNotAnObject);
  EXPECT_EQ(error_of(std::string(kMaxRequest + 1, ' ')), RequestError::kTooLong);
  for (int i = 1; i <= static_cast<int>(RequestError::kNoCommand); ++i) {
    EXPECT_FALSE(code_of(static_cast<RequestError>(i)).empty());
    EXPECT_FALSE(text_of(static_cast<RequestError>(i)).empty());
  }
}

TEST(ControlProtocol, NestingHasALimit) {
  const auto nested = [](int depth) {
    return R"({"version":1,"command":"status","arguments":{"a":)" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}}";
  };
  Request out;
  EXPECT_EQ(parse_request(nested(8), out), RequestError::kNone);
  EXPECT_EQ(parse_request(nested(100000), out), RequestError::kNotJson);
}

TEST(ControlProtocol, ARefusalNamesItsRequest) {
  Request out;
  EXPECT_EQ(parse_request(R"({"version":9,"id":12,"command":"x"})", out), RequestError::kVersion);
  EXPECT_EQ(out.id, 12U);
  const auto refusal = nlohmann::json::parse(refusal_text(out.id, "request.version", "no", "hint", {{"a", 1}}));
  EXPECT_EQ(refusal.at("id"), 12);
  EXPECT_FALSE(refusal.at("ok").get<bool>());
  EXPECT_EQ(refusal.at("error").at("details").at("a"), 1);
}

TEST(ControlProtocol, FramesCarryTheirLength) {
  const std::string bytes = frame("hello");
  EXPECT_EQ(bytes.substr(0, 4), std::string("\0\0\0\5", 4));
  EXPECT_EQ(frame_length(bytes), 5U);
  EXPECT_EQ(frame_length("\xff\xff\xff\xff"), 0xffffffffU);
}

TEST(ControlProtocol, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(text_of(nlohmann::json("\xff")), "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace bulkhead::config::control

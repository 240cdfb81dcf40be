#include "datapath/output/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::output {
namespace {

TEST(Endpoint, ReadsWhatOperatorsWrite) {
  const auto path = parse_endpoint("/run/x.sock");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->kind, Endpoint::Kind::kUnixStream);
  EXPECT_EQ(path->to_string(), "/run/x.sock");
  const auto udp = parse_endpoint("udp://127.0.0.1:514");
  ASSERT_TRUE(udp);
  EXPECT_TRUE(udp->datagrams());
  EXPECT_EQ(udp->to_string(), "udp://127.0.0.1:514");
  const auto six = parse_endpoint("[::1]:6379");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->to_string(), "tcp://[::1]:6379");
  const auto name = parse_endpoint("localhost:6379");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->port, 6379);
}

TEST(Endpoint, SaysWhatIsWrong) {
  for (const auto& [text, why] :
       {std::pair{"", "no port"}, std::pair{"host", "no port"}, std::pair{"host:0", "1 to 65535"},
        std::pair{"host:70000", "1 to 65535"}, std::pair{"host:12x", "1 to 65535"},
        std::pair{"http://host:1", "tcp nor udp"}, std::pair{"::1:5", "brackets"}, std::pair{":5", "no host"}}) {
    const auto parsed = parse_endpoint(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().to_string(), testing::HasSubstr(why)) << text;
  }
}

TEST(Endpoint, ConnectingToNobodyNamesTheAddress) {
  const auto nobody = connect_to(*parse_endpoint("/nonexistent/socket"), std::chrono::milliseconds(100));
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error().to_string(), testing::HasSubstr("connect /nonexistent/socket"));
  Endpoint far = *parse_endpoint("/x");
  far.path = std::string(200, 'x');
  EXPECT_EQ(connect_to(far, std::chrono::milliseconds(100)).error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace bulkhead::output

#include "config/cli/watch_text.h"

#include <gtest/gtest.h>

namespace bulkhead::config::cli {
namespace {

output::NetlinkEvent alert() {
  output::NetlinkEvent e;
  e.sequence = 7;
  e.time = {1'756'123'200'123'456'000};
  e.flow_id = 99;
  e.tuple = {*IpAddress::parse("10.0.0.3"), *IpAddress::parse("10.0.0.2"), 4444, 80, ip_proto::kTcp};
  e.gid = 1;
  e.sid = 2010935;
  e.rev = 3;
  e.severity = 2;
  e.message = "scan \x1b[31m";
  e.category = "Attempted Information Leak";
  return e;
}

TEST(WatchText, AlertLine) {
  EXPECT_EQ(watch_line(alert(), {}),
            "12:00:00.123456 ALERT  10.0.0.3:4444 -> 10.0.0.2:80 TCP  1:2010935  scan ?[31m  "
            "[Attempted Information Leak, severity 2]");
}

TEST(WatchText, BlockLine) {
  output::NetlinkEvent e;
  e.type = output::MessageType::kBlock;
  e.time = alert().time;
  e.tuple.source = *IpAddress::parse("fd00::1");
  e.block_action = "add";
  e.block_kind = "source";
  e.ttl_seconds = 300;
  e.latency = std::chrono::microseconds(512);
  e.reason = "drop rule";
  e.sid = 5;
  EXPECT_EQ(watch_line(e, {}),
            "12:00:00.123456 BLOCK  add source  fd00::1  for 5 min 00 s  after 0.5 ms  drop rule  sid 5");
}

TEST(WatchText, Json) {
  EXPECT_EQ(watch_json(alert()),
            R"({"timestamp":"2025-08-25T12:00:00.123456+0000","event_type":"alert","sequence":7,"flow_id":99,)"
            R"("src_ip":"10.0.0.3","src_port":4444,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","gid":1,)"
            R"("sid":2010935,"rev":3,"signature":"scan \u001B[31m","category":"Attempted Information Leak",)"
            R"("severity":2,"blocked":false})");
}

}  // namespace
}  // namespace bulkhead::config::cli

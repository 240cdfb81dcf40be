#include "config/daemon/audit_sink.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace bulkhead::config {
namespace {

TEST(AuditSink, KeepsBlocksAndNothingElse) {
  ::umask(022);  // what others may write is not believed
  const std::string folder = ::testing::TempDir() + "bulkhead_audit_sink_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  {
    auto log = audit::AuditLog::open({.path = folder + "/audit.log"});
    ASSERT_TRUE(log);
    AuditSink sink(**log);
    event::BlockEvent block;
    block.header.tuple = {*IpAddress::parse("10.0.0.4"), *IpAddress::parse("10.0.0.3"), 40000, 80, ip_proto::kTcp};
    block.header.has_ports = true;
    block.action = "add";
    block.kind = "flow";
    block.reason = "exploit";
    block.sid = 7;
    sink.write(block);
    sink.write(event::FlowEvent{});
    EXPECT_EQ(sink.health().written, 1U);
    EXPECT_EQ(sink.health().lost, 0U);
  }
  std::ifstream file(folder + "/audit.log");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(text.find("\"type\":\"block\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"src_port\":40000"), std::string::npos) << text;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bulkhead::config

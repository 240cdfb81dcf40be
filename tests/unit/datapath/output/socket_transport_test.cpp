#include "datapath/output/socket_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/output/queued_output.h"
#include "datapath/output/syslog_framing.h"
#include "output_records.h"

namespace bulkhead::output {
namespace {

using test::record_of;
using test::soon;

std::unique_ptr<Transport> to_unix(const std::string& path, bool datagrams) {
  Endpoint endpoint;
  endpoint.kind = datagrams ? Endpoint::Kind::kUnixDatagram : Endpoint::Kind::kUnixStream;
  endpoint.path = path;
  return std::make_unique<SocketTransport>(endpoint, std::make_unique<LineFraming>());
}

TEST(SocketTransport, AStreamIsLinesAndSurvivesItsReader) {
  const test::ScratchFolder folder;
  auto reader = std::make_unique<test::UnixReceiver>(folder.file("s"), SOCK_STREAM);
  QueuedOutput output(to_unix(folder.file("s"), false), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}"));
  output.push(record_of("{2}"));
  reader->accept();
  EXPECT_EQ(reader->read_until("{2}\n"), "{1}\n{2}\n");
  reader->close();
  reader = std::make_unique<test::UnixReceiver>(folder.file("s"), SOCK_STREAM);
  output.push(record_of("{3}"));  // this one finds the connection broken, and goes through the next
  reader->accept();
  EXPECT_EQ(reader->read_until("{3}\n"), "{3}\n");
  EXPECT_EQ(output.health().lost, 0U);
}

TEST(SocketTransport, ASlowReaderOfAStreamGetsEveryRecordWhole) {
  const test::ScratchFolder folder;
  test::UnixReceiver reader(folder.file("s"), SOCK_STREAM);
  QueuedOutput output(to_unix(folder.file("s"), false), {});
  ASSERT_TRUE(output.start());
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string json = "{" + std::to_string(i) + std::string(5000, 'x') + "}";
    all += json + "\n";
    ASSERT_TRUE(output.push(record_of(json)));
  }
  output.push(record_of("{end}"));
  reader.accept();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // longer than the socket's own patience
  EXPECT_EQ(reader.read_until("{end}\n"), all + "{end}\n");
  EXPECT_TRUE(soon([&] { return output.health().written == 301; }));
}

TEST(SocketTransport, DatagramsAreARecordEachAndTooLongOnesAreCounted) {
  const test::ScratchFolder folder;
  test::UnixReceiver reader(folder.file("d"), SOCK_DGRAM);
  QueuedOutput output(to_unix(folder.file("d"), true), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}"));
  output.push(record_of(std::string(4U << 20, 'x')));
  output.push(record_of("{2}"));
  EXPECT_EQ(reader.read(), "{1}\n");
  EXPECT_EQ(reader.read(), "{2}\n");
  EXPECT_TRUE(soon([&] { return output.health().written == 2; }));
  EXPECT_EQ(output.health().losses[static_cast<std::size_t>(LossReason::kTooLarge)], 1U);
}

TEST(SyslogFraming, WritesRfc5424) {
  SyslogFraming framing(16, "node 7", "bulk\x01head", 42);
  OutputRecord record = record_of("{\"a\":1}");
  record.severity = 2;
  std::string out;
  framing.frame(record, true, out);
  EXPECT_EQ(out, "<130>1 2016-07-13T22:42:07.388030Z node_7 bulk_head 42 - - {\"a\":1}");
  std::string counted;
  framing.frame(record, false, counted);
  EXPECT_EQ(counted, std::to_string(out.size()) + " " + out) << "RFC 6587 octet counting";
  EXPECT_EQ(syslog_facility("local5"), 21);
  EXPECT_EQ(syslog_facility("kern"), 0);
  EXPECT_EQ(syslog_facility("local8"), 255);
}

TEST(SyslogFraming, ReachesADatagramSocketAsDevLogIs) {
  const test::ScratchFolder folder;
  test::UnixReceiver reader(folder.file("log"), SOCK_DGRAM);
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::kUnixDatagram;
  endpoint.path = folder.file("log");
  QueuedOutput output(
      std::make_unique<SocketTransport>(endpoint, std::make_unique<SyslogFraming>(21, "n", "bulkhead", 1)), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{}"));
  EXPECT_EQ(reader.read(), "<174>1 2016-07-13T22:42:07.388030Z n bulkhead 1 - - {}");
}

}  // namespace
}  // namespace bulkhead::output

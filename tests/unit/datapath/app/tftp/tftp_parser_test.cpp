#include "datapath/app/tftp/tftp_parser.h"

#include <gtest/gtest.h>

namespace bulkhead::app::tftp {
namespace {

ByteSpan span_of(const std::string& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}
// A request; zeros are written as '|'.
std::string request(std::string text) {
  for (char& c : text) {
    if (c == '|') c = '\0';
  }
  return text;
}

TEST(TftpParser, RequestsAreRecords) {
  TftpParser parser;
  parser.parse(Direction::kToServer, span_of(request("|\1file.txt|OCTET|")), {});
  parser.parse(Direction::kToServer, span_of(request("|\2up|netascii|blksize|1432|")), {});
  parser.parse(Direction::kToServer, span_of(request("|\3data")), {});
  ASSERT_EQ(parser.transactions().size(), 2U);
  std::vector<EveRecord> records;
  for (const auto& tx : parser.transactions()) tx->write_records(records, {});
  EXPECT_EQ(records.at(0).fields.at(0).second, R"({"packet":"read","file":"file.txt","mode":"octet"})");
  EXPECT_EQ(records.at(1).fields.at(0).second, R"({"packet":"write","file":"up","mode":"netascii"})");
  EXPECT_TRUE(records[0].as_sent);
}

TEST(TftpProbe, AModeOfTheStandard) {
  const auto probe = [](const std::string& text) {
    const std::string bytes = request(text);
    return probe_datagram({Direction::kToServer, span_of(bytes), 4000, 6969});
  };
  EXPECT_EQ(probe("|\1f|octet|"), Probe::kYes);
  EXPECT_EQ(probe("|\1f|other|"), Probe::kNo);
  EXPECT_EQ(probe("|\1f|octet"), Probe::kNo);
  EXPECT_EQ(probe("|\1|octet|"), Probe::kNo);
  EXPECT_EQ(probe("|\4f|octet|"), Probe::kNo);
  EXPECT_EQ(probe("|\1"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::tftp

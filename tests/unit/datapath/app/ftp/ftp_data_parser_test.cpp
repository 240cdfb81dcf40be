#include "datapath/app/ftp/ftp_data_parser.h"

#include <gtest/gtest.h>

#include "datapath/app/expected_flows.h"
#include "datapath/app/protocol_table.h"
#include "datapath/app/text.h"

namespace bulkhead::app::ftp {
namespace {

TEST(FtpDataParser, TheFileIsWhatTheConnectionCarries) {
  AppSettings settings;
  FtpDataParser parser(settings);
  parser.announced({AppProtocol::ftp_data, "RETR", "a.txt"});
  EXPECT_EQ(parser.parse(Direction::kToClient, bytes_of("hello"), {}).consumed, 5U);
  ASSERT_EQ(parser.transactions().size(), 1U);
  Transaction& tx = *parser.transactions().front();
  ASSERT_EQ(tx.files[1].size(), 1U);
  EXPECT_EQ(tx.files[1][0]->name, "a.txt");
  BufferView view;
  ASSERT_TRUE(get_file_content(tx, Direction::kToClient, 0, view));
  EXPECT_FALSE(view.ready) << "too little, and more may come";
  parser.end(Direction::kToClient, {});
  parser.end(Direction::kToServer, {});
  ASSERT_TRUE(get_file_content(tx, Direction::kToClient, 0, view));
  EXPECT_TRUE(view.ready);
  EXPECT_EQ(tx.files[1][0]->state, FileState::kClosed);
  EXPECT_EQ(tx.progress[0], stage::kComplete);
  std::vector<EveRecord> records;
  tx.write_records(records, {});
  EXPECT_EQ(records.at(0).fields.at(0).second, R"({"filename":"a.txt","command":"RETR"})");
}

TEST(FtpDataParser, AGapLeavesTheFileTruncated) {
  AppSettings settings;
  FtpDataParser parser(settings);
  parser.announced({AppProtocol::ftp_data, "STOR", "a"});
  static_cast<void>(parser.parse(Direction::kToServer, bytes_of("x"), {}));
  EXPECT_TRUE(parser.gap(Direction::kToServer, 10));
  parser.end(Direction::kToServer, {});
  const File& file = *parser.transactions().front()->files[0][0];
  EXPECT_EQ(file.state, FileState::kTruncated);
  EXPECT_EQ(file.size, 11U);
}

}  // namespace
}  // namespace bulkhead::app::ftp

// A data connection of FTP: the file that RETR or STOR of its control connection told.
//
// Thread   the worker owning the flow.
// Out      one transaction with one file, in the direction that carries bytes; it is whole when the connection ends.
// Limits   FtpSettings::content of what rules see.
// Tests    tests/unit/datapath/app/ftp/ftp_data_parser_test.cpp
#pragma once

#include "datapath/app/app_parser.h"
#include "datapath/app/app_settings.h"
#include "datapath/app/ftp/ftp_transaction.h"

namespace bulkhead::app::ftp {

class FtpDataParser final : public AppParser {
 public:
  explicit FtpDataParser(const AppSettings& settings) : settings_(settings) {}

  void announced(const ExpectedFlow& what) override;
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  const AppSettings& settings_;
  Held<FtpDataTransaction> tx_;
  std::string command_, file_name_;
};

}  // namespace bulkhead::app::ftp

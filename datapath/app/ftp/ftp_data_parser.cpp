#include "datapath/app/ftp/ftp_data_parser.h"

#include "datapath/app/expected_flows.h"

namespace bulkhead::app::ftp {

void FtpDataParser::announced(const ExpectedFlow& what) {
  command_ = what.command;
  file_name_ = what.file_name;
}

ParseResult FtpDataParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  if (data.empty()) return {};
  if (tx_ == nullptr) {
    tx_ = &add<FtpDataTransaction>();
    tx_->command = command_;
    tx_->file_name = file_name_;
    tx_->advance(Direction::kToServer, stage::kOpen);
    tx_->advance(Direction::kToClient, stage::kOpen);
  }
  FileList& files = tx_->files[bulkhead::index_of(d)];
  if (files.empty()) {
    auto file = make_file(file_name_, settings_.files());
    file->keep_content(settings_.ftp.content);
    files.push_back(std::move(file));
  }
  files.back()->append(data);
  tx_->touch(d);
  return {ParseResult::Status::kOk, data.size(), {}};
}

bool FtpDataParser::gap(Direction d, std::uint64_t length) {
  if (tx_ == nullptr) return true;
  for (const auto& file : tx_->files[bulkhead::index_of(d)]) file->skip(length);
  tx_->touch(d);
  return true;
}

void FtpDataParser::end(Direction d, ByteSpan) {
  if (tx_ == nullptr) return;
  for (const auto& file : tx_->files[bulkhead::index_of(d)]) file->close(true);
  tx_->advance(d, stage::kComplete);
}

}  // namespace bulkhead::app::ftp

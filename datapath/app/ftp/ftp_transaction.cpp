#include "datapath/app/ftp/ftp_transaction.h"

namespace bulkhead::app::ftp {

std::atomic<std::uint64_t> FtpTransaction::kept_in_all_{0};

FtpTransaction::~FtpTransaction() {
  kept_in_all_.fetch_sub(kept_, std::memory_order_relaxed);
}

std::string FtpTransaction::keep(std::string_view text) {
  if (kept_in_all() + text.size() > settings_->memcap) return {};
  kept_in_all_.fetch_add(text.size(), std::memory_order_relaxed);
  kept_ += text.size();
  return std::string(text);
}

void FtpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  if (!command.empty()) {
    json.field("command", command);
    if (!data.empty()) {
      json.field("command_data", data);
      json.field("command_truncated", command_cut);
    }
  }
  const auto list = [&](std::string_view key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    json.open_array(key);
    for (const std::string& each : texts) json.element(each);
    json.close_array();
  };
  list("completion_code", codes);
  list("reply", replies);
  if (data_port != 0) json.field("dynamic_port", data_port);
  if (command == "PORT" || command == "EPRT") json.field("mode", active ? "active" : "passive");
  json.field("reply_received", reply_seen ? "yes" : "no");
  json.field("reply_truncated", reply_cut);
  json.close_object();
  EveRecord record{"ftp", true, {}};
  record.add("ftp", json);
  out.push_back(std::move(record));
}

void FtpDataTransaction::looked_at(Direction d) {
  for (const auto& file : files[bulkhead::index_of(d)]) file->looked_at();
}

void FtpDataTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  if (!file_name.empty()) json.field("filename", file_name);
  if (!command.empty()) json.field("command", command);
  json.close_object();
  EveRecord record{"ftp_data", true, {}};
  record.add("ftp_data", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::ftp

#include "datapath/app/mysql/mysql_transaction.h"

namespace bulkhead::app::mysql {

void MysqlTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  if (!version.empty()) json.field("version", version);
  if (tls) json.field("tls", true);
  if (!user.empty()) json.field("user", user);
  if (!database.empty()) json.field("database", database);
  if (!auth_plugin.empty()) json.field("auth_plugin", auth_plugin);
  if (!command.empty()) json.field("command", command);
  if (!query.empty()) json.field("query", query);
  if (!status.empty()) json.field("status", status);
  if (rows) json.field("rows", *rows);
  if (affected_rows) json.field("affected_rows", *affected_rows);
  if (error_code != 0) json.field("error_code", error_code);
  if (!sql_state.empty()) json.field("sql_state", sql_state);
  if (!error.empty()) json.field("error", error);
  if (!infile.empty()) json.field("local_infile", infile);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"mysql", true, {}};
  record.add("mysql", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::mysql

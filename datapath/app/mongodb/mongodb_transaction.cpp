#include "datapath/app/mongodb/mongodb_transaction.h"

namespace bulkhead::app::mongodb {

void MongodbTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("opcode", opcode);
  json.field("request_id", request_id);
  text("command", command);
  text("database", database);
  text("collection", collection);
  text("user", user);
  text("mechanism", mechanism);
  text("application", application);
  text("driver", driver);
  if (!operators.empty()) {
    json.open_array("operators");
    for (const std::string& each : operators) json.element(each);
    json.close_array();
  }
  if (compressed) json.field("compressed", true);
  if (ok) json.field("ok", *ok);
  if (error_code != 0) json.field("error_code", error_code);
  text("error_name", error_name);
  text("error", error);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"mongodb", true, {}};
  record.add("mongodb", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::mongodb

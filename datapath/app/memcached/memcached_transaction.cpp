#include "datapath/app/memcached/memcached_transaction.h"

namespace bulkhead::app::memcached {

void MemcachedTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  json.field("protocol", binary ? "binary" : "text");
  if (!command.empty()) json.field("command", command);
  if (!keys.empty()) {
    json.open_array("keys");
    for (const std::string& key : keys) json.element(key);
    json.close_array();
  }
  if (value_bytes > 0) json.field("value_bytes", value_bytes);
  if (!user.empty()) json.field("user", user);
  if (!mechanism.empty()) json.field("mechanism", mechanism);
  if (!status.empty()) json.field("status", status);
  if (values > 0) json.field("values", values);
  if (!error.empty()) json.field("error", error);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"memcached", true, {}};
  record.add("memcached", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::memcached

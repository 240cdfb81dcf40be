#include "datapath/app/kafka/kafka_transaction.h"

namespace bulkhead::app::kafka {

void KafkaTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("api", api);
  json.field("api_key", api_key);
  json.field("api_version", api_version);
  json.field("correlation_id", correlation);
  text("client_id", client_id);
  if (!topics.empty()) {
    json.open_array("topics");
    for (const std::string& topic : topics) json.element(topic);
    json.close_array();
  }
  text("group", group);
  text("mechanism", mechanism);
  text("user", user);
  if (error_code) json.field("error_code", static_cast<int>(*error_code));
  text("error", error);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"kafka", true, {}};
  record.add("kafka", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::kafka

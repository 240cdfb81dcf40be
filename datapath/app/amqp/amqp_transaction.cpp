#include "datapath/app/amqp/amqp_transaction.h"

namespace bulkhead::app::amqp {

void AmqpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("method", method);
  if (channel != 0) json.field("channel", channel);
  text("version", version);
  text("product", product);
  text("mechanism", mechanism);
  text("user", user);
  text("vhost", vhost);
  text("exchange", exchange);
  text("exchange_type", exchange_type);
  text("routing_key", routing_key);
  text("queue", queue);
  text("consumer", consumer);
  if (reply_code != 0) json.field("reply_code", reply_code);
  text("error", error);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"amqp", true, {}};
  record.add("amqp", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::amqp

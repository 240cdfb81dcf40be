#include "datapath/app/nats/nats_transaction.h"

namespace bulkhead::app::nats {

void NatsTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  if (command == "PING" || command == "PONG" || command == "+OK") return;
  JsonText json;
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("command", command);
  text("subject", subject);
  text("reply_to", reply_to);
  text("queue", queue);
  if (payload_bytes > 0) json.field("payload_bytes", payload_bytes);
  text("user", user);
  text("client", client);
  text("language", language);
  text("version", version);
  text("server", server);
  text("server_version", server_version);
  if (auth_required) json.field("auth_required", true);
  if (tls_required) json.field("tls_required", true);
  text("error", error);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"nats", true, {}};
  record.add("nats", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::nats

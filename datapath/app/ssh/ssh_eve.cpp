// EVE record of SSH; alerts show the same.
#include "datapath/app/ssh/ssh_transaction.h"

namespace bulkhead::app::ssh {

namespace {

void side_object(JsonText& json, std::string_view key, const SshSide& side) {
  if (side.software.empty()) return;
  json.open_object(key);
  json.field("proto_version", side.protocol);
  json.field("software_version", side.software);
  if (!side.hassh.empty()) {
    json.open_object("hassh");
    json.field("hash", side.hassh);
    json.field("string", side.hassh_text);
    json.close_object();
  }
  json.close_object();
}

}  // namespace

// Nothing when neither side has given a banner.
void SshTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  const SshSide &client = side(Direction::kToServer), &server = side(Direction::kToClient);
  if (client.software.empty() && server.software.empty()) return;
  JsonText json;
  json.open_object();
  side_object(json, "client", client);
  side_object(json, "server", server);
  json.close_object();
  EveRecord record{"ssh", true, {}};
  record.add("ssh", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::ssh

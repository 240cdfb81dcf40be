#include "datapath/app/ldap/ldap_transaction.h"

namespace bulkhead::app::ldap {

void LdapTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("operation", operation);
  json.field("message_id", message_id);
  text("dn", dn);
  text("mechanism", mechanism);
  text("scope", scope);
  text("filter", filter);
  if (!attributes.empty()) {
    json.open_array("attributes");
    for (const std::string& attribute : attributes) json.element(attribute);
    json.close_array();
  }
  text("oid", oid);
  if (entries > 0) json.field("entries", entries);
  if (result_code) json.field("result_code", *result_code);
  text("result", result);
  text("matched_dn", matched_dn);
  text("message", message);
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"ldap", true, {}};
  record.add("ldap", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::ldap

// EVE records of TLS: tls, and its fields in alerts.
#include <algorithm>

#include "datapath/app/tls/tls_transaction.h"
#include "datapath/app/tls/tls_version.h"

namespace bulkhead::app::tls {

namespace {

void chain(JsonText& json, std::string_view key, const std::vector<std::string>& certificates) {
  json.open_array(key);
  for (const std::string& der : certificates) json.base64_element(der);
  json.close_array();
}

void fingerprint(JsonText& json, std::string_view key, const TlsTransaction::Fingerprint& value) {
  if (value.hash.empty()) return;
  json.open_object(key);
  json.field("hash", value.hash);
  json.field("string", value.text);
  json.close_object();
}

void names(JsonText& json, std::string_view key, const std::vector<std::string>& list) {
  if (list.empty()) return;
  json.open_array(key);
  for (const std::string& name : list) json.element(name);
  json.close_array();
}

// Which fields are wanted.
class Fields {
 public:
  Fields(const std::vector<std::string>* custom, bool extended) : custom_(custom), extended_(extended) {}
  [[nodiscard]] bool has(std::string_view name) const {
    if (custom_ != nullptr) return std::find(custom_->begin(), custom_->end(), name) != custom_->end();
    const bool always = name == "subject" || name == "issuer" || name == "session_resumed";
    const bool never =
        name == "certificate" || name == "chain" || name == "client_certificate" || name == "client_chain";
    return always || (extended_ && !never);
  }

 private:
  const std::vector<std::string>* custom_;
  bool extended_;
};

void client_object(JsonText& json, const TlsTransaction& tx, const Fields& wanted) {
  const TlsSide& client = tx.client();
  const bool inner = wanted.has("client_certificate") || wanted.has("client_chain");
  if (!client.certificate || !(wanted.has("client") || inner)) return;
  const Certificate& own = *client.certificate;
  json.open_object("client");
  json.field("subject", own.subject);
  json.field("issuerdn", own.issuer);
  json.field("fingerprint", own.fingerprint);
  json.field("serial", own.serial);
  json.field("notbefore", date_text(own.not_before));
  json.field("notafter", date_text(own.not_after));
  if (wanted.has("client_certificate")) json.base64_field("certificate", client.certificates.front());
  if (wanted.has("client_chain")) chain(json, "chain", client.certificates);
  json.close_object();
}

enum class Use : std::uint8_t { kRecord, kAlert };

std::string tls_object(const TlsTransaction& tx, const Fields& wanted, Use use, bool with_ja4) {
  const TlsSide& server = tx.server();
  const Certificate* own = server.certificate ? &*server.certificate : nullptr;
  JsonText json;
  json.open_object();
  if (own != nullptr && wanted.has("subject")) json.field("subject", own->subject);
  if (own != nullptr && wanted.has("issuer")) json.field("issuerdn", own->issuer);
  if (tx.session_resumed && wanted.has("session_resumed")) json.field("session_resumed", true);
  if (own != nullptr && wanted.has("serial")) json.field("serial", own->serial);
  if (own != nullptr && wanted.has("fingerprint")) json.field("fingerprint", own->fingerprint);
  const Hello* hello = tx.client().hello ? &*tx.client().hello : nullptr;
  if (hello != nullptr && hello->sni && wanted.has("sni")) json.field("sni", *hello->sni);
  if (wanted.has("version")) json.field("version", version_name(server.version));
  if (own != nullptr && wanted.has("not_before")) json.field("notbefore", date_text(own->not_before));
  if (own != nullptr && wanted.has("not_after")) json.field("notafter", date_text(own->not_after));
  if (!server.certificates.empty() && wanted.has("certificate")) {
    json.base64_field("certificate", server.certificates.front());
  }
  if (!server.certificates.empty() && wanted.has("chain")) chain(json, "chain", server.certificates);
  if (wanted.has("ja3")) fingerprint(json, "ja3", tx.ja3);
  if (wanted.has("ja3s")) fingerprint(json, "ja3s", tx.ja3s);
  if (use == Use::kRecord && with_ja4 && !tx.ja4.empty() && wanted.has("ja4")) json.field("ja4", tx.ja4);
  if (hello != nullptr && wanted.has("client_alpns")) names(json, "client_alpns", hello->alpn);
  if (server.hello && wanted.has("server_alpns")) names(json, "server_alpns", server.hello->alpn);
  if (use == Use::kRecord) client_object(json, tx, wanted);
  if (use == Use::kRecord && !tx.before.empty()) json.field("from_proto", tx.before);
  json.close_object();
  return json.take();
}

}  // namespace

void TlsTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  EveRecord record{"tls", false, {}};
  const Fields wanted(options.tls_custom.empty() ? nullptr : &options.tls_custom, options.tls_extended);
  record.fields.emplace_back("tls", tls_object(*this, wanted, Use::kRecord, options.tls_ja4));
  out.push_back(std::move(record));
}

void TlsTransaction::write_alert_fields(event::AppFields& out, const EveOptions&) const {
  if (server().version == 0 && !client().hello) return;
  out.emplace_back("tls", tls_object(*this, Fields(nullptr, true), Use::kAlert, false));
}

}  // namespace bulkhead::app::tls

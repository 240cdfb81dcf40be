// EVE records of DNS, version 2: one for each question of a request, one for an answer; the dns object of alerts.
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "datapath/app/dns/dns_names.h"
#include "datapath/app/dns/dns_transaction.h"

namespace bulkhead::app::dns {
namespace {

constexpr int kVersion = 2;

void name_field(JsonText& json, std::string_view key, std::string_view cut_key, const Name& name) {
  json.bytes_field(key, name.text);
  if (name.cut) json.field(cut_key, true);
}

std::string colon_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    if (!out.empty()) out += ':';
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[c & 15];
  }
  return out;
}

std::string soa_object(const SoaData& soa) {
  JsonText json;
  json.open_object();
  name_field(json, "mname", "mname_truncated", soa.primary);
  name_field(json, "rname", "rname_truncated", soa.mailbox);
  json.field("serial", soa.serial);
  json.field("refresh", soa.refresh);
  json.field("retry", soa.retry);
  json.field("expire", soa.expire);
  json.field("minimum", soa.minimum);
  json.close_object();
  return json.take();
}

std::string srv_object(const SrvData& srv) {
  JsonText json;
  json.open_object();
  json.field("priority", srv.priority);
  json.field("weight", srv.weight);
  json.field("port", srv.port);
  json.bytes_field("name", srv.target.text);
  json.close_object();
  return json.take();
}

std::string sshfp_object(const SshfpData& sshfp) {
  JsonText json;
  json.open_object();
  json.field("fingerprint", colon_hex(sshfp.fingerprint));
  json.field("algo", sshfp.algorithm);
  json.field("type", sshfp.type);
  json.close_object();
  return json.take();
}

void record_object(JsonText& json, const Record& record) {
  json.open_object();
  name_field(json, "rrname", "rrname_truncated", record.name);
  json.field("rrtype", rrtype_text(record.type));
  json.field("ttl", record.ttl);
  if (const auto* text = std::get_if<TextData>(&record.data)) {
    name_field(json, "rdata", "rdata_truncated", text->value);
  } else if (const auto* soa = std::get_if<SoaData>(&record.data)) {
    json.raw_field("soa", soa_object(*soa));
  } else if (const auto* srv = std::get_if<SrvData>(&record.data)) {
    json.raw_field("srv", srv_object(*srv));
  } else if (const auto* sshfp = std::get_if<SshfpData>(&record.data)) {
    json.raw_field("sshfp", sshfp_object(*sshfp));
  }
  json.close_object();
}

void records_array(JsonText& json, std::string_view key, const std::vector<Record>& records) {
  json.open_array(key);
  for (const Record& record : records) record_object(json, record);
  json.close_array();
}

// What the answers say, by type: {"A": ["192.0.2.1", ...], ...}, in order of first occurrence.
void grouped_object(JsonText& json, const std::vector<Record>& records) {
  std::vector<std::pair<std::uint16_t, JsonText>> groups;
  for (const Record& record : records) {
    if (std::holds_alternative<std::monostate>(record.data)) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == record.type; });
    if (group == groups.end()) {
      group = groups.emplace(groups.end(), record.type, JsonText());
      group->second.open_array();
    }
    JsonText& values = group->second;
    if (const auto* text = std::get_if<TextData>(&record.data)) {
      values.bytes_element(text->value.text);
    } else if (const auto* soa = std::get_if<SoaData>(&record.data)) {
      values.raw_element(soa_object(*soa));
    } else if (const auto* srv = std::get_if<SrvData>(&record.data)) {
      values.raw_element(srv_object(*srv));
    } else if (const auto* sshfp = std::get_if<SshfpData>(&record.data)) {
      values.raw_element(sshfp_object(*sshfp));
    }
  }
  json.open_object("grouped");
  for (auto& [type, values] : groups) {
    values.close_array();
    json.raw_field(rrtype_text(type), values.text());
  }
  json.close_object();
}

bool is_wanted(const Question& question, const DnsEveOptions& options) {
  return options.types.empty() ||
         std::find(options.types.begin(), options.types.end(), rrtype_text(question.type)) != options.types.end();
}

std::string query_object(const DnsTransaction& tx, const Question& question, bool with_version) {
  const Header& header = tx.message.header;
  JsonText json;
  json.open_object();
  if (with_version) json.field("version", kVersion);
  json.field("type", "query");
  json.field("id", header.id);
  name_field(json, "rrname", "rrname_truncated", question.name);
  json.field("rrtype", rrtype_text(question.type));
  json.field("tx_id", tx.id);
  if (header.z()) json.field("z", true);
  json.field("opcode", header.opcode());
  json.close_object();
  return json.take();
}

std::string answer_object(const DnsTransaction& tx, bool detailed, bool grouped) {
  const Header& header = tx.message.header;
  std::array<char, 4> flags{};
  char* const end = std::to_chars(flags.data(), flags.data() + flags.size(), header.flags, 16).ptr;
  JsonText json;
  json.open_object();
  json.field("version", kVersion);
  json.field("type", "answer");
  json.field("id", header.id);
  json.field("flags", std::string_view(flags.data(), static_cast<std::size_t>(end - flags.data())));
  if (header.is_response()) json.field("qr", true);
  if (header.authoritative()) json.field("aa", true);
  if (header.truncated()) json.field("tc", true);
  if (header.recursion_desired()) json.field("rd", true);
  if (header.recursion_available()) json.field("ra", true);
  if (header.z()) json.field("z", true);
  json.field("opcode", header.opcode());
  if (!tx.message.questions.empty()) {
    const Question& question = tx.message.questions.front();
    name_field(json, "rrname", "rrname_truncated", question.name);
    json.field("rrtype", rrtype_text(question.type));
  }
  json.field("rcode", rcode_text(header.rcode()));
  if (!tx.message.answers.empty()) {
    if (detailed) records_array(json, "answers", tx.message.answers);
    if (grouped) grouped_object(json, tx.message.answers);
  }
  if (!tx.message.authorities.empty()) records_array(json, "authorities", tx.message.authorities);
  json.close_object();
  return json.take();
}

}  // namespace

void DnsTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  const DnsEveOptions& dns = options.dns;
  if (refused) return;
  const auto add = [&](std::string object) {
    EveRecord record{"dns", false, {}};
    record.fields.emplace_back("dns", std::move(object));
    out.push_back(std::move(record));
  };
  if (direction == Direction::kToServer) {
    if (!dns.requests) return;
    for (const Question& question : message.questions) {
      if (is_wanted(question, dns)) add(query_object(*this, question, true));
    }
    return;
  }
  const bool wanted = std::any_of(message.questions.begin(), message.questions.end(),
                                  [&](const Question& question) { return is_wanted(question, dns); });
  if (dns.responses && wanted) add(answer_object(*this, dns.detailed, dns.grouped));
}

void DnsTransaction::write_alert_fields(event::AppFields& out, const EveOptions&) const {
  if (refused) return;
  JsonText json;
  json.open_object();
  json.field("version", kVersion);
  if (!message.questions.empty() && direction == Direction::kToServer) {
    json.open_array("query");
    for (const Question& question : message.questions) json.raw_element(query_object(*this, question, false));
    json.close_array();
  } else if (!message.questions.empty()) {
    json.raw_field("answer", answer_object(*this, false, false));
  }
  json.close_object();
  out.emplace_back("dns", json.take());
}

}  // namespace bulkhead::app::dns

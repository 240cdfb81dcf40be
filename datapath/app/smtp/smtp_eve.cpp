// EVE records of SMTP: smtp with email, and both in alerts and files' records.
#include <algorithm>

#include "datapath/app/smtp/smtp_transaction.h"
#include "datapath/app/text.h"

namespace bulkhead::app::smtp {
namespace {

// Fields of a mail that are written when asked for.
struct FurtherField {
  std::string_view name;  // in the mail, and in settings
  std::string_view key;   // in the record
  enum class Form : std::uint8_t { kText, kAddresses, kAll } form = Form::kText;
  bool extended = false;  // part of the extended record
};
constexpr FurtherField kFurther[] = {
    {"reply-to", "reply_to"},
    {"bcc", "bcc", FurtherField::Form::kAddresses, true},
    {"message-id", "message_id", FurtherField::Form::kText, true},
    {"subject", "subject", FurtherField::Form::kText, true},
    {"x-mailer", "x_mailer", FurtherField::Form::kText, true},
    {"user-agent", "user_agent", FurtherField::Form::kText, true},
    {"received", "received", FurtherField::Form::kAll},
    {"x-originating-ip", "x_originating_ip"},
    {"in-reply-to", "in_reply_to"},
    {"references", "references"},
    {"importance", "importance"},
    {"priority", "priority"},
    {"sensitivity", "sensitivity"},
    {"organization", "organization"},
    {"content-md5", "content_md5"},
    {"date", "date"},
};

// Of a field that occurs more than once the last one counts.
const mime::Field* find(const mime::MimeParser& mail, std::string_view name) {
  const auto& fields = mail.fields();
  const auto at = std::find_if(fields.rbegin(), fields.rend(), [&](const auto& field) { return field.name == name; });
  return at != fields.rend() ? &*at : nullptr;
}

void write_addresses(JsonText& json, std::string_view key, std::string_view value) {
  const auto list = mime::addresses(value);
  if (list.empty()) return;
  json.open_array(key);
  for (const std::string_view one : list) json.element(one);
  json.close_array();
}

void write_further(JsonText& json, const mime::MimeParser& mail, const EveOptions& options) {
  for (const FurtherField& each : kFurther) {
    const auto& asked = options.smtp_custom;
    const bool wanted = std::any_of(asked.begin(), asked.end(), [&](const auto& w) { return same_word(w, each.name); });
    if (!wanted && !(options.smtp_extended && each.extended)) continue;
    const mime::Field* field = find(mail, each.name);
    if (field == nullptr) continue;
    switch (each.form) {
      case FurtherField::Form::kText: json.field(each.key, field->value); break;
      case FurtherField::Form::kAddresses: write_addresses(json, each.key, field->value); break;
      case FurtherField::Form::kAll:
        json.open_array(each.key);
        for (auto at = mail.fields().rbegin(); at != mail.fields().rend(); ++at) {
          if (at->name == each.name) json.element(at->value);
        }
        json.close_array();
        break;
    }
  }
}

// The latest URL first, the mail's own text before its parts.
void write_urls(JsonText& json, const mime::MimeParser& mail) {
  std::vector<std::string_view> urls;
  const auto add = [&](const mime::PartNote& part) { urls.insert(urls.end(), part.urls.rbegin(), part.urls.rend()); };
  add(mail.root());
  for (const auto& part : mail.parts()) add(part);
  if (urls.empty()) return;
  const auto any = [&](bool (*is)(std::string_view)) { return std::any_of(urls.begin(), urls.end(), is); };
  json.field("has_ipv6_url", any(mime::has_ipv6_host));
  json.field("has_ipv4_url", any(mime::has_ipv4_host));
  json.field("has_exe_url", any(mime::names_program));
  json.open_array("url");
  for (const std::string_view url : urls) json.element(url);
  json.close_array();
}

std::string hex_digest(const std::string& digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : digest) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[c & 15];
  }
  return out;
}

std::string email_object(const mime::MimeParser& mail, const EveOptions& options) {
  JsonText json;
  json.open_object();
  json.field("status", mail.status());
  if (const auto* from = find(mail, "from"); from != nullptr && !from->value.empty()) json.field("from", from->value);
  if (const auto* to = find(mail, "to")) write_addresses(json, "to", to->value);
  if (const auto* cc = find(mail, "cc")) write_addresses(json, "cc", cc->value);
  write_further(json, mail, options);
  const auto& parts = mail.parts();
  if (std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.attachment; })) {
    json.open_array("attachment");
    for (const auto& part : parts) {
      if (part.attachment && !part.file_name.empty()) json.element(part.file_name);
    }
    json.close_array();
  }
  write_urls(json, mail);
  if (const auto* subject = find(mail, "subject"); subject != nullptr && options.smtp_subject_md5) {
    FileHashes hash(true, false, false);
    hash.add(bytes_of(subject->value));
    hash.finish();
    json.field("subject_md5", hex_digest(hash.md5()));
  }
  if (options.smtp_body_md5 && !mail.body_md5().empty()) json.field("body_md5", hex_digest(mail.body_md5()));
  json.close_object();
  return json.take();
}

std::string smtp_object(const SmtpTransaction& tx) {
  JsonText json;
  json.open_object();
  if (tx.has_helo) json.field("helo", tx.helo);
  if (tx.mail_from) json.field("mail_from", *tx.mail_from);
  if (!tx.recipients.empty()) {
    json.open_array("rcpt_to");
    for (const std::string& each : tx.recipients) json.element(each);
    json.close_array();
  }
  json.close_object();
  return json.take();
}

}  // namespace

void SmtpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  EveRecord record{"smtp", true, {}};
  record.fields.emplace_back("smtp", smtp_object(*this));
  if (mail != nullptr) record.fields.emplace_back("email", email_object(*mail, options));
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::smtp

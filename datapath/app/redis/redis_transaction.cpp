#include "datapath/app/redis/redis_transaction.h"

namespace bulkhead::app::redis {
namespace {

bool same_word(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
    if (c != upper[i]) return false;
  }
  return true;
}

// Passwords do not go to the log.
bool is_secret(const RedisTransaction& tx, std::size_t index) {
  const WordList& a = tx.arguments;
  if (tx.command == "AUTH") return index == a.size() - 1;
  if (tx.command == "HELLO") return index >= 2 && same_word(a[index - 2], "AUTH");
  if (tx.command == "CONFIG" && index >= 2) {
    return same_word(a[index - 1], "REQUIREPASS") || same_word(a[index - 1], "MASTERAUTH");
  }
  if (tx.command == "ACL" && !a.empty() && same_word(a[0], "SETUSER") && index >= 2) {
    return a[index].starts_with(">") || a[index].starts_with("#");
  }
  return tx.command == "MIGRATE" && index >= 1 && (same_word(a[index - 1], "AUTH") || same_word(a[index - 1], "AUTH2"));
}

}  // namespace

std::string_view RedisTransaction::user() const {
  if (command == "AUTH" && arguments.size() == 2) return arguments[0];
  if (command != "HELLO") return {};
  for (std::size_t i = 1; i + 1 < arguments.size(); ++i) {
    if (same_word(arguments[i], "AUTH")) return arguments[i + 1];
  }
  return {};
}

void RedisTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  if (!command.empty()) json.field("command", command);
  if (!arguments.empty()) {
    json.open_array("arguments");
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      json.element(is_secret(*this, i) ? std::string_view("***") : arguments[i]);
    }
    json.close_array();
  }
  if (!command.empty()) json.field("argument_count", argument_count);
  if (inline_form) json.field("inline", true);
  if (!user().empty()) json.field("user", user());
  if (!reply_type.empty()) {
    json.open_object("reply");
    json.field("type", reply_type);
    if (!reply.empty() && !is_error) json.field("text", reply);
    json.close_object();
  }
  if (!error().empty()) json.field("error", error());
  if (auth_failed) json.field("auth_failed", true);
  json.close_object();
  EveRecord record{"redis", true, {}};
  record.add("redis", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::redis

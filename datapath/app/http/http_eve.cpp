// EVE records of HTTP: http, and its fields in alerts and files' records.
#include <algorithm>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/http/http_transaction.h"
#include "datapath/base/text_encoding.h"

namespace bulkhead::app::http {
namespace {

// The host without its port; of a header in the letters that it came in.
std::string_view host_as_written(const HttpTransaction& tx) {
  const std::string_view begin = std::string_view(tx.host_raw).substr(0, tx.host.size());
  return same_word(begin, tx.host) ? begin : std::string_view(tx.host);
}

constexpr std::size_t kPrintableBody = 4096;

std::string_view first_part(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

void content_range(JsonText& json, std::string_view raw) {
  const ContentRange range = parse_content_range(raw);
  json.open_object("content_range");
  json.field("raw", raw);
  if (range.start) json.field("start", *range.start);
  if (range.end) json.field("end", *range.end);
  if (range.size) json.field("size", *range.size);
  json.close_object();
}

// All of them, or those that are asked for by name; no array where there is none of those.
void headers_array(JsonText& json, std::string_view key, const Headers& headers, bool all,
                   const std::vector<std::string>& wanted) {
  const auto shown = [&](const Header& header) {
    return all || std::any_of(wanted.begin(), wanted.end(),
                              [&](const std::string& name) { return same_word(header.name, name); });
  };
  bool any = all;
  for (const Header header : headers) any = any || shown(header);
  if (!any) return;
  json.open_array(key);
  for (const Header header : headers) {
    if (!shown(header)) continue;
    json.open_object();
    json.field("name", header.name);
    json.field("value", header.value);
    json.close_object();
  }
  json.close_array();
}

void body_fields(JsonText& json, const HttpTransaction& tx, const EveOptions& options) {
  const auto write = [&](const char* key, const char* printable_key, Direction d) {
    const ByteSpan bytes = tx.message(d).body.bytes();
    if (bytes.empty()) return;
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kPrintableBody));
    if (options.alert_http_body) json.base64_field(key, text);
    if (options.alert_http_body_printable) {
      std::string printable;
      append_printable(printable, text);
      json.field(printable_key, printable);
    }
  };
  write("http_request_body", "http_request_body_printable", Direction::kToServer);
  write("http_response_body", "http_response_body_printable", Direction::kToClient);
}

enum class Use : std::uint8_t { kRecord, kAlert, kFile };

std::string http_object(const HttpTransaction& tx, const EveOptions& options, Use use) {
  const Message& request = tx.message(Direction::kToServer);
  const Message& response = tx.message(Direction::kToClient);
  JsonText json;
  json.open_object();
  if (!tx.host.empty()) json.field("hostname", host_as_written(tx));
  if (tx.port != 0) json.field("http_port", tx.port);
  if (!tx.target.empty()) json.field("url", tx.target);
  const auto header = [&](const char* key, const Headers& headers, std::string_view name) {
    if (const std::optional<Header> found = headers.find(name)) json.field(key, found->value);
  };
  header("http_user_agent", request.headers, "user-agent");
  header("xff", request.headers, "x-forwarded-for");
  if (const std::optional<Header> type = response.headers.find("content-type")) {
    json.field("http_content_type", first_part(type->value));
  }
  if (const std::optional<Header> range = response.headers.find("content-range")) content_range(json, range->value);
  if (options.http_extended || use != Use::kRecord) {
    header("http_refer", request.headers, "referer");
    if (!tx.method.empty()) json.field("http_method", tx.method);
    if (!request.protocol.empty()) json.field("protocol", request.protocol);
    if (!tx.status_text.empty()) {
      if (tx.status != 0) {
        json.field("status", tx.status);
      } else {
        json.field("status_string", tx.status_text);
      }
    }
    header("redirect", response.headers, "location");
    json.field("length", response.sent);
  }
  if (use == Use::kAlert) body_fields(json, tx, options);
  if (use != Use::kAlert) {
    headers_array(json, "request_headers", request.headers, options.http_request_headers, options.http_custom);
    headers_array(json, "response_headers", response.headers, options.http_response_headers, options.http_custom);
  }
  json.close_object();
  return json.take();
}

// A call of a container engine or kubelet stands beside the HTTP fields.
void add_api_call(const HttpTransaction& tx, event::AppFields& out) {
  const ApiCall& call = tx.api_call();
  if (call.kind == ApiCall::Kind::kNone) return;
  JsonText json;
  call.write(json);
  out.emplace_back(call.is_docker() ? "docker" : "kubelet", json.take());
}

}  // namespace

void HttpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  EveRecord record{"http", true, {}};
  record.fields.emplace_back("http", http_object(*this, options, Use::kRecord));
  out.push_back(std::move(record));
  EveRecord call{api_call().is_docker() ? "docker" : "kubelet", true, {}};
  add_api_call(*this, call.fields);
  if (call.fields.empty()) return;
  call.fields.emplace_back("http", http_object(*this, options, Use::kRecord));
  out.push_back(std::move(call));
}

void HttpTransaction::write_alert_fields(event::AppFields& out, const EveOptions& options) const {
  out.emplace_back("http", http_object(*this, options, Use::kAlert));
  add_api_call(*this, out);
}

void HttpTransaction::write_file_fields(event::AppFields& out, const EveOptions& options) const {
  out.emplace_back("http", http_object(*this, options, Use::kFile));
}

}  // namespace bulkhead::app::http

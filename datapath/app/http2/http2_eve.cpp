// EVE records of HTTP/2: http with an http2 object.
#include <algorithm>
#include <charconv>
#include <string>

#include "datapath/app/http/http_text.h"
#include "datapath/app/http2/http2_transaction.h"

namespace bulkhead::app::http2 {

namespace {

constexpr std::string_view kSettings[] = {"",
                                          "SETTINGS_HEADER_TABLE_SIZE",
                                          "SETTINGS_ENABLE_PUSH",
                                          "SETTINGS_MAX_CONCURRENT_STREAMS",
                                          "SETTINGS_INITIAL_WINDOW_SIZE",
                                          "SETTINGS_MAX_FRAME_SIZE",
                                          "SETTINGS_MAX_HEADER_LIST_SIZE"};
constexpr std::string_view kErrors[] = {"NO_ERROR",
                                        "PROTOCOL_ERROR",
                                        "INTERNAL_ERROR",
                                        "FLOW_CONTROL_ERROR",
                                        "SETTINGS_TIMEOUT",
                                        "STREAM_CLOSED",
                                        "FRAME_SIZE_ERROR",
                                        "REFUSED_STREAM",
                                        "CANCEL",
                                        "COMPRESSION_ERROR",
                                        "CONNECT_ERROR",
                                        "ENHANCE_YOUR_CALM",
                                        "INADEQUATE_SECURITY",
                                        "HTTP_1_1_REQUIRED"};

std::string without_underscores(std::string_view name) {
  std::string out;
  std::copy_if(name.begin(), name.end(), std::back_inserter(out), [](char c) { return c != '_'; });
  return out;
}

// "NO_ERROR" -> "NoError": as records of the ecosystem spell the reason of a reset stream.
std::string in_camel_case(std::string_view name) {
  std::string out;
  bool first = true;
  for (const char c : name) {
    if (c != '_') out += first ? c : to_lower(c);
    first = c == '_' || (c >= '0' && c <= '9');
  }
  return out;
}

void write_fields(JsonText& json, const char* key, const std::vector<HeaderField>& fields) {
  if (fields.empty()) return;
  json.open_array(key);
  for (const HeaderField& field : fields) {
    json.open_object();
    if (field.size_update) {
      json.field("table_size_update", field.size);
    } else {
      json.field("name", field.name);
      json.field("value", field.value);
    }
    json.close_object();
  }
  json.close_array();
}

void write_frames(JsonText& json, const char* key, const StreamSide& side) {
  json.open_object(key);
  if (!side.settings.empty()) {
    json.open_array("settings");
    for (const Setting& setting : side.settings) {
      json.open_object();
      const std::string_view name = setting_name(setting.id);
      json.field("settings_id",
                 name.empty() ? "SETTINGSUNHANDLED(" + std::to_string(setting.id) + ")" : without_underscores(name));
      json.field("settings_value", setting.value);
      json.close_object();
    }
    json.close_array();
  }
  if (!side.priorities.empty()) json.field("priority", side.priorities.front());
  if (!side.errors.empty()) {
    const std::string_view name = error_name(side.errors.front());
    const std::string spelt = side.goaway ? without_underscores(name) : in_camel_case(name);
    json.field("error_code", name.empty() ? std::to_string(side.errors.front()) : spelt);
  }
  json.close_object();
}

void write_messages(JsonText& json, const char* key, const StreamSide& side) {
  if (side.grpc == nullptr || side.grpc->count() == 0) return;
  json.open_object(key);
  json.field("messages", side.grpc->count());
  json.field("bytes", side.grpc->bytes());
  if (side.grpc->compressed()) json.field("compressed", true);
  json.open_array("lengths");
  for (const std::uint32_t length : side.grpc->lengths()) json.element(std::uint64_t{length});
  json.close_array();
  json.close_object();
}

void write_grpc(JsonText& json, const Http2Transaction& tx) {
  json.open_object("grpc");
  if (!tx.grpc_service.empty()) json.field("service", tx.grpc_service);
  if (!tx.grpc_method.empty()) json.field("method", tx.grpc_method);
  const std::optional<http::Header> status = tx.message(Direction::kToClient).headers.find("grpc-status");
  if (status) json.field("status", status->value);
  write_messages(json, "request", tx.part(Direction::kToServer));
  write_messages(json, "response", tx.part(Direction::kToClient));
  json.close_object();
}

std::string http_object(const Http2Transaction& tx) {
  const http::Message& request = tx.message(Direction::kToServer);
  const http::Message& response = tx.message(Direction::kToClient);
  const StreamSide& client = tx.part(Direction::kToServer);
  const StreamSide& server = tx.part(Direction::kToClient);
  JsonText json;
  json.open_object();
  json.field("version", "2");
  write_fields(json, "request_headers", client.fields);
  write_fields(json, "response_headers", server.fields);
  if (!tx.method.empty()) json.field("http_method", tx.method);
  if (!tx.target.empty()) json.field("url", tx.target);
  if (tx.status != 0) json.field("status", tx.status);
  if (const std::optional<http::Header> host = request.headers.find("host")) {
    json.field("hostname", host->value);
  } else if (!tx.host_raw.empty()) {
    json.field("hostname", tx.host_raw);
  }
  if (const std::optional<http::Header> agent = request.headers.find("user-agent"))
    json.field("http_user_agent", agent->value);
  if (const std::optional<http::Header> type = response.headers.find("content-type")) {
    json.field("http_content_type", http::trim(std::string_view(type->value).substr(0, type->value.find(';'))));
  }
  if (const std::optional<http::Header> length = response.headers.find("content-length")) {
    if (const auto number = http::first_number(length->value)) json.field("length", *number);
  }
  json.open_object("http2");
  json.field("stream_id", tx.stream_id);
  write_frames(json, "request", client);
  write_frames(json, "response", server);
  json.close_object();
  if (tx.is_grpc) write_grpc(json, tx);
  json.close_object();
  return json.take();
}

// A call of etcd stands beside the fields of HTTP, as those of a container engine do.
void add_etcd(const Http2Transaction& tx, event::AppFields& out) {
  if (tx.etcd == nullptr) return;
  JsonText json;
  tx.etcd->write(json);
  out.emplace_back("etcd", json.take());
}

bool says_something(const StreamSide& side) {
  return !side.fields.empty() || !side.settings.empty() || !side.errors.empty() || !side.priorities.empty();
}

}  // namespace

std::string_view setting_name(std::uint16_t id) {
  return id < std::size(kSettings) ? kSettings[id] : std::string_view();
}

std::string_view error_name(std::uint32_t code) {
  return code < std::size(kErrors) ? kErrors[code] : std::string_view();
}

void Http2Transaction::note(http::HttpEvent e) {
  if (e == http::HttpEvent::gzip_decompression_failed) note(Http2Event::failed_decompression);
  if (e == http::HttpEvent::range_invalid) note(Http2Event::invalid_range);
}

// Window updates, pings and acknowledged settings say nothing that a record could hold.
void Http2Transaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  if (!says_something(part(Direction::kToServer)) && !says_something(part(Direction::kToClient))) return;
  EveRecord record;
  record.type = "http";
  record.listed_as = "http2";
  record.fields.emplace_back("http", http_object(*this));
  out.push_back(std::move(record));
  if (etcd == nullptr) return;
  EveRecord call;
  call.type = "etcd";
  add_etcd(*this, call.fields);
  call.fields.emplace_back("http", http_object(*this));
  out.push_back(std::move(call));
}

void Http2Transaction::write_alert_fields(event::AppFields& out, const EveOptions&) const {
  out.emplace_back("http", http_object(*this));
  add_etcd(*this, out);
}

void Http2Transaction::write_file_fields(event::AppFields& out, const EveOptions&) const {
  out.emplace_back("http", http_object(*this));
}

}  // namespace bulkhead::app::http2

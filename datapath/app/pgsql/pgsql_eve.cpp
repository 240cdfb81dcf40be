// EVE records of PostgreSQL.
#include <algorithm>
#include <string>
#include <string_view>

#include "datapath/app/app_settings.h"
#include "datapath/app/pgsql/pgsql_transaction.h"

namespace bulkhead::app::pgsql {

bool Response::empty() const {
  return !ssl_accepted && !authentication && parameters.empty() && !key && !field_count && rows == 0 &&
         command.empty() && !copy_columns && error.empty() && notices.empty();
}

namespace {

// DateStyle: date_style.
std::string snake_case(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && i != 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z') out += '_';
    out += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// The codes of Authentication messages (PostgreSQL manual, "Message Formats").
std::string_view authentication_name(std::uint32_t code) {
  switch (code) {
    case 0: return "authentication_ok";
    case 2: return "authentication_kerb5";
    case 3: return "authentication_cleartext_password";
    case 6: return "authentication_scm_credential";
    case 7: return "authentication_gss";
    case 8: return "authentication_gss_continue";
    case 9: return "authentication_sspi";
    case 10: return "authentication_sasl";
    case 11: return "authentication_sasl_continue";
    default: return "";  // MD5 and the end of SASL show their data instead
  }
}

struct FieldName {
  char type;
  std::string_view name;
};
constexpr FieldName kErrorFields[] = {{'S', "severity_localizable"},
                                      {'V', "severity_non_localizable"},
                                      {'C', "code"},
                                      {'M', "message"},
                                      {'D', "detail"},
                                      {'H', "hint"},
                                      {'P', "position"},
                                      {'p', "internal_position"},
                                      {'q', "internal_query"},
                                      {'W', "where"},
                                      {'s', "schema_name"},
                                      {'t', "table_name"},
                                      {'c', "column_name"},
                                      {'d', "data_type"},
                                      {'n', "constraint_name"},
                                      {'F', "file"},
                                      {'L', "line"},
                                      {'R', "routine"}};

void error_fields(JsonText& json, const ErrorFields& fields) {
  for (const auto& [type, value] : fields) {
    for (const FieldName& known : kErrorFields) {
      if (known.type == type) json.field(known.name, value);
    }
  }
}

void parameters(JsonText& json, const char* key, const std::vector<NameAndValue>& list, bool rename) {
  if (list.empty()) return;
  json.open_array(key);
  for (const auto& [name, value] : list) {
    json.open_object();
    json.field(rename ? snake_case(name) : name, value);
    json.close_object();
  }
  json.close_array();
}

std::string_view mechanism_name(std::string_view mechanism) {
  if (mechanism == "SCRAM-SHA-256") return "scram_SHA256";
  if (mechanism == "SCRAM-SHA-256-PLUS") return "scram_SHA256_plus";
  return mechanism;
}

void copied(JsonText& json, const char* key, std::uint64_t messages, std::uint64_t bytes) {
  if (messages == 0) return;
  json.open_object(key);
  json.field("msg_count", messages);
  json.field("data_size", bytes);
  json.close_object();
}

void write_request(JsonText& json, const Request& request, const EveOptions& options) {
  switch (request.kind) {
    case RequestKind::kNone: return;
    case RequestKind::kSsl: json.field("message", "SSL Request"); break;
    case RequestKind::kGss: json.field("message", "GSSENC Request"); break;
    case RequestKind::kStartup:
      json.field("protocol_version", std::to_string(request.major) + "." + std::to_string(request.minor));
      json.open_object("startup_parameters");
      json.field("user", request.user);
      parameters(json, "optional_parameters", request.parameters, false);
      json.close_object();
      break;
    case RequestKind::kCancel:
      json.field("message", "cancel_request");
      json.field("process_id", request.process_id);
      json.field("secret_key", request.secret_key);
      break;
    case RequestKind::kPassword:
      if (options.pgsql_passwords) {
        json.field("password", request.text);
      } else {
        json.field("password_redacted", true);
      }
      break;
    case RequestKind::kSaslInitial:
      json.field("sasl_authentication_mechanism", mechanism_name(request.mechanism));
      json.field("sasl_param", request.text);
      break;
    case RequestKind::kSaslResponse: json.field("sasl_response", request.text); break;
    case RequestKind::kGssResponse: json.field("message", "gss_response"); break;
    case RequestKind::kQuery:
      if (!request.queries.empty()) json.field("simple_query", request.queries.front());
      break;
    case RequestKind::kExtended:
      json.field("message", "extended_query");
      json.open_array("prepared_queries");
      for (const std::string& query : request.queries) json.element(query);
      json.close_array();
      json.field("executions", request.executions);
      break;
    case RequestKind::kFunctionCall: json.field("message", "function_call"); break;
    case RequestKind::kTerminate: json.field("message", "termination_message"); break;
  }
  copied(json, "copy_data_in", request.copied_messages, request.copied_bytes);
  if (!request.copy_failure.empty()) json.field("copy_fail", request.copy_failure);
}

void write_response(JsonText& json, const Response& response) {
  if (response.ssl_accepted) json.field("ssl_accepted", *response.ssl_accepted);
  if (!response.md5_salt.empty()) json.field("authentication_md5_password", response.md5_salt);
  if (!response.sasl_final.empty()) json.field("authentication_sasl_final", response.sasl_final);
  if (response.authentication && response.error.empty()) {
    const std::string_view name = authentication_name(*response.authentication);
    if (!name.empty()) json.field("message", name);
  }
  parameters(json, "parameter_status", response.parameters, true);
  if (response.key) {
    json.field("process_id", response.key->first);
    json.field("secret_key", response.key->second);
  }
  error_fields(json, response.error);
  if (response.field_count) json.field("field_count", *response.field_count);
  if (response.field_count || response.rows != 0) {
    json.field("data_rows", response.rows);
    json.field("data_size", response.row_bytes);
  }
  if (response.copy_columns) json.field("copy_columns", *response.copy_columns);
  copied(json, "copy_data_out", response.copied_messages, response.copied_bytes);
  if (!response.command.empty()) json.field("command_completed", response.command);
  if (response.notices.empty()) return;
  json.open_array("notices");
  for (const ErrorFields& notice : response.notices) {
    json.open_object();
    error_fields(json, notice);
    json.close_object();
  }
  json.close_array();
}

}  // namespace

void PgsqlTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  JsonText json;
  json.open_object();
  json.field("tx_id", id + 1);
  if (request.kind != RequestKind::kNone) {
    json.open_object("request");
    write_request(json, request, options);
    json.close_object();
  }
  if (!response.empty()) {
    json.open_object("response");
    write_response(json, response);
    json.close_object();
  }
  json.close_object();
  EveRecord record;
  record.type = "pgsql";
  record.with_tx_id = false;
  record.add("pgsql", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::pgsql

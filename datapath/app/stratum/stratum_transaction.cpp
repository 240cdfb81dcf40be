#include "datapath/app/stratum/stratum_transaction.h"

namespace bulkhead::app::stratum {

void StratumTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("method", method);
  text("id", message_id);
  if (from_pool) json.field("from_pool", true);
  text("worker", worker);
  text("agent", agent);
  text("algorithm", algorithm);
  text("result", result);
  text("error", error);
  json.close_object();
  EveRecord record{"stratum", true, {}};
  record.add("stratum", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::stratum

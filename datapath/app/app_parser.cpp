#include "datapath/app/app_parser.h"

namespace bulkhead::app {

Transaction* AppParser::find(std::uint64_t id) const {
  for (const auto& tx : transactions_) {
    if (tx->id == id) return tx.get();
  }
  return nullptr;
}

}  // namespace bulkhead::app

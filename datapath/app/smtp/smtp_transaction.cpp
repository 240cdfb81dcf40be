#include "datapath/app/smtp/smtp_transaction.h"

namespace bulkhead::app::smtp {

void SmtpTransaction::looked_at(Direction d) {
  for (const auto& file : files[bulkhead::index_of(d)]) file->looked_at();
}

}  // namespace bulkhead::app::smtp

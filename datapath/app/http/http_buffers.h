// The buffers of an HttpTransaction: http.uri, file.data and the others. HTTP/2 offers the same.
//
// Thread   constant data; the functions are called by any worker, with transactions that are HttpTransactions.
// Tests    tests/unit/datapath/app/protocol_table_test.cpp, tests/golden/http/
#pragma once

#include <span>

#include "datapath/app/protocol.h"

namespace bulkhead::app::http {

[[nodiscard]] std::span<const BufferDef> buffers();

}  // namespace bulkhead::app::http

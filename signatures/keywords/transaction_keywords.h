// Keywords of numbers and tests of application protocols: each row of a protocol's tables (NumberDef, TestDef) is one.
//
//   mqtt.qos:1;   dhcp.leasetime:>3600;   mqtt.type:!PUBLISH;   mqtt.connect.flags:username,!password;
//
// Thread   control thread; what rules keep of them is immutable and runs on workers.
// Errors   signature.number.syntax, signature.number.flags, signature.transaction_test.syntax
// Tests    tests/unit/signatures/keywords/transaction_keywords_test.cpp
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/protocol_table.h"
#include "signatures/keywords/keyword.h"

namespace bulkhead::signatures {

[[nodiscard]] const std::vector<Keyword>& transaction_keywords();

// The test of one number that `text` asks for; null when it asks for nothing, `error` then says why.
using ValueTest = std::function<bool(std::uint64_t value)>;
[[nodiscard]] ValueTest parse_value_test(const app::NumberDef& def, std::string_view text, std::string& error);
// Whether a number of the transaction fulfils it.
[[nodiscard]] bool any_number(const app::NumberDef& def, const app::Transaction& tx, bulkhead::Direction d,
                              const ValueTest& test);

}  // namespace bulkhead::signatures

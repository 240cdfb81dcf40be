// What a kernel (or anything that writes to the socket) may send: the first byte chooses the message, the
// rest are its attributes. Decoding stays inside, printing works, and expressions that we know encode to
// bytes that decode to the same.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapath/base/check.h"
#include "rules/nft/expression_codec.h"
#include "rules/nft/message_codec.h"
#include "rules/nft/nft_printer.h"

using namespace bulkhead;
using namespace bulkhead::rules;

static void check_rule(const NftRule& rule) {
  static_cast<void>(print_rule(rule));
  for (const Expression& expression : rule.expressions) {
    std::vector<Byte> bytes;
    AttributeWriter out(bytes);
    encode_expression(out, expression);
    std::vector<Expression> again;
    BULKHEAD_CHECK(decode_expressions(bytes, again) && again.size() == 1);
    std::vector<Byte> twice;
    AttributeWriter second(twice);
    encode_expression(second, again[0]);
    BULKHEAD_CHECK(bytes == twice);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 60'000) return 0;
  const ByteSpan body(data + 1, size - 1);
  std::string table;
  switch (data[0] % 5) {
    case 0: static_cast<void>(decode_table(body, table)); break;
    case 1: {
      NftChain chain;
      static_cast<void>(decode_chain(body, table, chain));
      break;
    }
    case 2: {
      DecodedRule rule;
      if (decode_rule(body, rule)) check_rule(rule.rule);
      break;
    }
    case 3: {
      NftSet set;
      static_cast<void>(decode_set(body, table, set));
      static_cast<void>(print_set(set));
      break;
    }
    case 4: {
      NftSet set;
      set.key = {NftType::kIpv4, NftType::kProtocol, NftType::kInterface};
      if (decode_set_elements(body, set.elements)) static_cast<void>(print_set(set));
      break;
    }
    default: break;
  }
  return 0;
}

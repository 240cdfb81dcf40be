// nf_tables expressions and set elements to and from netlink attributes.
//
// Thread   pure functions.
// In, out  encode_*() append attributes; decode_*() read the value of NFTA_RULE_EXPRESSIONS or of
//          NFTA_SET_ELEM_LIST_ELEMENTS.
// Errors   decoding never fails on content: an expression of an unknown name or shape becomes
//          ExprUnknown; false means that the attributes themselves are broken.
// Source   linux/netfilter/nf_tables.h; comments as nft writes them: type 0, length, text and zero.
// Tests    tests/unit/rules/nft/expression_codec_test.cpp, tests/fuzz/fuzz_nft_codec.cpp
#pragma once

#include <string>
#include <vector>

#include "rules/nft/attributes.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

inline constexpr std::size_t kMaxComment = 250;  // of 256 bytes of user data

// One NFTA_LIST_ELEM.
void encode_expression(AttributeWriter& out, const Expression& expression);
[[nodiscard]] bool decode_expressions(ByteSpan list, std::vector<Expression>& out);

void encode_element(AttributeWriter& out, const NftElement& element);
[[nodiscard]] bool decode_elements(ByteSpan list, std::vector<NftElement>& out);

// Longer comments are cut at kMaxComment.
[[nodiscard]] Bytes encode_comment(const std::string& comment);
[[nodiscard]] std::string decode_comment(ByteSpan user_data);

}  // namespace bulkhead::rules

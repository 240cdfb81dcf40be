#include "rules/nft/expression_codec.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "rules/nft/message_codec.h"

namespace bulkhead::rules {
namespace {

std::vector<Expression> all_kinds() {
  return {ExprPayload{NFT_PAYLOAD_NETWORK_HEADER, 12, 4, 5},
          ExprMeta{NFT_META_L4PROTO, 8},
          ExprCt{NFT_CT_STATE, std::nullopt, 4},
          ExprCt{NFT_CT_PROTO_SRC, std::uint8_t{1}, 19},
          ExprCmp{NFT_CMP_NEQ, {1, 2, 3, 4}, 4},
          ExprRange{NFT_RANGE_EQ, {0, 10}, {0, 20}, 12},
          ExprBitwise{{0xff, 0, 0, 0}, {0, 0, 0, 1}, 4, 6},
          ExprLookup{"set-1", 4, std::nullopt, true},
          ExprLookup{"map-1", 7, kVerdictRegister, false},
          ExprVerdict{{NF_DROP, ""}},
          ExprVerdict{{NFT_JUMP, "chain-1"}},
          ExprImmediate{{1, 2}, 9},
          ExprCounter{12, 3456},
          ExprLog{"bulkhead deny ", std::nullopt, 6},
          ExprLog{"g", std::uint16_t{5}, 4},
          ExprLimit{10, 1, 20, NFT_LIMIT_PKTS, NFT_LIMIT_F_INV},
          ExprReject{NFT_REJECT_ICMPX_UNREACH, 3},
          ExprReject{NFT_REJECT_TCP_RST, 0},
          ExprConnlimit{20, NFT_CONNLIMIT_F_INV},
          ExprDynset{"flows", 120'000, NFT_DYNSET_OP_UPDATE, 4, std::nullopt, std::nullopt},
          ExprDynset{"open", 0, NFT_DYNSET_OP_UPDATE, 4, std::nullopt, ExprConnlimit{7, 0}},
          ExprDynset{"rates", 60'000, NFT_DYNSET_OP_UPDATE, 4, ExprLimit{50, 1, 50, NFT_LIMIT_PKTS, NFT_LIMIT_F_INV},
                     std::nullopt},
          ExprExthdr{NFT_EXTHDR_OP_IPV6, 44, 2, 2, 0, 6},
          ExprExthdr{NFT_EXTHDR_OP_IPV4, 131, 0, 1, NFT_EXTHDR_F_PRESENT, 4},
          ExprMetaSet{NFT_META_MARK, 4},
          ExprCtSet{NFT_CT_MARK, 7},
          ExprForward{6},
          ExprTarget{"NFQUEUE", 3, {1, 0, 2, 0, 1, 0, 0, 0}},
          ExprUnknown{"quota", {8, 0, 1, 0, 0, 0, 0, 1}}};
}

TEST(ExpressionCodec, EveryKindComesBack) {
  for (const Expression& expression : all_kinds()) {
    Bytes bytes;
    AttributeWriter out(bytes);
    encode_expression(out, expression);
    std::vector<Expression> decoded;
    ASSERT_TRUE(decode_expressions(bytes, decoded));
    ASSERT_EQ(decoded.size(), 1U);
    EXPECT_EQ(decoded[0], expression) << "kind " << expression.index();
  }
}

TEST(ExpressionCodec, CountersAreReadButNotCompared) {
  Bytes bytes;
  AttributeWriter out(bytes);
  encode_expression(out, ExprCounter{12, 3456});
  std::vector<Expression> decoded;
  ASSERT_TRUE(decode_expressions(bytes, decoded));
  EXPECT_EQ(std::get<ExprCounter>(decoded[0]).packets, 12U);
  EXPECT_EQ(std::get<ExprCounter>(decoded[0]).bytes, 3456U);
  EXPECT_EQ(decoded[0], Expression(ExprCounter{}));
}

TEST(ExpressionCodec, TheTwoNumberingsOfRegisters) {
  // The first 16 bytes are register 1 on the wire, the word behind them NFT_REG32_01.
  for (const auto& [slot, wire] :
       {std::pair<Register, std::uint32_t>{4, NFT_REG_1}, {5, NFT_REG32_01}, {8, NFT_REG_2}, {19, NFT_REG32_15}}) {
    Bytes bytes;
    AttributeWriter out(bytes);
    encode_expression(out, ExprMeta{1, slot});
    const Attribute data = find_attribute(find_attribute(bytes, NFTA_LIST_ELEM).value, NFTA_EXPR_DATA);
    EXPECT_EQ(find_attribute(data.value, NFTA_META_DREG).be32(), wire);
  }
}

TEST(ExpressionCodec, ShapesThatWeDoNotWriteStayUnknown) {
  // payload set (a source register), not payload get.
  Bytes bytes;
  AttributeWriter out(bytes);
  const std::size_t element = out.open(NFTA_LIST_ELEM);
  out.text(NFTA_EXPR_NAME, "payload");
  const std::size_t data = out.open(NFTA_EXPR_DATA);
  out.be32(NFTA_PAYLOAD_SREG, 1);
  out.be32(NFTA_PAYLOAD_LEN, 4);
  out.close(data);
  out.close(element);
  std::vector<Expression> decoded;
  ASSERT_TRUE(decode_expressions(bytes, decoded));
  ASSERT_TRUE(std::holds_alternative<ExprUnknown>(decoded[0]));
  EXPECT_EQ(std::get<ExprUnknown>(decoded[0]).name, "payload");
}

TEST(ExpressionCodec, CutBytesNeverReadBeyond) {
  Bytes bytes;
  AttributeWriter out(bytes);
  for (const Expression& expression : all_kinds()) encode_expression(out, expression);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
    std::vector<Expression> decoded;
    static_cast<void>(decode_expressions(part, decoded));
    EXPECT_LE(decoded.size(), all_kinds().size());
  }
}

TEST(ExpressionCodec, Elements) {
  NftElement element;
  element.key = {10, 0, 0, 1};
  element.key_end = {10, 0, 0, 9};
  element.verdict = NftVerdict{NFT_GOTO, "c"};
  element.timeout_ms = 300'000;
  element.comment = "sid=1 reason=x";
  NftElement end;
  end.key = {10, 0, 0, 10};
  end.interval_end = true;
  Bytes bytes;
  AttributeWriter out(bytes);
  encode_element(out, element);
  encode_element(out, end);
  std::vector<NftElement> decoded;
  ASSERT_TRUE(decode_elements(bytes, decoded));
  ASSERT_EQ(decoded.size(), 2U);
  EXPECT_EQ(decoded[0], element);
  EXPECT_EQ(decoded[0].timeout_ms, 300'000U);
  EXPECT_EQ(decoded[0].comment, element.comment);
  EXPECT_EQ(decoded[1], end);
}

TEST(ExpressionCodec, Comments) {
  EXPECT_EQ(decode_comment(encode_comment("a word")), "a word");
  EXPECT_EQ(decode_comment(encode_comment(std::string(400, 'x'))), std::string(kMaxComment, 'x'));
  EXPECT_EQ(encode_comment(std::string(400, 'x')).size(), kMaxComment + 3);
  EXPECT_EQ(decode_comment(Bytes{}), "");
  EXPECT_EQ(decode_comment(Bytes{0, 50, 'x'}), "") << "length beyond the data";
  EXPECT_EQ(decode_comment(Bytes{1, 1, 9, 0, 2, 'y', 0}), "y") << "other entries are passed over";
}

TEST(MessageCodec, SequenceNumbersNameTheirCommands) {
  BatchEncoder encoder(100);
  NftCommand table;
  table.op = NftOp::kAddTable;
  table.table = "t";
  NftCommand elements = table;
  elements.op = NftOp::kAddElements;
  elements.name = "s";
  for (std::uint32_t i = 0; i < 5000; ++i) {
    NftElement e;
    e.key = {static_cast<Byte>(i >> 24), static_cast<Byte>(i >> 16), static_cast<Byte>(i >> 8), static_cast<Byte>(i)};
    elements.set.elements.push_back(e);
  }
  encoder.add(table, 0);
  encoder.add(elements, 1);
  EXPECT_TRUE(encoder.finish());
  EXPECT_GT(encoder.last_sequence(), 102U) << "the elements take several messages";
  EXPECT_EQ(encoder.command_of(100), BatchEncoder::npos);
  EXPECT_EQ(encoder.command_of(101), 0U);
  EXPECT_EQ(encoder.command_of(102), 1U);
  EXPECT_EQ(encoder.command_of(encoder.last_sequence()), 1U);
  EXPECT_EQ(encoder.command_of(encoder.last_sequence() + 1), BatchEncoder::npos);
  EXPECT_EQ(encoder.command_of(99), BatchEncoder::npos);
}

TEST(MessageCodec, TypesOfConcatenations) {
  const std::vector<NftType> fields = {NftType::kIpv4, NftType::kIpv4, NftType::kProtocol, NftType::kService,
                                       NftType::kService};
  EXPECT_EQ(concat_fields(concat_type(fields)), fields);
  NftSet set;
  set.key = fields;
  EXPECT_EQ(set.key_length(), 20U);
  set.key = {NftType::kInterface, NftType::kIpv6};
  EXPECT_EQ(set.key_length(), 32U);
  set.key = {NftType::kService};
  EXPECT_EQ(set.key_length(), 2U) << "alone, a field is not padded";
}

}  // namespace
}  // namespace bulkhead::rules

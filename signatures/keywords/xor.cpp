// xor: every byte of the sticky buffer is combined with the key, which repeats.
//
//   xor:"KEY"      KEY in hexadecimal, two digits a byte
//   tcp.hdr; xor:"0d0ac8ff"; content:"password=";
#include "signatures/data/text_codec.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::size_t kMostKeyBytes = 255;

void apply(RuleBuilder& builder, const Option& option) {
  auto key = from_hex(option.argument);
  if (!key || key->empty() || key->size() > kMostKeyBytes) {
    builder.error(option.argument.empty() ? option.value : option.argument, "signature.xor.key",
                  "the key has 1 to 255 bytes of two hexadecimal digits");
    return;
  }
  builder.add_transform(option, {.kind = Transform::Kind::kXor, .argument = std::move(*key)});
}

}  // namespace

const Keyword& keyword_xor() {
  static constexpr Keyword keyword{.name = "xor",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "xor:\"KEY\";",
                                   .help = "Every byte of the sticky buffer is combined with the repeated key.",
                                   .example = "tcp.hdr; xor:\"0d0ac8ff\"; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures

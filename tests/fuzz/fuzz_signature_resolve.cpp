// Rules of any bytes through parser and keywords: no crash, every refusal has a diagnostic, and what loads
// keeps its promises to the matcher.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "signatures/compile/resolve.h"
#include "signatures/language/parser.h"

namespace {

using namespace bulkhead;
using namespace bulkhead::signatures;

void require(bool condition) {
  if (!condition) std::abort();
}

bool slot_is_fine(const Value& value, const Signature& s) {
  return value.slot < s.variable_slots;
}

void check(const Signature& s) {
  require(s.info != nullptr && s.info->sid != 0);
  require(s.source.any || !s.source.v4.empty() || !s.source.v6.empty());
  require(s.destination_ports.any || !s.destination_ports.ranges.empty());
  for (const BufferProgram& buffer : s.buffers) {
    require(!buffer.ops.empty());
    for (const PayloadOp& op : buffer.ops) {
      const auto* content = std::get_if<ContentOp>(&op);
      if (content == nullptr) continue;
      require(!content->bytes.empty());
      require(!content->relative || !(content->has_depth || content->has_offset));
      require(slot_is_fine(content->offset, s) && slot_is_fine(content->within, s));
      require(content->fast_pattern_chop_offset + content->fast_pattern_chop_length <= content->bytes.size());
    }
  }
  const decode::PacketView packet;
  MatchInput input;
  input.packet = &packet;
  for (const auto& condition : s.conditions) {
    require(!condition->describe().empty());
    (void)condition->holds(input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  const auto source = std::make_shared<const SourceFile>("fuzz.rules", text);

  Diagnostics out;
  const RuleFile file = parse_rules(source, out);
  const std::size_t errors = out.error_count();
  ResolvedRules rules = resolve_rules(file, {}, out);
  require(rules.signatures.size() + rules.refused + rules.disabled + rules.replaced + rules.skipped ==
          file.rules.size());
  require(rules.refused == 0 || out.error_count() > errors);
  for (const Signature& s : rules.signatures) check(s);

  const ThresholdFile thresholds = parse_thresholds(source, out);
  apply_threshold_file(thresholds, {}, rules.signatures, out);
  return 0;
}

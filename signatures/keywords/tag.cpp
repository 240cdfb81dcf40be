// tag: after an alert, further packets of the conversation or the host are logged too.
//
//   tag:session|host[,N,packets|seconds|bytes[,src|dst]]      src or dst only with host
//   tag:host,100,packets,src;
//
// Without numbers 256 packets are logged, the most there can be.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::uint32_t kMostPackets = 256;

bool take_metric(RuleBuilder& builder, std::string_view count, std::string_view metric, TagSpec& spec) {
  const auto number = parse_number<std::uint32_t>(count);
  if (!number) return builder.error(count, "signature.tag.count", "expected a number");
  if (metric == "packets") {
    spec.metric = TagSpec::Metric::kPackets;
  } else if (metric == "seconds") {
    spec.metric = TagSpec::Metric::kSeconds;
  } else if (metric == "bytes") {
    spec.metric = TagSpec::Metric::kBytes;
  } else {
    return builder.error(metric, "signature.tag.metric", "expected packets, seconds or bytes");
  }
  spec.count = *number == 0 && spec.metric == TagSpec::Metric::kPackets ? kMostPackets : *number;
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const bool sized = parts.size() == 1 || parts.size() == 3 || parts.size() == 4;
  if (!sized || (parts[0] != "session" && parts[0] != "host")) {
    builder.error(option.value, "signature.tag.syntax", "expected session or host, a number and its unit",
                  "tag:session,10,packets; tag:host,60,seconds,src");
    return;
  }
  TagSpec spec;
  spec.host = parts[0] == "host";
  spec.by_source = !spec.host;  // a host without a side: the destination, as in Suricata
  spec.count = kMostPackets;
  if (parts.size() >= 3 && !take_metric(builder, parts[1], parts[2], spec)) return;
  if (parts.size() == 4) {
    if (parts[3] != "src" && parts[3] != "dst") {
      builder.error(parts[3].empty() ? option.value : parts[3], "signature.tag.side", "expected src or dst");
      return;
    }
    spec.by_source = parts[3] == "src";
    if (!spec.host) builder.warning(parts[3], "signature.tag.session_side", "src and dst mean nothing for a session");
  }
  builder.signature().tags.push_back(spec);
}

}  // namespace

const Keyword& keyword_tag() {
  static constexpr Keyword keyword{.name = "tag",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "tag:session|host[,N,packets|seconds|bytes[,src|dst]];",
                                   .help = "Further packets are logged after an alert.",
                                   .example = "tag:host,100,packets,src;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures

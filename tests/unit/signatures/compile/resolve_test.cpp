#include "signatures/compile/resolve.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "signatures/compile/compiler.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures {
namespace {

struct Resolved {
  Diagnostics out;
  RuleFile file;
  ResolvedRules rules;
  explicit Resolved(const std::string& text, const ResolveSettings& settings = {})
      : file(parse_rules("t.rules", text, out)), rules(resolve_rules(file, settings, out)) {}
  [[nodiscard]] const Signature& first() const { return rules.signatures.at(0); }
  // "code@line:column+length" of the first diagnostic, "" when there is none.
  [[nodiscard]] std::string place() const {
    if (out.all().empty()) return "";
    const Diagnostic& d = out.all().front();
    return d.code + "@" + std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + "+" +
           std::to_string(d.span.length);
  }
};

std::string with_header(const std::string& header) {
  return header + " (sid:1;)";
}
std::string tcp(const std::string& options) {
  return "alert tcp any any -> any any (" + options + " sid:1;)";
}

TEST(Resolve, ARuleAtATimeIsTheSameAsAllTrees) {
  const std::string text =
      "alert tcp any any -> any any (content:\"a\"; sid:1;)\n#alert tcp any any -> any any (sid:2;)\n"
      "alert tcp any any -> any any (content:\"b\"; nonsense; sid:3;)\nalert tcp any any -> any any (sid:4)\n"
      "alert tcp any any -> any any (content:\"a\"; sid:1; rev:2;)\n";
  Diagnostics out;
  const ResolvedRules rules = resolve_files({std::make_shared<const SourceFile>("t.rules", text)}, {}, out);
  const Resolved same(text);
  EXPECT_EQ(rules.signatures.size(), same.rules.signatures.size());
  EXPECT_EQ(rules.refused, same.rules.refused);
  EXPECT_EQ(rules.disabled, same.rules.disabled);
  EXPECT_EQ(rules.replaced, same.rules.replaced);
  EXPECT_EQ(rules.rejected, 1U);
  ASSERT_EQ(out.all().size(), same.out.all().size());
  for (std::size_t i = 0; i < out.all().size(); ++i) EXPECT_EQ(out.all()[i].code, same.out.all()[i].code);
}

// --- reload ---

class ReloadTest : public testing::Test {
 protected:
  // Loads `text` behind what was loaded before; answers how many rules were taken over.
  std::size_t load(const std::string& text, const std::string& context = "c", ResolveSettings settings = {}) {
    settings.context = context;
    settings.previous = db_ != nullptr && db_->context == context ? db_.get() : nullptr;
    out_ = Diagnostics();
    ResolvedRules rules = resolve_files({std::make_shared<const SourceFile>("t.rules", text)}, settings, out_);
    CompilerSettings compiler;
    compiler.context = context;
    const std::size_t taken_over = rules.taken_over;
    before_ = db_;
    db_ = *compile_signatures(std::move(rules.signatures), std::move(rules.names), compiler, out_);
    EXPECT_EQ(db_->stats.taken_over, taken_over);
    return taken_over;
  }
  [[nodiscard]] std::string codes() const {
    std::string all;
    for (const Diagnostic& d : out_.all()) {
      all += d.code + "@" + (d.span.file ? d.span.file->name() : "?") + ":" + std::to_string(d.span.line) + " ";
    }
    return all;
  }

  SignatureDbPtr db_, before_;
  Diagnostics out_;
};

TEST_F(ReloadTest, WhatHasNotChangedIsOneObjectInBothGenerations) {
  const std::string kept =
      "alert tcp any any -> any 80 (content:\"a\"; pcre:\"/x+/\"; flowbits:set,one; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:isset,one; pcre:\"/y+/\"; sid:2;)\n";
  EXPECT_EQ(load(kept + "alert udp any any -> any any (content:\"old\"; flowbits:isset,one; sid:3;)\n"), 0U);
  EXPECT_EQ(load(kept + "drop udp any any -> any any (content:\"new\"; flowbits:isset,one; sid:3; rev:2;)\n"), 2U);
  ASSERT_EQ(db_->signatures.size(), 3U);
  EXPECT_EQ(db_->signatures[0].info->sid, 3U) << "drop comes first";
  EXPECT_EQ(&db_->signatures[1], &before_->signatures[0]);
  EXPECT_EQ(&db_->signatures[2], &before_->signatures[1]);
  EXPECT_EQ(&db_->rules[2], &before_->rules[1]);
  EXPECT_EQ(db_->regexes.size(), 2U);
  EXPECT_EQ(db_->names.flowbits.size(), 1U) << "names keep their numbers";
  before_.reset();
  EXPECT_EQ(db_->signatures[1].info->sid, 1U);
}

TEST_F(ReloadTest, AnotherPlaceOrOtherSurroundingsMakeARuleAnew) {
  const std::string rule = "alert tcp $HOME_NET any -> any 80 (content:\"a\"; sid:1;)\n";
  EXPECT_EQ(load(rule), 0U);
  EXPECT_EQ(load(rule), 1U);
  EXPECT_EQ(load("\n" + rule), 0U);
  EXPECT_EQ(db_->signatures[0].info->source_line, 2U);
  EXPECT_EQ(load("\n" + rule, "other variables"), 0U);
  EXPECT_EQ(load("\n" + rule, "other variables"), 1U);
  ResolveSettings settings;
  settings.changes = [](const event::SignatureInfo& info) { return info.sid == 1; };
  EXPECT_EQ(load("\n" + rule, "other variables", settings), 0U) << "a threshold file names it";
}

TEST_F(ReloadTest, WhatWasSaidAboutARuleIsSaidAgain) {
  const std::string rules =
      "alert tcp any any -> any any (content:\"a\"; classtype:none; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:isset,never; sid:2;)\n"
      "alert tcp any any -> any any (content:\"b\"; sid:3;)\n"
      "alert tcp any any -> any any (content:\"c\"; sid:3; rev:2;)\n"
      "alert tcp any any -> any any (content:\"d\"; sid:3; rev:2;)\n";
  ClassificationTable classes;
  ResolveSettings settings;
  settings.classifications = &classes;
  EXPECT_EQ(load(rules, "c", settings), 0U);
  const std::string first = codes();
  EXPECT_EQ(first,
            "signature.classtype.unknown@t.rules:1 signature.sid.replaced@t.rules:4 signature.sid.duplicate@t.rules:5 "
            "signature.flowbits.never_set@t.rules:2 ");
  EXPECT_EQ(load(rules, "c", settings), 1U);
  EXPECT_EQ(codes(), first);
}

TEST_F(ReloadTest, NamesThatNobodyHasAnyMoreAreForgottenSomeDay) {
  const std::string kept = "alert tcp any any -> any any (content:\"a\"; sid:1;)\n";
  EXPECT_EQ(load(kept), 0U);
  std::size_t anew = 0;
  for (int i = 0; i < 1500; ++i) {
    anew += load(kept + "alert tcp any any -> any any (flowbits:set,b" + std::to_string(i) + "; sid:2;)\n") == 0;
    ASSERT_LE(db_->names.flowbits.size(), 1010U);
  }
  EXPECT_EQ(anew, 1U);
}

TEST(Resolve, Header) {
  const Resolved r("rejectboth TCP $HOME_NET ![80:90,85] <> [10.0.0.0/8,!10.1.0.0/16] [1024:,80] (sid:1;)");
  ASSERT_EQ(r.place(), "");
  const Signature& s = r.first();
  EXPECT_EQ(s.action, pipeline::RuleAction::kReject);
  EXPECT_EQ(s.reject, pipeline::RejectTarget::kBoth);
  EXPECT_EQ(s.protocol, RuleProtocol::kTcp);
  EXPECT_TRUE(s.bidirectional);
  EXPECT_TRUE(s.source.contains(*IpAddress::parse("192.168.3.4")));
  EXPECT_FALSE(s.source.contains(*IpAddress::parse("8.8.8.8")));
  EXPECT_FALSE(s.source.contains(*IpAddress::parse("fe80::1")));
  EXPECT_TRUE(s.source_ports.contains(79));
  EXPECT_FALSE(s.source_ports.contains(80));
  EXPECT_FALSE(s.source_ports.contains(90));
  EXPECT_TRUE(s.source_ports.contains(91));
  EXPECT_TRUE(s.destination.contains(*IpAddress::parse("10.0.255.255")));
  EXPECT_FALSE(s.destination.contains(*IpAddress::parse("10.1.2.3")));
  EXPECT_TRUE(s.destination.contains(*IpAddress::parse("10.2.0.0")));
  EXPECT_TRUE(s.destination_ports.contains(80));
  EXPECT_FALSE(s.destination_ports.contains(81));
  EXPECT_TRUE(s.destination_ports.contains(65535));
}

TEST(Resolve, NegatedVariablesCoverBothFamilies) {
  const Resolved r(with_header("alert ip $EXTERNAL_NET any -> any any"));
  ASSERT_EQ(r.place(), "");
  EXPECT_FALSE(r.first().source.any);
  EXPECT_FALSE(r.first().source.contains(*IpAddress::parse("192.168.0.1")));
  EXPECT_TRUE(r.first().source.contains(*IpAddress::parse("8.8.8.8")));
  EXPECT_TRUE(r.first().source.contains(*IpAddress::parse("255.255.255.255")));
  EXPECT_TRUE(r.first().source.contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(r.first().destination.any);
}

TEST(Resolve, HeaderErrors) {
  EXPECT_EQ(Resolved(with_header("alert tcp $NOPE any -> any any")).place(), "signature.variable.unknown@1:11+5");
  EXPECT_EQ(Resolved(with_header("alert tcp $HOME_NETT any -> any any")).out.all()[0].hint, "did you mean $HOME_NET?");
  EXPECT_EQ(Resolved(with_header("alert tcp !any any -> any any")).place(), "signature.address.empty@1:12+3");
  EXPECT_EQ(Resolved(with_header("alert tcp [$HOME_NET,$EXTERNAL_NET] any -> any any")).place(),
            "signature.address.empty@1:11+25");
  EXPECT_EQ(Resolved(with_header("alert tcp any any -> any !0:")).place(), "signature.port.empty@1:27+2");
  EXPECT_EQ(Resolved(with_header("alert tpc any any -> any any")).place(), "signature.header.unknown_protocol@1:7+3");
  EXPECT_EQ(Resolved(with_header("alert http any any -> any any")).place(), "");
  EXPECT_EQ(Resolved(with_header("alert nfs any any -> any any")).place(), "");  // recognised, without a parser
  EXPECT_EQ(Resolved(with_header("config tcp any any -> any any")).place(), "");
}

TEST(Resolve, VariableErrorsNameTheVariable) {
  ResolveSettings settings;
  settings.variables.address_groups["A"] = "$B";
  settings.variables.address_groups["B"] = "[$A,1.1.1.1]";
  settings.variables.port_groups["P"] = "80-90";
  settings.variables.port_groups["E"] = "";
  EXPECT_EQ(Resolved(with_header("alert tcp $A any -> any any"), settings).out.all()[0].code,
            "signature.variable.recursive");
  const Resolved bad(with_header("alert tcp any $P -> any any"), settings);
  ASSERT_FALSE(bad.out.all().empty());
  EXPECT_EQ(bad.out.all()[0].code, "signature.port.syntax");
  EXPECT_EQ(bad.out.all()[0].span.file->name(), "vars.port-groups.P");
  EXPECT_EQ(Resolved(with_header("alert tcp any $E -> any any"), settings).out.all()[0].code,
            "signature.variable.empty");
}

TEST(Resolve, DefaultsOfARule) {
  const Resolved r("alert tcp any any -> any any (msg:\"m\"; sid:5;)");
  const auto& info = *r.first().info;
  EXPECT_EQ(info.gid, 1U);
  EXPECT_EQ(info.rev, 0U);
  EXPECT_EQ(info.severity, 3);
  EXPECT_EQ(info.category, "");
  EXPECT_EQ(info.message, "m");
  EXPECT_EQ(info.source_file, "t.rules");
  EXPECT_EQ(info.source_line, 1U);
  EXPECT_EQ(r.first().span.length, 46U);
}

TEST(Resolve, PriorityOverridesTheClass) {
  Diagnostics out;
  const auto table = parse_classifications(
      std::make_shared<const SourceFile>("c", "config classification: worse,Worse Thing,1\n"), out);
  ResolveSettings settings;
  settings.classifications = &table;
  EXPECT_EQ(Resolved(tcp("classtype:worse;"), settings).first().info->severity, 1);
  EXPECT_EQ(Resolved(tcp("classtype:worse; priority:4;"), settings).first().info->severity, 4);
  EXPECT_EQ(Resolved(tcp("priority:4; classtype:worse;"), settings).first().info->category, "Worse Thing");
}

TEST(Resolve, SidIsNeededAndUnique) {
  EXPECT_EQ(Resolved("alert tcp any any -> any any (msg:\"x\";)").place(), "signature.sid.missing@1:1+39");
  const Resolved r(
      "alert tcp any any -> any any (sid:1; rev:5;)\nalert tcp any any -> any any (sid:1; rev:5;)\n"
      "alert udp any any -> any any (sid:1; rev:6;)\nalert tcp any any -> any any (sid:1; gid:2;)\n");
  ASSERT_EQ(r.rules.signatures.size(), 2U);
  EXPECT_EQ(r.first().protocol, RuleProtocol::kUdp);
  EXPECT_EQ(r.rules.refused, 1U);
  EXPECT_EQ(r.rules.replaced, 1U);
  EXPECT_EQ(r.place(), "signature.sid.duplicate@2:31+5");
}

// The views of payload, as Suricata's own rule analysis gives them.
TEST(Resolve, PayloadViews) {
  const auto view = [](const std::string& rule) {
    const Resolved r(rule);
    EXPECT_FALSE(r.out.has_errors()) << rule << r.place();
    if (r.rules.signatures.empty()) return std::string("refused");
    const Signature& s = r.first();
    return std::string(s.inspects_packet_payload ? "packet " : "") + (s.inspects_stream ? "stream " : "") +
           (s.ip_only ? "ip_only " : "") + (s.packet_conditions_present ? "conditions " : "") +
           (s.decode_events_only ? "events " : "");
  };
  EXPECT_EQ(view(tcp("content:\"a\";")), "stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; depth:5;")), "packet stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; offset:0;")), "packet stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; startswith;")), "packet stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; distance:0;")), "stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; stream_size:client,>,5;")), "packet stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; dsize:5;")), "packet conditions ");
  EXPECT_EQ(view(tcp("content:\"a\"; flags:PA;")), "packet conditions ");
  EXPECT_EQ(view(tcp("content:\"a\"; flow:no_stream;")), "packet conditions ");
  EXPECT_EQ(view(tcp("content:\"a\"; flow:only_stream;")), "stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; depth:5; flow:only_stream;")), "stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; flow:only_frag;")), "stream ");
  EXPECT_EQ(view(tcp("content:\"a\"; stream-event:est_invalid_ack;")), "stream ");
  EXPECT_EQ(view("alert tcp-pkt any any -> any any (content:\"a\"; sid:1;)"), "packet ");
  EXPECT_EQ(view("alert tcp-stream any any -> any any (content:\"a\"; sid:1;)"), "stream ");
  EXPECT_EQ(view("alert udp any any -> any any (content:\"a\"; sid:1;)"), "packet ");
  EXPECT_EQ(view("alert ip any any -> any any (content:\"a\"; ip_proto:6; sid:1;)"), "packet conditions ");
  EXPECT_EQ(view(tcp("isdataat:5;")), "stream ");
  EXPECT_EQ(view(tcp("pcre:\"/a/\";")), "stream ");
  EXPECT_EQ(view(tcp("byte_test:1,=,1,0;")), "stream ");
  EXPECT_EQ(view(tcp("")), "ip_only ");
  EXPECT_EQ(view(tcp("flowbits:set,a;")), "ip_only ");
  EXPECT_EQ(view(tcp("xbits:set,a,track ip_src;")), "ip_only ");
  EXPECT_EQ(view(tcp("xbits:isset,a,track ip_src;")), "ip_only ");
  EXPECT_EQ(view(tcp("hostbits:isnotset,a;")), "ip_only ");
  EXPECT_EQ(view(tcp("threshold:type limit, track by_src, count 1, seconds 60;")), "ip_only ");
  EXPECT_EQ(view(tcp("tag:session;")), "ip_only ");
  EXPECT_EQ(view("alert ip any any -> any any (ip_proto:6; sid:1;)"), "ip_only conditions ");
  EXPECT_EQ(view("alert tcp 1.1.1.1 any -> $HOME_NET 80 (sid:1;)"), "ip_only ");
  EXPECT_EQ(view("alert ip !1.1.1.1 any -> any any (sid:1;)"), "");
  EXPECT_EQ(view(tcp("flow:to_server;")), "");
  EXPECT_EQ(view(tcp("flowbits:isset,a;")), "");
  EXPECT_EQ(view(tcp("flowint:aa,+,1;")), "");
  EXPECT_EQ(view(tcp("stream_size:client,>,5;")), "");
  EXPECT_EQ(view(tcp("dsize:5;")), "conditions ");
  EXPECT_EQ(view("alert pkthdr any any -> any any (decode-event:ipv4.pkt_too_small; sid:1;)"), "events ");
}

TEST(Resolve, Contradictions) {
  EXPECT_EQ(Resolved(tcp("content:\"a\"; dsize:5; flow:only_stream;")).place(),
            "signature.flow.stream_and_packet@1:44+7");
  EXPECT_EQ(Resolved("alert tcp-stream any any -> any any (content:\"a\"; flow:no_stream; sid:1;)").place(),
            "signature.flow.stream_and_packet@1:51+14");
  EXPECT_EQ(Resolved("alert tcp-pkt any any -> any any (content:\"a\"; flow:only_stream; sid:1;)").place(),
            "signature.flow.stream_and_packet@1:7+7");
  EXPECT_EQ(Resolved(tcp("content:\"abc\"; dsize:2;")).place(), "signature.dsize.impossible@1:46+7");
  EXPECT_EQ(Resolved(tcp("content:\"abc\"; offset:1; dsize:3;")).place(), "signature.dsize.impossible@1:56+7");
  EXPECT_EQ(Resolved(tcp("content:\"abc\"; content:\"de\"; distance:4; dsize:<8;")).place(),
            "signature.dsize.impossible@1:72+8");
  EXPECT_EQ(Resolved(tcp("content:\"abc\"; dsize:3;")).place(), "");
  EXPECT_EQ(Resolved(tcp("content:\"abc\"; dsize:>1;")).place(), "");
  EXPECT_EQ(Resolved(tcp("content:\"abc\"; content:\"de\"; distance:-5; dsize:3;")).place(), "");
}

TEST(Resolve, EveryErrorOfARuleAndTheNextRuleLoads) {
  const Resolved r(
      "alert tpc $X any -> any any (contend:\"a\"; depth:3; sid:x;)\nalert tcp any any -> any any (sid:2;)\n");
  ASSERT_EQ(r.rules.signatures.size(), 1U);
  EXPECT_EQ(r.rules.refused, 1U);
  std::string codes;
  for (const auto& d : r.out.all()) codes += d.code + "\n";
  EXPECT_EQ(codes,
            "signature.header.unknown_protocol\nsignature.variable.unknown\nsignature.keyword.unknown\n"
            "signature.depth.no_content\nsignature.sid.number\n");
}

TEST(Resolve, DisabledRulesArePassedOver) {
  const Resolved r("#alert tcp any any -> any any (sid:1;)\nalert tcp any any -> any any (sid:2;)\n");
  EXPECT_EQ(r.rules.signatures.size(), 1U);
  EXPECT_EQ(r.rules.disabled, 1U);
}

TEST(Resolve, FlowbitsThatNoRuleSets) {
  const Resolved r(tcp("flowbits:isset,a;"));
  EXPECT_EQ(r.place(), "signature.flowbits.never_set@1:1+55");
  EXPECT_EQ(r.rules.signatures.size(), 1U);
  EXPECT_EQ(Resolved(tcp("flowbits:isset,a; flowbits:set,a;")).place(), "");
}

// What Suricata 7.0.10 refuses or takes beyond the corpus (tests/differential/rule_corpus.py).
TEST(Resolve, SizesUnitsAndRepeatedProtocols) {
  const auto code = [](const std::string& options) {
    const Resolved r("alert http any any -> any any (" + options + " sid:1;)\n");
    return r.out.all().empty() ? std::string() : r.out.all()[0].code;
  };
  for (const char* fine : {"filesize:5MB;", "http.uri; bsize:5kb;", "urilen:1kb,raw;", "filesize:>5;",
                           "http.uri; content:\"abcd\"; bsize:<=3;", "http.uri; content:\"abc\"; bsize:<3;",
                           "http.uri; content:\"a\"; ipv4-csum:valid;"}) {
    EXPECT_EQ(code(fine), "") << fine;
  }
  EXPECT_EQ(code("filesize:>5MB;"), "signature.filesize.syntax");
  EXPECT_EQ(code("filesize:1kb<>9kb;"), "signature.filesize.syntax");
  EXPECT_EQ(code("http.uri; content:\"abcd\"; bsize:<3;"), "signature.bsize.impossible");
  EXPECT_EQ(code("http.uri; content:\"abcd\"; bsize:1<>3;"), "signature.bsize.impossible");
  const Resolved twice("alert tcp any any -> any any (app-layer-protocol:!http; app-layer-protocol:!http; sid:1;)\n");
  EXPECT_EQ(twice.out.all().at(0).code, "signature.app_layer_protocol.duplicate");
}

TEST(Resolve, ThresholdFile) {
  Resolved r("alert tcp any any -> any any (sid:1;)\nalert tcp any any -> any any (sid:2; gid:3;)\n");
  const auto text =
      "suppress gen_id 1, sig_id 1, track by_either, ip [10.0.0.0/8,!10.1.0.0/16]\n"
      "rate_filter gen_id 3, sig_id 0, track by_rule, count 5, seconds 60, new_action drop, timeout 30\n"
      "event_filter gen_id 0, sig_id 0, type both, track by_both, count 2, seconds 3\n"
      "suppress gen_id 1, sig_id 99\nsuppress gen_id 1, sig_id 1, track by_src, ip $NOPE\n";
  Diagnostics out;
  const ThresholdFile file = parse_thresholds(std::make_shared<const SourceFile>("th", text), out);
  apply_threshold_file(file, {}, r.rules.signatures, out);
  const auto& first = r.rules.signatures[0].external_thresholds;
  const auto& second = r.rules.signatures[1].external_thresholds;
  ASSERT_EQ(first.size(), 2U);
  ASSERT_EQ(second.size(), 1U);  // the rate_filter was there before the line for all
  EXPECT_EQ(first[0].kind, ThresholdSpec::Kind::kSuppress);
  EXPECT_TRUE(first[0].suppress_either);
  EXPECT_TRUE(first[0].suppress_addresses.contains(*IpAddress::parse("10.2.0.1")));
  EXPECT_FALSE(first[0].suppress_addresses.contains(*IpAddress::parse("10.1.0.1")));
  EXPECT_EQ(first[1].kind, ThresholdSpec::Kind::kBoth);
  EXPECT_EQ(first[1].track, ThresholdTrack::kBoth);
  EXPECT_EQ(second[0].kind, ThresholdSpec::Kind::kRate);
  EXPECT_EQ(second[0].new_action, pipeline::RuleAction::kDrop);
  EXPECT_EQ(second[0].timeout_seconds, 30U);
  ASSERT_EQ(out.all().size(), 2U);
  EXPECT_EQ(out.all()[0].code, "signature.threshold_file.no_rule");
  EXPECT_EQ(out.all()[1].code, "signature.variable.unknown");
}

// One limit a rule, measured with Suricata 7.0.10: an event_filter that names it replaces what is there, a rate_filter
// and lines for all rules only fill an empty place.
TEST(Resolve, ThresholdFileAndLimitsOfRules) {
  using Kind = ThresholdSpec::Kind;
  const auto limit_of = [](const std::string& options, const std::string& text) -> std::string {
    Resolved r("alert tcp any any -> any any (" + options + " sid:1;)\n");
    Diagnostics out;
    const ThresholdFile file = parse_thresholds(std::make_shared<const SourceFile>("th", text), out);
    apply_threshold_file(file, {}, r.rules.signatures, out);
    const Signature& s = r.rules.signatures.at(0);
    std::string kinds = (s.threshold ? "own " : "") + std::string(s.detection_filter ? "filter " : "");
    for (const ThresholdSpec& spec : s.external_thresholds) {
      kinds += spec.kind == Kind::kRate ? "rate " : spec.kind == Kind::kSuppress ? "suppress " : "event ";
      kinds += std::to_string(spec.count) + " ";
    }
    return kinds + (out.all().empty() ? "" : out.all()[0].code);
  };
  const std::string own = "threshold:type limit,track by_src,count 4,seconds 60;";
  const std::string filter = "detection_filter:track by_src,count 4,seconds 60;";
  const std::string event = "event_filter gen_id 1, sig_id 1, type limit, track by_src, count 2, seconds 60\n";
  const std::string event3 = "event_filter gen_id 1, sig_id 1, type limit, track by_src, count 3, seconds 60\n";
  const std::string rate =
      "rate_filter gen_id 1, sig_id 1, track by_src, count 5, seconds 60, new_action drop, timeout 2\n";
  const std::string all = "event_filter gen_id 0, sig_id 0, type limit, track by_src, count 9, seconds 60\n";
  EXPECT_EQ(limit_of(own, event), "event 2 ");
  EXPECT_EQ(limit_of(filter, event), "event 2 ");
  EXPECT_EQ(limit_of(own, all), "own ");
  EXPECT_EQ(limit_of(own, rate), "own signature.threshold_file.taken");
  EXPECT_EQ(limit_of("", all + event), "event 2 ");
  EXPECT_EQ(limit_of("", event + all), "event 2 ");
  EXPECT_EQ(limit_of("", event + event3), "event 3 ");
  EXPECT_EQ(limit_of("", event + rate), "event 2 signature.threshold_file.taken");
  EXPECT_EQ(limit_of("", rate + event), "event 2 ");
  EXPECT_EQ(limit_of("", rate + all), "rate 5 ");
  EXPECT_EQ(limit_of("", all + rate), "event 9 signature.threshold_file.taken");
  EXPECT_EQ(limit_of("", "suppress gen_id 1, sig_id 1\n" + event), "suppress 0 event 2 ");
}

// Every rule of the data files: what Suricata 7.0.10 -T says of it, and what is said here, with the place.
//   accepted|refused   ok|code@column+length   rule
// A line whose two verdicts differ is a known difference (signatures/DECISIONS.md).
void compare_verdicts(const std::string& name, std::size_t at_least) {
  std::ifstream in(BULKHEAD_SOURCE_DIR "/tests/unit/signatures/compile/" + name, std::ios::binary);
  ASSERT_TRUE(in);
  std::size_t count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    ASSERT_NE(second, std::string::npos) << line;
    const std::string expected = line.substr(first + 1, second - first - 1);
    const std::string rule = line.substr(second + 1);
    const Resolved r(rule);
    std::string verdict = "ok";
    for (const Diagnostic& d : r.out.all()) {
      if (d.severity != Severity::kError) continue;
      verdict = d.code + "@" + std::to_string(d.span.column) + "+" + std::to_string(d.span.length);
      break;
    }
    EXPECT_EQ(verdict, expected) << rule;
    const bool read = verdict == "ok" && rule.front() != ' ' && r.rules.skipped == 0;
    EXPECT_EQ(r.rules.signatures.size(), read ? 1U : 0U) << rule;
    ++count;
  }
  EXPECT_GT(count, at_least);
}

TEST(Resolve, VerdictsBesideSuricata) {
  compare_verdicts("rule_verdicts.txt", 900);
}
TEST(Resolve, VerdictsOfBuffersBesideSuricata) {
  compare_verdicts("rule_verdicts_buffers.txt", 1000);  // written by tests/differential/rule_corpus.py
}

TEST(Resolve, UnmetRulesAreLeftOutWhateverElseTheySay) {
  Diagnostics out;
  const RuleFile file = parse_rules("r",
                                    "alert ip any any -> any any (requires:version >= 99; frobnicate:1; sid:1;)\n"
                                    "alert ip any any -> any any (requires:version >= 7; sid:2;)\n"
                                    "alert ip any any -> any any (requires:version; sid:3;)\n",
                                    out);
  const ResolvedRules rules = resolve_rules(file, {}, out);
  EXPECT_EQ(rules.signatures.size(), 1U);
  EXPECT_EQ(rules.skipped, 1U);
  EXPECT_EQ(rules.refused, 1U);
  EXPECT_EQ(out.error_count(), 1U);
  EXPECT_EQ(out.all()[0].code, "signature.requires.unmet");
}

// Of the ET rules all that need no protocol parser load; the others say so.
TEST(Resolve, EmergingThreatsRules) {
  const char* env = std::getenv("BULKHEAD_TEST_DATA");
  const std::filesystem::path data = env != nullptr ? env : std::filesystem::path(BULKHEAD_SOURCE_DIR) / "../shared";
  if (!std::filesystem::exists(data / "rules/et-open-2025-08.rules")) {
    GTEST_SKIP() << "no rule files under " << data << " (BULKHEAD_TEST_DATA)";
  }
  std::size_t total = 0, resolved = 0;
  std::map<std::string, std::size_t> reasons;
  for (const char* name : {"rules/et-open-2025-08.rules", "rules/et-open-2025-classic.rules"}) {
    std::ifstream in(data / name, std::ios::binary);
    const Resolved r(std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
    total += r.file.rules.size();
    resolved += r.rules.signatures.size();
    EXPECT_EQ(r.rules.signatures.size() + r.rules.refused, r.file.rules.size());
    std::uint32_t last_line = 0;
    for (const Diagnostic& d : r.out.all()) {
      if (d.severity != Severity::kError || d.span.line == last_line) continue;
      last_line = d.span.line;
      ++reasons[d.code];
      const bool expected = d.code == "signature.keyword.protocol_buffer" || d.code == "signature.keyword.not_built" ||
                            d.code == "signature.header.application_protocol" ||
                            d.code == "signature.app_layer_event.unknown" || d.code == "signature.file_hash.unreadable";
      EXPECT_TRUE(expected) << Diagnostics::format(d);
    }
  }
  EXPECT_EQ(total, 15502U);
  EXPECT_GE(resolved, 9000U);
  std::cout << resolved << " of " << total << " rules resolve\n";
  for (const auto& [code, count] : reasons) std::cout << count << " " << code << "\n";
}

}  // namespace
}  // namespace bulkhead::signatures

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using test::Built;

TEST(Flow, WordsAndConflicts) {
  Built built("flow: Established , from_client , no_frag;");
  ASSERT_TRUE(built.fine()) << built.place();
  const FlowRequirement& flow = built.signature().flow;
  EXPECT_TRUE(flow.present && flow.established && flow.to_server && flow.no_fragment);
  EXPECT_FALSE(flow.to_client || flow.stateless || flow.only_stream);
  EXPECT_FALSE(built.facts().beyond_addresses.empty());
  EXPECT_TRUE(built.facts().packet_keyword.empty());
  EXPECT_FALSE(Built("flow:no_stream;").facts().packet_keyword.empty());
  EXPECT_TRUE(Built("flow:stateless,not_established;").fine());
  EXPECT_EQ(Built("flow:established; flow:to_server;").place(), "signature.flow.twice@20+14");
  EXPECT_EQ(Built("flow:to_server,to_client;").place(), "signature.flow.conflict@17+9");
  EXPECT_EQ(Built("flow:to_server,from_client;").place(), "signature.flow.duplicate@17+11");
  EXPECT_EQ(Built("flow:established,stateless;").place(), "signature.flow.conflict@19+9");
  EXPECT_EQ(Built("flow:only_stream,no_stream;").place(), "signature.flow.conflict@19+9");
  EXPECT_EQ(Built("flow:to_srever;").diagnostics().all()[0].hint, "did you mean to_server?");
  EXPECT_EQ(Built("flow:established,;").place(), "signature.flow.word@7+12");
}

TEST(Flowbits, Commands) {
  Built built("flowbits:set,a; flowbits:unset,b; flowbits:toggle,c; flowbits:isset,a|d; flowbits:isnotset,e;");
  ASSERT_TRUE(built.fine()) << built.place();
  ASSERT_EQ(built.signature().flowbit_changes.size(), 3U);
  ASSERT_EQ(built.signature().flowbit_checks.size(), 2U);
  EXPECT_EQ(built.signature().flowbit_changes[0].command, FlowbitOp::Command::kSet);
  EXPECT_EQ(built.signature().flowbit_changes[1].command, FlowbitOp::Command::kUnset);
  EXPECT_EQ(built.signature().flowbit_changes[2].command, FlowbitOp::Command::kToggle);
  ASSERT_EQ(built.signature().flowbit_checks[0].bits.size(), 2U);
  EXPECT_EQ(built.signature().flowbit_checks[0].bits[0], built.signature().flowbit_changes[0].bits[0]);
  EXPECT_EQ(built.names().flowbits.name(built.signature().flowbit_checks[0].bits[1]), "d");
  EXPECT_EQ(built.signature().flowbit_checks[1].command, FlowbitOp::Command::kIsNotSet);
  EXPECT_TRUE(Built("flowbits:noalert;").signature().no_alert);
  EXPECT_EQ(Built("flowbits:set,a,b;").names().flowbits.name(0), "a,b");
  EXPECT_TRUE(Built("flowbits:set,a;").facts().beyond_addresses.empty());
  EXPECT_FALSE(Built("flowbits:isset,a;").facts().beyond_addresses.empty());
  EXPECT_EQ(Built("flowbits:foo,a;").place(), "signature.flowbits.command@11+3");
  EXPECT_EQ(Built("flowbits:set;").place(), "signature.flowbits.name@11+3");
  EXPECT_EQ(Built("flowbits:set,a b;").place(), "signature.flowbits.name@15+3");
  EXPECT_EQ(Built("flowbits:set,a|b;").place(), "signature.flowbits.list@15+3");
  EXPECT_EQ(Built("flowbits:noalert,a;").place(), "signature.flowbits.command@11+7");
}

TEST(Flowint, Commands) {
  Built built("flowint:aa,+,1; flowint:aa,>=,5; flowint:bb,=,aa; flowint:cc,notset;");
  ASSERT_TRUE(built.fine()) << built.place();
  ASSERT_EQ(built.signature().flowint_changes.size(), 2U);
  ASSERT_EQ(built.signature().flowint_checks.size(), 2U);
  EXPECT_EQ(built.signature().flowint_changes[0].command, FlowintOp::Command::kAdd);
  EXPECT_EQ(built.signature().flowint_changes[0].value, 1U);
  EXPECT_FALSE(built.signature().flowint_changes[0].value_variable);
  EXPECT_EQ(built.signature().flowint_changes[1].value_variable, built.signature().flowint_checks[0].variable);
  EXPECT_EQ(built.signature().flowint_checks[1].command, FlowintOp::Command::kNotSet);
  EXPECT_EQ(Built("flowint:aa,*,1;").place(), "signature.flowint.command@10+6");
  EXPECT_EQ(Built("flowint:aa,+;").place(), "signature.flowint.value@10+4");
  EXPECT_EQ(Built("flowint:aa,+,-1;").place(), "signature.flowint.value@15+2");
  EXPECT_EQ(Built("flowint:1a,+,1;").place(), "signature.flowint.name@10+2");
}

TEST(HostBits, XbitsAndHostbits) {
  Built built(
      "xbits:set,a,track ip_pair,expire 10; xbits:isset,a,track ip_src; hostbits:unset,a,dst; hostbits:isnotset,b;");
  ASSERT_TRUE(built.fine()) << built.place();
  const auto& changes = built.signature().hostbit_changes;
  const auto& checks = built.signature().hostbit_checks;
  ASSERT_EQ(changes.size(), 2U);
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(changes[0].track, HostbitOp::Track::kPair);
  EXPECT_EQ(changes[0].expire_seconds, 10U);
  EXPECT_EQ(checks[0].expire_seconds, 30U);
  EXPECT_EQ(changes[1].track, HostbitOp::Track::kDestination);
  EXPECT_EQ(changes[1].expire_seconds, 0U);
  EXPECT_EQ(checks[1].track, HostbitOp::Track::kSource);
  EXPECT_EQ(changes[0].bit, changes[1].bit);
  EXPECT_EQ(Built("xbits:set,a;").place(), "signature.xbits.syntax@8+5");
  EXPECT_EQ(Built("xbits:set,a,track ip_src,expire 0;").place(), "signature.xbits.expire@27+8");
  EXPECT_EQ(Built("hostbits:set,a,both;").place(), "signature.hostbits.syntax@11+10");
}

TEST(Threshold, Forms) {
  Built built("threshold:count 5, seconds 60, track by_both, type both;");
  ASSERT_TRUE(built.fine()) << built.place();
  const ThresholdSpec& spec = *built.signature().threshold;
  EXPECT_EQ(spec.kind, ThresholdSpec::Kind::kBoth);
  EXPECT_EQ(spec.track, ThresholdTrack::kBoth);
  EXPECT_EQ(spec.count, 5U);
  EXPECT_EQ(spec.seconds, 60U);
  Built filter("detection_filter:track by_dst, count 3, seconds 2;");
  ASSERT_TRUE(filter.fine()) << filter.place();
  EXPECT_EQ(filter.signature().detection_filter->kind, ThresholdSpec::Kind::kDetectionFilter);
  EXPECT_EQ(filter.signature().detection_filter->track, ThresholdTrack::kDestination);
}

TEST(Threshold, Refusals) {
  const std::string good = "threshold:type limit, track by_src, count 1, seconds 60;";
  const std::string filter = "detection_filter:track by_src, count 1, seconds 60;";
  EXPECT_EQ(Built(good + good).place(), "signature.threshold.second@58+55");
  EXPECT_EQ(Built(good + filter).place(), "signature.detection_filter.threshold@58+50");
  EXPECT_EQ(Built(filter + good).place(), "signature.threshold.detection_filter@53+55");
  EXPECT_EQ(Built(filter + filter).place(), "signature.detection_filter.second@53+50");
  EXPECT_EQ(Built("threshold:type limit, track by_flow, count 1, seconds 60;").place(),
            "signature.threshold.track@30+7");
  EXPECT_EQ(Built("threshold:type backoff, track by_src, count 1, seconds 60;").place(),
            "signature.threshold.type@17+7");
  EXPECT_EQ(Built("threshold:type limit, track by_src, count 1;").place(), "signature.threshold.missing@12+33");
  EXPECT_EQ(Built("threshold:type limit, track by_src, count x, seconds 1;").place(), "signature.threshold.count@44+1");
  EXPECT_EQ(Built("detection_filter:track by_src, count 0, seconds 60;").place(),
            "signature.detection_filter.count@39+1");
  EXPECT_EQ(Built("detection_filter:track by_both, count 1, seconds 60;").place(),
            "signature.detection_filter.track@25+7");
}

TEST(Tag, Forms) {
  Built built("tag:host,10,seconds,dst;");
  ASSERT_TRUE(built.fine()) << built.place();
  EXPECT_TRUE(built.signature().tags[0].host);
  EXPECT_FALSE(built.signature().tags[0].by_source);
  EXPECT_EQ(built.signature().tags[0].metric, TagSpec::Metric::kSeconds);
  EXPECT_EQ(built.signature().tags[0].count, 10U);
  EXPECT_EQ(Built("tag:session;").signature().tags[0].count, 256U);
  EXPECT_EQ(Built("tag:session,5;").place(), "signature.tag.syntax@6+9");
  EXPECT_EQ(Built("tag:host,5,packets,foo;").place(), "signature.tag.side@21+3");
  EXPECT_EQ(Built("tag:session,5,packets,src;").place(), "signature.tag.session_side@24+3");  // a warning
}

TEST(Meta, TextsAndNumbers) {
  Built built(
      "msg:\"a\\;b \\\"c\\\" \\\\d\"; sid:7; rev:3; gid:9; classtype:BAD; reference:cve,2021-1; metadata:k v w, x , y "
      "z; "
      "noalert; target:dest_ip;");
  ASSERT_TRUE(built.fine()) << built.place();
  const auto& info = built.info();
  EXPECT_EQ(info.message, "a;b \"c\" \\d");
  EXPECT_EQ(info.sid, 7U);
  EXPECT_EQ(info.rev, 3U);
  EXPECT_EQ(info.gid, 9U);
  EXPECT_EQ(info.category, "Bad Thing");
  ASSERT_EQ(info.references.size(), 1U);
  EXPECT_EQ(info.references[0], "http://cve/2021-1");
  ASSERT_EQ(info.metadata.size(), 3U);
  EXPECT_EQ(info.metadata[0], event::TextPairs::Pair("k", "v w"));
  EXPECT_EQ(info.metadata[1], event::TextPairs::Pair("x", ""));
  EXPECT_TRUE(built.signature().no_alert);
  EXPECT_EQ(built.signature().target, 2);
}

TEST(Meta, Warnings) {
  Built unknown("classtype:none; reference:foo,1;");
  EXPECT_TRUE(unknown.fine());
  EXPECT_EQ(unknown.place(), "signature.classtype.unknown@12+4");
  EXPECT_EQ(unknown.diagnostics().warning_count(), 2U);
  EXPECT_TRUE(unknown.info().references.empty());
  Built two("classtype:bad; classtype:worse;");
  EXPECT_EQ(two.info().category, "Worse Thing");
  EXPECT_EQ(two.facts().class_priority, 1);
  Built back("classtype:worse; classtype:bad;");
  EXPECT_EQ(back.info().category, "Worse Thing");
  Built priorities("priority:3; priority:1; priority:2;");
  EXPECT_EQ(priorities.signature().priority, 1);
  EXPECT_EQ(priorities.diagnostics().warning_count(), 2U);
}

TEST(Meta, Refusals) {
  EXPECT_EQ(Built("msg:\"\";").place(), "signature.msg.empty@2+6");
  EXPECT_EQ(Built("msg:!\"x\";").place(), "signature.keyword.no_quotes@6+4");
  EXPECT_EQ(Built("msg:\"x\"; msg:\"y\";").place(), "signature.msg.duplicate@11+7");
  EXPECT_EQ(Built("sid:0;").place(), "signature.sid.number@6+1");
  EXPECT_EQ(Built("sid:4294967295;").place(), "signature.sid.number@6+10");
  EXPECT_EQ(Built("sid:5; sid:6;").place(), "signature.sid.duplicate@9+5");
  EXPECT_EQ(Built("sid:\"5\";").place(), "signature.keyword.quotes@6+3");
  EXPECT_EQ(Built("rev:x;").place(), "signature.rev.number@6+1");
  EXPECT_EQ(Built("gid:-1;").place(), "signature.gid.number@6+2");
  EXPECT_EQ(Built("priority:256;").place(), "signature.priority.number@11+3");
  EXPECT_EQ(Built("classtype:1a;").place(), "signature.classtype.name@12+2");
  EXPECT_EQ(Built("reference:cve;").place(), "signature.reference.syntax@12+3");
  EXPECT_EQ(Built("target:foo;").place(), "signature.target.side@9+3");
  EXPECT_EQ(Built("target:src_ip; target:dest_ip;").place(), "signature.target.conflict@17+14");
  EXPECT_EQ(Built("noalert:x;").place(), "signature.keyword.value@10+1");
}

TEST(Prefilter, NeedsACondition) {
  EXPECT_TRUE(Built("ttl:5; prefilter;").signature().prefilter);
  EXPECT_TRUE(Built("content:\"abc\"; prefilter;").op<ContentOp>(0).fast_pattern);
  EXPECT_EQ(Built("prefilter;").place(), "signature.prefilter.no_condition@2+9");
  EXPECT_EQ(Built("msg:\"x\"; prefilter;").place(), "signature.prefilter.no_condition@11+9");
  EXPECT_EQ(Built("tos:5; prefilter;").place(), "signature.prefilter.unable@9+9");
  EXPECT_EQ(Built("ttl:5; prefilter; id:5; prefilter;").place(), "signature.prefilter.second@26+9");
}

TEST(AppLayerProtocol, ChecksTheNameAndWaitsForDetection) {
  EXPECT_TRUE(Built("app-layer-protocol:!tls;").fine());
  EXPECT_EQ(Built("app-layer-protocol:foo;").place(), "signature.app_layer_protocol.unknown@21+3");
  Built two("app-layer-protocol:http; app-layer-protocol:tls;");
  EXPECT_EQ(two.diagnostics().all().back().code, "signature.app_layer_protocol.conflict");
}

}  // namespace
}  // namespace bulkhead::signatures

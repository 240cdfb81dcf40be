#include "signatures/patches/overlay.h"

#include <gtest/gtest.h>

#include "signatures/patches/coverage.h"
#include "signatures/patches/overlay_inspector.h"

namespace bulkhead::patches {
namespace {

const std::string kApi = "sha256:" + std::string(64, 'a');
const std::string kWeb = "sha256:" + std::string(64, 'b');

class OverlayTest : public testing::Test {
 protected:
  OverlayTest() {
    auto book = std::make_shared<PatchBook>();
    book->use({{"CVE-2021-44228", {"2021-12-10", "2021-12-24", "Log4Shell", "Update", true}}});
    EXPECT_TRUE(book->add({"api",
                           {kApi},
                           "",
                           {weakness("CVE-2021-44228", Grade::kLow), weakness("CVE-2020-1000", Grade::kMedium),
                            weakness("CVE-2020-2000", Grade::kCritical)}}));
    EXPECT_TRUE(book->add({"web", {kWeb}, "", {}}));
    EXPECT_FALSE(book->add({"older", {kApi}, "", {}})) << "the first report of an image counts";
    book_ = std::move(book);
    auto db = std::make_shared<signatures::SignatureDb>();
    add(*db, 1, {"http://cve.mitre.org/cgi-bin/cvename.cgi?name=2021-44228"}, {});
    add(*db, 2, {}, {{"cve", "CVE_2020_1000"}});
    add(*db, 3, {}, {{"cve", "CVE_2020_2000"}});
    add(*db, 4, {}, {{"cve", "CVE_2020_2000"}, {"confidence", "Low"}});
    add(*db, 5, {}, {});
    db_ = std::move(db);
    settings_.protect = {"shop/ap*"};
    workloads_ = {{"shop/api", "api:1", kApi, {address("10.0.0.1")}},
                  {"shop/web", "web:1", kWeb, {address("10.0.0.2")}},
                  {"shop/other", "other:1", "", {address("10.0.0.3")}},
                  {"test/api", "api:1", kApi, {address("10.0.0.4")}}};
  }
  static IpAddress address(const char* text) { return *IpAddress::parse(text); }
  static Vulnerability weakness(const char* id, Grade grade) {
    Vulnerability out;
    out.id = id;
    out.package = "p";
    out.installed = "1";
    out.fixed = "2";
    out.grade = grade;
    return out;
  }
  static void add(signatures::SignatureDb& db, std::uint32_t sid, std::vector<std::string> references,
                  std::vector<std::pair<std::string, std::string>> metadata) {
    auto info = std::make_shared<event::SignatureInfo>();
    info->sid = sid;
    info->references = std::move(references);
    info->metadata = std::move(metadata);
    signatures::Signature signature;
    signature.info = std::move(info);
    db.signatures.push_back(std::move(signature));
  }

  // What becomes of an alert of that rule on a packet to that address.
  std::optional<pipeline::Alert> judge(std::uint32_t sid, const char* to, bool established = true,
                                       const RuleKeys& only_here = {},
                                       pipeline::RuleAction action = pipeline::RuleAction::kAlert) {
    const auto overlay = std::make_shared<const Overlay>(book_, db_, only_here, workloads_, settings_);
    OverlayInspector inspector(overlay);
    decode::PacketView view;
    view.source = address("10.0.0.9");
    view.destination = address(to);
    view.has_tcp = true;
    std::vector<pipeline::Alert> alerts(1);
    alerts[0].signature = db_->signatures[sid - 1].info;
    alerts[0].action = action;
    pipeline::InspectContext context;
    context.packet = &view;
    context.alerts = &alerts;
    context.established = established;
    inspector.inspect(context);
    if (alerts.empty()) return std::nullopt;
    return alerts[0];
  }
  static std::string exposure(const pipeline::Alert& alert) {
    for (const auto& [key, value] : alert.signature->metadata) {
      if (key == "exposure") return std::string(value);
    }
    return "";
  }

  PatchBookPtr book_;
  signatures::SignatureDbPtr db_;
  PatchSettings settings_;
  std::vector<PatchedWorkload> workloads_;
};

TEST_F(OverlayTest, TheVulnerableAreRaisedAndTheProtectedAreDropped) {
  const auto hit = judge(1, "10.0.0.1");
  EXPECT_EQ(exposure(*hit), "vulnerable");
  EXPECT_EQ(hit->signature->severity, 1);
  EXPECT_EQ(hit->action, pipeline::RuleAction::kDrop) << "of a low grade, but exploited in the wild";
  EXPECT_TRUE(hit->applies_to_flow);
  const auto unprotected = judge(1, "10.0.0.4");
  EXPECT_EQ(exposure(*unprotected), "vulnerable");
  EXPECT_EQ(unprotected->action, pipeline::RuleAction::kAlert);
}

TEST_F(OverlayTest, AnAttemptIsNeverLeftOut) {
  const auto attempt = judge(1, "10.0.0.2");
  ASSERT_TRUE(attempt);
  EXPECT_EQ(exposure(*attempt), "not-vulnerable");
  EXPECT_EQ(attempt->signature->severity, 3) << "as its author said";
  const auto unknown = judge(1, "10.0.0.3");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(exposure(*unknown), "") << "nobody scanned it";
  EXPECT_EQ(exposure(*judge(5, "10.0.0.1")), "") << "a rule without CVE";
}

TEST_F(OverlayTest, WhatIsNotGraveOrNotCertainIsNotDropped) {
  EXPECT_EQ(judge(2, "10.0.0.1")->action, pipeline::RuleAction::kAlert) << "medium, drops begin at high";
  EXPECT_EQ(judge(3, "10.0.0.1")->action, pipeline::RuleAction::kDrop);
  EXPECT_EQ(judge(4, "10.0.0.1")->action, pipeline::RuleAction::kAlert) << "its author is not sure of it";
  EXPECT_EQ(judge(3, "10.0.0.1", false)->action, pipeline::RuleAction::kAlert) << "one packet can be forged";
  settings_.drop_from = Grade::kMedium;
  EXPECT_EQ(judge(2, "10.0.0.1")->action, pipeline::RuleAction::kDrop);
}

TEST_F(OverlayTest, ARuleThatIsOnForOthersIsSilentHere) {
  const RuleKeys here{{1, 3}};
  EXPECT_TRUE(judge(3, "10.0.0.1", true, here));
  EXPECT_FALSE(judge(3, "10.0.0.2", true, here));
  EXPECT_FALSE(judge(3, "10.0.0.3", true, here));
  EXPECT_EQ(judge(3, "10.0.0.4", true, here, pipeline::RuleAction::kDrop)->action, pipeline::RuleAction::kAlert)
      << "a drop that was commented out is none where nothing is protected";
  EXPECT_EQ(judge(3, "10.0.0.1", true, here, pipeline::RuleAction::kDrop)->action, pipeline::RuleAction::kDrop);
}

TEST_F(OverlayTest, CoverageSaysWhatIsNotWatchedFor) {
  auto db = std::make_shared<signatures::SignatureDb>();
  add(*db, 1, {}, {{"cve", "CVE_2021_44228"}});
  const Coverage coverage = coverage_of(book_, db.get(), {{1, 1}}, workloads_, settings_);
  ASSERT_EQ(coverage.workloads.size(), 4U);
  const CoveredWorkload& api = coverage.workloads[0];
  EXPECT_EQ(api.name, "shop/api");
  EXPECT_EQ(api.covered(), 1U);
  EXPECT_EQ(api.exploited(), 1U);
  ASSERT_EQ(api.weaknesses.size(), 3U);
  EXPECT_EQ(api.weaknesses[0].vulnerability->id, "CVE-2021-44228") << "exploited ones first, whatever their grade";
  EXPECT_EQ(api.weaknesses[1].vulnerability->id, "CVE-2020-2000");
  EXPECT_TRUE(api.weaknesses[1].rules.empty());
  ASSERT_EQ(api.weaknesses[0].rules.size(), 1U);
  EXPECT_TRUE(api.weaknesses[0].rules[0].enabled_here);
  EXPECT_TRUE(api.weaknesses[0].rules[0].drops);
  EXPECT_EQ(coverage.workloads[1].report, nullptr) << "shop/other";
  EXPECT_EQ(coverage.workloads[2].weaknesses.size(), 0U);
  EXPECT_FALSE(coverage.workloads[3].weaknesses[0].rules[0].drops);
}

}  // namespace
}  // namespace bulkhead::patches

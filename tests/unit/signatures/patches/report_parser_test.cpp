#include "signatures/patches/report_parser.h"

#include <gtest/gtest.h>

namespace bulkhead::patches {
namespace {

constexpr const char* kImage = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

SourceFilePtr file_of(std::string text) {
  return std::make_shared<SourceFile>("report.json", std::move(text));
}

std::string first_code(const Diagnostics& diagnostics) {
  return diagnostics.all().empty() ? "" : diagnostics.all()[0].code;
}

std::string report(const std::string& metadata, const std::string& results) {
  return R"({"SchemaVersion":2,"ArtifactName":"shop/api:1","Metadata":{)" + metadata + R"(},"Results":[)" + results +
         "]}";
}

TEST(Cves, InEveryWayThatRulesWriteThem) {
  EXPECT_EQ(cves_in("reference:cve,2021-44228; metadata:cve CVE_2021_44228, x; msg:\"Log4j (CVE-2021-44228)\""),
            std::vector<std::string>{"CVE-2021-44228"});
  EXPECT_EQ(cves_in("cve, 2014-6271 and CVE-2014-7169"), (std::vector<std::string>{"CVE-2014-6271", "CVE-2014-7169"}));
  EXPECT_EQ(cves_in("reference:cve,CVE-2022-22965"), std::vector<std::string>{"CVE-2022-22965"});
  EXPECT_TRUE(cves_in("cve").empty());
  EXPECT_TRUE(cves_in("cve-2021-12").empty());
  EXPECT_TRUE(cves_in("cve-2021-12345678").empty()) << "eight digits are no number of a CVE";
  EXPECT_TRUE(cves_in("received 2021-44228").empty());
}

TEST(Report, WhatIsInIt) {
  Diagnostics diagnostics;
  std::size_t left_out = 0;
  const auto found = parse_report(
      file_of(report(
          std::string(R"("ImageID":")") + kImage +
              R"(","RepoDigests":["shop/api@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"],)"
              R"("OS":{"Family":"debian","Name":"11.3"})",
          R"({"Target":"Java","Vulnerabilities":[
    {"VulnerabilityID":"CVE-2022-22965","PkgName":"spring-beans","InstalledVersion":"5.3.15","FixedVersion":"5.3.18",
     "PkgPath":"app.war","Severity":"CRITICAL","CweIDs":["CWE-94"],"Title":"t","Description":"d",
     "CVSS":{"a":{"V3Score":9.8},"b":{"V2Score":7.5}}},{"PkgName":"no id"}]},{"Target":"empty"})")),
      diagnostics, left_out);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->digests.size(), 2U);
  EXPECT_EQ(found->system, "debian 11.3");
  ASSERT_EQ(found->vulnerabilities.size(), 1U);
  EXPECT_EQ(left_out, 1U);
  const Vulnerability& v = found->vulnerabilities[0];
  EXPECT_EQ(v.id, "CVE-2022-22965");
  EXPECT_EQ(v.grade, Grade::kCritical);
  EXPECT_DOUBLE_EQ(v.cvss, 9.8);
  EXPECT_EQ(v.fixed, "5.3.18");
  EXPECT_EQ(v.weaknesses, std::vector<std::string>{"CWE-94"});
  EXPECT_TRUE(diagnostics.all().empty());
}

TEST(Report, WhatIsNoReportOfAnImageIsSaid) {
  for (const auto& [text, code] : {std::pair{std::string("{"), "patches.report.json"},
                                   {std::string("[]"), "patches.report.json"},
                                   {std::string(R"({"a":1})"), "patches.report.kind"},
                                   {report("", ""), "patches.report.digest"},
                                   {report(R"("ImageID":"sha256:short")", ""), "patches.report.digest"}}) {
    Diagnostics diagnostics;
    std::size_t left_out = 0;
    EXPECT_FALSE(parse_report(file_of(text), diagnostics, left_out)) << text;
    EXPECT_EQ(first_code(diagnostics), code) << text;
  }
}

TEST(Report, OtherTypesThanExpectedAreLeftOut) {
  Diagnostics diagnostics;
  std::size_t left_out = 0;
  const auto found =
      parse_report(file_of(report(std::string(R"("ImageID":")") + kImage + R"(","RepoDigests":7,"OS":[])",
                                  R"(3,{"Vulnerabilities":{}},{"Vulnerabilities":[null,{"VulnerabilityID":5},
    {"VulnerabilityID":"CVE-2020-1234","Severity":9,"CVSS":[1],"CweIDs":"x","Title":{}}]})")),
                   diagnostics, left_out);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->vulnerabilities.size(), 1U);
  EXPECT_EQ(found->vulnerabilities[0].grade, Grade::kUnknown);
  EXPECT_EQ(left_out, 2U);
}

TEST(Report, LongTextsAreCutBetweenCharacters) {
  Diagnostics diagnostics;
  std::size_t left_out = 0;
  std::string title = "a";
  for (int i = 0; i < 200; ++i) title += "\xc3\xa4";
  const auto found = parse_report(
      file_of(report(std::string(R"("ImageID":")") + kImage + "\"",
                     R"({"Vulnerabilities":[{"VulnerabilityID":"CVE-2020-1234","Title":")" + title + "\"}]}")),
      diagnostics, left_out);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->vulnerabilities[0].title.size(), 239U) << "240 would end within a character";
}

TEST(Exploited, TheCatalogue) {
  Diagnostics diagnostics;
  const auto known = parse_exploited(
      file_of(R"({"vulnerabilities":[{"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","dueDate":"2021-12-24",
      "requiredAction":"Update","knownRansomwareCampaignUse":"Known"},{"cveID":7},{}]})"),
      diagnostics);
  ASSERT_EQ(known.size(), 1U);
  EXPECT_TRUE(known.at("CVE-2021-44228").ransomware);
  EXPECT_EQ(known.at("CVE-2021-44228").due, "2021-12-24");
  EXPECT_TRUE(parse_exploited(file_of(R"({"list":[]})"), diagnostics).empty());
  EXPECT_EQ(first_code(diagnostics), "patches.kev.json");
}

TEST(Digest, OnlyWhole) {
  EXPECT_EQ(digest_of(std::string("registry:5000/a/b:1@") + kImage), kImage);
  EXPECT_EQ(digest_of(kImage), kImage);
  EXPECT_EQ(digest_of("sha256:AAAA"), "");
  EXPECT_EQ(digest_of("nginx:1.25"), "");
}

}  // namespace
}  // namespace bulkhead::patches

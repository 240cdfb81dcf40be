#include "signatures/models/model.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "signatures/models/half_space_trees.h"
#include "signatures/models/model_detector.h"
#include "signatures/models/training.h"

namespace bulkhead::models {
namespace {

using Json = nlohmann::json;

SourceFilePtr file_of(std::string text) {
  return std::make_shared<SourceFile>("model.json", std::move(text));
}

// Attacks send much and get little.
std::vector<LabelledFlow> flows(const char* source = "here") {
  std::vector<LabelledFlow> out;
  for (int i = 0; i < 400; ++i) {
    LabelledFlow flow;
    const bool attack = i % 4 == 0;
    flow.label = !attack ? "benign" : i % 8 == 0 ? "exfil" : "shell";
    flow.source = source;
    flow.sample.features[10] = attack ? 20.0F + static_cast<float>(i % 5) : 8.0F + static_cast<float>(i % 3);
    flow.sample.features[11] = attack ? 5.0F : 12.0F;
    flow.sample.first =
        attack ? "sh -i >& /dev/tcp/" + std::to_string(i) : "GET /items/" + std::to_string(i) + " HTTP/1.1";
    out.push_back(std::move(flow));
  }
  return out;
}

TEST(ByteModel, TellsCommandsFromRequests) {
  std::vector<std::pair<std::string_view, bool>> samples;
  const auto all = flows();
  for (const LabelledFlow& flow : all) samples.emplace_back(flow.sample.first, flow.is_attack());
  const ByteModel model = ByteModel::train(samples);
  EXPECT_GT(model.score("sh -i >& /dev/tcp/x"), 0.9);
  EXPECT_LT(model.score("GET /items/x HTTP/1.1"), 0.1);
  EXPECT_NEAR(model.score("\x01\x02\x03\x04"), 0.5, 0.2) << "nothing is known of it";
  EXPECT_EQ(model.score("ab"), 0.5);
}

TEST(Model, IsWrittenAndReadAgain) {
  auto model = train_model("lab", flows());
  ASSERT_TRUE(model) << model.error().to_string();
  Diagnostics diagnostics;
  const auto again = parse_model(file_of(model->to_text()), diagnostics);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->name, "lab");
  EXPECT_EQ(again->trees.has_value(), has_booster());
  Sample attack;
  attack.features[10] = 22;
  attack.features[11] = 5;
  attack.first = "sh -i >& /dev/tcp/9";
  const Opinion before = model->say(attack), after = again->say(attack);
  EXPECT_TRUE(after.says_attack);
  EXPECT_DOUBLE_EQ(before.trees, after.trees);
  EXPECT_DOUBLE_EQ(before.bytes, after.bytes);
  if (has_booster()) {
    EXPECT_TRUE(after.why.starts_with("bytes sent") || after.why.starts_with("bytes received")) << after.why;
  }
  Sample normal;
  normal.features[10] = 9;
  normal.features[11] = 12;
  normal.first = "GET /items/9 HTTP/1.1";
  EXPECT_FALSE(again->say(normal).says_attack);
}

TEST(Model, WhatDoesNotFitIsRefused) {
  auto model = train_model("lab", flows());
  ASSERT_TRUE(model);
  const Json good = Json::parse(model->to_text());
  const auto code_of = [](const Json& json) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_model(file_of(json.dump()), diagnostics));
    return diagnostics.all().empty() ? std::string() : diagnostics.all()[0].code;
  };
  Json bad = good;
  bad["schema"] = "0123456789abcdef";
  EXPECT_EQ(code_of(bad), "model.file.schema");
  bad = good;
  bad["format"] = 2;
  EXPECT_EQ(code_of(bad), "model.file.format");
  bad = good;
  bad.erase("name");
  EXPECT_EQ(code_of(bad), "model.file.name");
  bad = good;
  bad["bytes"] = "QUJD";
  EXPECT_EQ(code_of(bad), "model.file.bytes");
  bad = good;
  bad.erase("bytes");
  bad.erase("trees");
  EXPECT_EQ(code_of(bad), "model.file.empty");
  EXPECT_EQ(code_of(Json::array()), "model.file.format");
  if (has_booster()) {
    bad = good;
    bad["trees"] = "bm90aGluZw==";
    EXPECT_EQ(code_of(bad), "model.file.trees");
  }
}

TEST(Training, ASplitAFamilyLeftOutAndAnotherSource) {
  auto all = flows("here");
  const auto there = flows("there");
  all.insert(all.end(), there.begin(), there.end());
  const auto figures = measure(all);
  ASSERT_TRUE(figures);
  EXPECT_GT(figures->random.either, 0.9);
  ASSERT_EQ(figures->left_out.size(), 2U);
  EXPECT_EQ(figures->left_out.at("exfil").attacks, 100U);
  ASSERT_EQ(figures->elsewhere.size(), 2U);
  EXPECT_GT(figures->elsewhere.at("there").either, 0.9);
  EXPECT_FALSE(train_model("none", {})) << "without attacks there is nothing to learn";
}

TEST(Training, LabelsByFiveTupleAndTime) {
  Diagnostics diagnostics;
  const auto labels = FlowLabels::parse(file_of("t0\tproto\tsrc\tsport\tdst\tdport\tlabel\n"
                                                "100.5\t6\t10.0.0.1\t4000\t10.0.0.2\t80\tbenign\n"
                                                "200.5\t6\t10.0.0.1\t4000\t10.0.0.2\t80\texfil\n"),
                                        diagnostics);
  ASSERT_TRUE(labels);
  const FlowTuple tuple{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 4000, 80, 6};
  const FlowTuple back{tuple.destination, tuple.source, 80, 4000, 6};
  EXPECT_EQ(labels->label_of(tuple, Timestamp{100'000'000'000}), "benign");
  EXPECT_EQ(labels->label_of(back, Timestamp{200'000'000'000}), "exfil");
  EXPECT_EQ(labels->label_of(tuple, Timestamp{150'000'000'000}), "") << "nothing within two seconds";
  for (const char* line :
       {"x\t6\t10.0.0.1\t1\t10.0.0.2\t2\tb", "1\t6\t10.0.0\t1\t10.0.0.2\t2\tb", "1\t6", "1\t6\t1\t2\t3\t4\t"}) {
    Diagnostics of_line;
    EXPECT_FALSE(FlowLabels::parse(file_of("head\n" + std::string(line) + "\n"), of_line)) << line;
    ASSERT_EQ(of_line.all().size(), 1U);
    EXPECT_EQ(of_line.all()[0].span.line, 2U);
  }
}

TEST(HalfSpaceTrees, WhatIsUnlikeTheOthersRanksHigher) {
  HalfSpaceTrees trees;
  Features usual{};
  usual[0] = 1;
  usual[10] = 9;
  usual[11] = 12;
  usual[17] = 8;
  for (std::size_t i = 0; i < 4 * HalfSpaceTrees::kWindow; ++i) {
    Features flow = usual;
    flow[10] += static_cast<float>(i % 5) / 4;
    static_cast<void>(trees.take(flow));
  }
  Features odd{};
  odd[1] = 1;
  odd[10] = 28;
  odd[17] = 20;
  odd[20] = 8;
  const double normal = trees.take(usual), strange = trees.take(odd);
  EXPECT_GT(strange, 2 * normal) << normal << " " << strange;
  EXPECT_GT(strange, 0.2);
}

class Shadow : public testing::Test {
 protected:
  behaviour::Observation attack() const {
    behaviour::Observation out;
    out.kind = behaviour::ObservationKind::kMilestone;
    out.cause = behaviour::MilestoneCause::kEnd;
    out.client = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 40000, 8080, 6};
    out.payload = {3'000'000, 30};
    out.answered = true;
    out.set_text("sh -i >& /dev/tcp/1");
    return out;
  }
  std::vector<behaviour::Evidence> judge(ModelDetector& detector) {
    behaviour::PartyTable parties({*IpPrefix::parse("10.0.0.0/8")}, {});
    behaviour::ServiceGraph graph({});
    const behaviour::Observation seen = attack();
    behaviour::Scene scene{seen, parties.client(seen.client.source), {}, parties, graph, nullptr, {}};
    scene.service = {parties.server(seen.client.destination), 6, 8080};
    std::vector<behaviour::Evidence> out;
    detector.watch(scene, out);
    return out;
  }
};

TEST_F(Shadow, AModelThatNobodyVouchedForSaysNothing) {
  auto model = train_model("lab", flows());
  ASSERT_TRUE(model);
  Diagnostics diagnostics;
  auto same = parse_model(file_of(model->to_text()), diagnostics);
  ModelDetector shadow(std::move(*model), false), trusted(std::move(*same), true);
  std::size_t told = 0;
  shadow.in_shadow = [&](const behaviour::Evidence&) { ++told; };
  EXPECT_TRUE(judge(shadow).empty());
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(shadow.counts().in_shadow, 1U);
  const auto said = judge(trusted);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_LE(said[0].weight, ModelDetector::kMostWeight);
  EXPECT_EQ(trusted.counts().said, 1U);
}

TEST_F(Shadow, AModelAloneIsNeverGrave) {
  behaviour::IncidentBook book({});
  behaviour::Evidence evidence;
  evidence.family = behaviour::Family::kModel;
  evidence.weight = 0.99;
  evidence.actor = 3;
  evidence.victim = 4;
  const behaviour::Incident* incident = book.add(evidence);
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->severity, behaviour::Severity::kMedium);
  evidence.family = behaviour::Family::kEdge;
  evidence.weight = 0.5;
  incident = book.add(evidence);
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->severity, behaviour::Severity::kHigh) << "two that agree";
}

}  // namespace
}  // namespace bulkhead::models

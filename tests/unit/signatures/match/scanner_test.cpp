#include "signatures/match/scanner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace bulkhead::signatures {
namespace {

ByteSpan bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

constexpr std::uint32_t kAttack = 0, kHello = 1;

SignatureDbPtr database(ScanMode mode) {
  auto literals = std::make_shared<LiteralDb>();
  literals->mode = mode;
  literals->literals = {{"attack", false}, {"hello", true}};
  literals->literal_count = literals->literals.size();
  literals->longest = 6;
  HyperscanCompiler compiler("");
  literals->db = *compiler.compile(literals->literals, mode);
  auto db = std::make_shared<SignatureDb>();
  db->literal_dbs.push_back(std::move(literals));
  return db;
}

class ScannerTest : public testing::Test {
 protected:
  SignatureDbPtr db_ = database(ScanMode::kStream);
  const LiteralDb& literals_ = *db_->literal_dbs[0];
  Scanner scanner_{db_, 4};
  StreamScan side_;

  void TearDown() override { scanner_.close(side_, &literals_); }
  const PatternHit* hit(std::uint32_t literal) const {
    const auto at =
        std::find_if(side_.hits.begin(), side_.hits.end(), [&](const PatternHit& h) { return h.literal == literal; });
    return at == side_.hits.end() ? nullptr : &*at;
  }
};

TEST_F(ScannerTest, FindsALiteralAcrossEveryCut) {
  const std::string text = "..attack..";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    StreamScan side;
    scanner_.feed(side, literals_, 0, bytes(std::string_view(text).substr(0, cut)));
    scanner_.feed(side, literals_, cut, bytes(std::string_view(text).substr(cut)));
    ASSERT_EQ(side.hits.size(), 1u) << cut;
    EXPECT_EQ(side.hits[0].literal, kAttack);
    EXPECT_EQ(side.hits[0].first_end, 8u);
    EXPECT_EQ(side.scanned_end, text.size());
    scanner_.close(side, &literals_);
  }
  EXPECT_EQ(scanner_.counters().streams_opened.value(), 1u);  // the later ones take the idle one
  EXPECT_EQ(scanner_.counters().streams_reused.value(), text.size());
}

TEST_F(ScannerTest, OneEntryForAllPlacesOfALiteral) {
  scanner_.feed(side_, literals_, 0, bytes("HELLO hello "));
  scanner_.feed(side_, literals_, 12, bytes("Hello"));
  ASSERT_EQ(side_.hits.size(), 1u);
  EXPECT_EQ(hit(kHello)->first_end, 5u);
  EXPECT_EQ(hit(kHello)->last_end, 17u);
}

TEST_F(ScannerTest, CaseCountsUnlessTheLiteralSaysOtherwise) {
  scanner_.feed(side_, literals_, 0, bytes("ATTACK"));
  EXPECT_EQ(hit(kAttack), nullptr);
}

TEST_F(ScannerTest, NothingIsFoundAcrossAHole) {
  scanner_.feed(side_, literals_, 0, bytes("att"));
  scanner_.feed(side_, literals_, 10, bytes("ack attack"));
  ASSERT_NE(hit(kAttack), nullptr);
  EXPECT_EQ(hit(kAttack)->first_end, 20u);
  EXPECT_EQ(hit(kAttack)->last_end, 20u);
}

TEST_F(ScannerTest, RewindForgetsWhatWillComeAgainAndKeepsWhatBegan) {
  scanner_.feed(side_, literals_, 0, bytes("hello attack"));
  ASSERT_NE(hit(kAttack), nullptr);
  side_.judged_end = 12;
  scanner_.rewind(side_, literals_, 9, bytes("hello att"));
  EXPECT_EQ(hit(kAttack), nullptr);
  ASSERT_NE(hit(kHello), nullptr);
  EXPECT_EQ(side_.scanned_end, 9u);
  EXPECT_EQ(side_.judged_end, 9u);
  scanner_.feed(side_, literals_, 9, bytes("ack"));
  ASSERT_NE(hit(kAttack), nullptr);
  EXPECT_EQ(hit(kAttack)->first_end, 12u);
}

TEST_F(ScannerTest, PacketsOfEitherModeGiveEachLiteralOnce) {
  for (const ScanMode mode : {ScanMode::kBlock, ScanMode::kStream}) {
    const SignatureDbPtr db = database(mode);
    Scanner scanner(db, 1);
    const LiteralDb& literals = *db->literal_dbs[0];
    const auto answer = scanner.scan_packet(literals, bytes("attack hello attack"));
    std::vector<std::uint32_t> found(answer.begin(), answer.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (std::vector<std::uint32_t>{kAttack, kHello}));
    EXPECT_TRUE(scanner.scan_packet(literals, bytes("ack")).empty());  // nothing is left of the packet before
    EXPECT_EQ(scanner.counters().packet_bytes.value(), 22u);
    EXPECT_EQ(scanner.counters().errors.value(), 0u);
  }
}

TEST_F(ScannerTest, ShortContentsAreScannedOnce) {
  const SignatureDbPtr db = database(ScanMode::kBlock);
  Scanner scanner(db, 1);
  const LiteralDb& literals = *db->literal_dbs[0];
  const auto finds = [&](std::string_view text) { return scanner.scan_packet(literals, bytes(text)).size(); };
  const std::string longest(ScanMemory::kBytes - 6, 'x');
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(finds("an attack"), 1u);
    EXPECT_EQ(finds("an attach"), 0u);
    EXPECT_EQ(finds("attack hello"), 2u);
    EXPECT_EQ(finds(longest + "attack"), 1u);
    EXPECT_EQ(finds(longest + ".attack"), 1u);  // one byte more than is remembered
  }
  EXPECT_EQ(scanner.counters().remembered.value(), 8u);
}

TEST(ScanMemoryTest, EveryByteAndTheDatabaseCount) {
  ScanMemory memory;
  std::string text(ScanMemory::kBytes, 'a');
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const ByteSpan data = bytes(std::string_view(text).substr(0, size));
    const std::uint64_t hash = ScanMemory::hash_of(7, data);
    ScanMemory::Entry& entry = memory.at(hash);
    ScanMemory::keep(entry, 7, hash, data, {3});
    ASSERT_TRUE(entry.holds(7, hash, data));
    ASSERT_FALSE(entry.holds(8, hash, data));
    std::string other(data.begin(), data.end());
    other[size - 1] = 'b';
    ASSERT_FALSE(entry.holds(7, hash, bytes(other)));  // as if the hashes were equal
  }
  ScanMemory::Entry entry;
  ScanMemory::keep(entry, 7, 1, bytes("many"), std::vector<std::uint32_t>(ScanMemory::kHits + 1));
  EXPECT_FALSE(entry.holds(7, 1, bytes("many")));  // more than a slot has room for
}

}  // namespace
}  // namespace bulkhead::signatures

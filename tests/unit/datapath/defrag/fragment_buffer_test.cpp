// FragmentBuffer against a model that keeps one record per byte, and the policies on hand-made overlaps.
#include "datapath/defrag/fragment_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>

#include "tests/support/packet_builder.h"

namespace bulkhead::defrag {
namespace {

constexpr std::array kPolicies = {FragmentPolicy::kFirst,    FragmentPolicy::kLast,  FragmentPolicy::kBsd,
                                  FragmentPolicy::kBsdRight, FragmentPolicy::kLinux, FragmentPolicy::kWindows,
                                  FragmentPolicy::kSolaris};

// The same rules, one byte at a time: slow and plain.
class ByteModel {
 public:
  explicit ByteModel(FragmentPolicy policy) : policy_(policy) {}

  bool insert(std::uint32_t begin, const std::vector<Byte>& data, bool last) {
    const Extent fresh{begin, begin + static_cast<std::uint32_t>(data.size())};
    if (cells_.size() < fresh.end) cells_.resize(fresh.end);
    bool overlap = false;
    for (std::uint32_t i = fresh.begin; i < fresh.end; ++i) {
      std::optional<Cell>& cell = cells_[i];
      if (cell) overlap = true;
      if (!cell || fresh_wins(policy_, cell->fragment, fresh)) cell = Cell{data[i - begin], fresh, last};
    }
    return overlap;
  }

  // The payload, or nothing while a byte is missing.
  [[nodiscard]] std::optional<std::vector<Byte>> payload() const {
    std::vector<Byte> out;
    std::uint32_t length = 0;
    bool found_last = false;
    for (std::uint32_t i = 0; i < cells_.size(); ++i) {
      if (found_last && i >= length) break;
      if (!cells_[i]) return std::nullopt;
      out.push_back(cells_[i]->value);
      // The extent of everything up to and with the run of the first last fragment counts.
      if (!found_last) length = std::max(length, cells_[i]->fragment.end);
      found_last = found_last || cells_[i]->last;
    }
    if (!found_last || out.size() < length) return std::nullopt;
    return out;
  }

 private:
  struct Cell {
    Byte value;
    Extent fragment;
    bool last;
  };
  FragmentPolicy policy_;
  std::vector<std::optional<Cell>> cells_;
};

struct Fragment {
  std::uint32_t begin;
  std::vector<Byte> data;
  bool last;
};

std::vector<Byte> filled(std::size_t size, char value) {
  return std::vector<Byte>(size, static_cast<Byte>(value));
}

void compare(FragmentPolicy policy, const std::vector<Fragment>& fragments, const std::string& what) {
  FragmentBuffer buffer;
  ByteModel model(policy);
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const Fragment& f = fragments[i];
    const bool overlap = model.insert(f.begin, f.data, f.last);
    EXPECT_EQ(buffer.insert(f.begin, f.data, f.last, policy).overlap, overlap) << what << " fragment " << i;
    const auto expected = model.payload();
    const std::uint32_t length = buffer.complete_length();
    ASSERT_EQ(length, expected ? expected->size() : 0) << what << " fragment " << i;
    if (!expected) continue;
    const ByteSpan bytes = buffer.bytes(length);
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), expected->begin(), expected->end())) << what << " after " << i;
  }
}

TEST(FragmentBuffer, AgreesWithTheByteModelOnRandomFragments) {
  std::mt19937 random(20240607);
  const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
  for (int round = 0; round < 20000; ++round) {
    std::vector<Fragment> fragments;
    const unsigned count = 1 + below(12);
    for (unsigned i = 0; i < count; ++i) {
      const std::uint32_t begin = below(12) * 8;
      const std::size_t size = 1 + below(40);
      fragments.push_back({begin, filled(size, static_cast<char>('a' + i)), below(4) == 0});
    }
    compare(kPolicies[static_cast<std::size_t>(round) % kPolicies.size()], fragments, "round " + std::to_string(round));
    if (HasFatalFailure()) return;
  }
}

TEST(FragmentBuffer, InAnyOrderWithoutOverlap) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Fragment> fragments;
    for (std::uint32_t i = 0; i < 40; ++i) fragments.push_back({i * 16, filled(16, static_cast<char>(i)), i == 39});
    std::shuffle(fragments.begin(), fragments.end(), random);
    FragmentBuffer buffer;
    for (std::size_t i = 0; i < fragments.size(); ++i) {
      EXPECT_EQ(buffer.complete_length(), 0U);
      const auto in = buffer.insert(fragments[i].begin, fragments[i].data, fragments[i].last, FragmentPolicy::kFirst);
      EXPECT_FALSE(in.overlap);
      EXPECT_TRUE(in.owns_any);
    }
    ASSERT_EQ(buffer.complete_length(), 640U);
    for (std::uint32_t i = 0; i < 640; ++i) ASSERT_EQ(buffer.bytes(640)[i], i / 16);
  }
}

std::string reassembled(FragmentPolicy policy, const std::vector<Fragment>& fragments) {
  FragmentBuffer buffer;
  for (const Fragment& f : fragments) static_cast<void>(buffer.insert(f.begin, f.data, f.last, policy));
  const ByteSpan bytes = buffer.bytes(buffer.complete_length());
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 8) out += static_cast<char>(bytes[i]);
  return out;
}

// One letter is eight bytes. A later fragment begins before, with, or after an earlier one.
TEST(FragmentBuffer, EachPolicyAsItsSystemDoes) {
  const std::vector<Fragment> same{
      {0, filled(16, 'A'), false}, {0, filled(16, 'B'), false}, {16, filled(8, 'z'), true}};
  const std::vector<Fragment> after{
      {0, filled(16, 'A'), false}, {8, filled(16, 'B'), false}, {24, filled(8, 'z'), true}};
  const std::vector<Fragment> before{
      {8, filled(16, 'A'), false}, {0, filled(16, 'B'), false}, {24, filled(8, 'z'), true}};
  const std::vector<Fragment> around{
      {8, filled(8, 'A'), false}, {0, filled(24, 'B'), false}, {24, filled(8, 'z'), true}};
  const std::vector<Fragment> to_end{
      {8, filled(16, 'A'), false}, {0, filled(24, 'B'), false}, {24, filled(8, 'z'), true}};
  struct Row {
    FragmentPolicy policy;
    const char *same, *after, *before, *around, *to_end;
  };
  for (const Row& row : std::initializer_list<Row>{{FragmentPolicy::kFirst, "AAz", "AABz", "BAAz", "BABz", "BAAz"},
                                                   {FragmentPolicy::kLast, "BBz", "ABBz", "BBAz", "BBBz", "BBBz"},
                                                   {FragmentPolicy::kBsd, "AAz", "AABz", "BBAz", "BBBz", "BBBz"},
                                                   {FragmentPolicy::kBsdRight, "BBz", "ABBz", "BAAz", "BABz", "BAAz"},
                                                   {FragmentPolicy::kLinux, "BBz", "AABz", "BBAz", "BBBz", "BBBz"},
                                                   {FragmentPolicy::kWindows, "AAz", "AABz", "BAAz", "BBBz", "BAAz"},
                                                   {FragmentPolicy::kSolaris, "AAz", "AABz", "BAAz", "BBBz", "BBBz"}}) {
    const int policy = static_cast<int>(row.policy);
    EXPECT_EQ(reassembled(row.policy, same), row.same) << policy;
    EXPECT_EQ(reassembled(row.policy, after), row.after) << policy;
    EXPECT_EQ(reassembled(row.policy, before), row.before) << policy;
    EXPECT_EQ(reassembled(row.policy, around), row.around) << policy;
    EXPECT_EQ(reassembled(row.policy, to_end), row.to_end) << policy;
  }
}

TEST(FragmentBuffer, ClearKeepsSmallMemoryOnly) {
  FragmentBuffer buffer;
  static_cast<void>(buffer.insert(0, filled(9000, 'a'), true, FragmentPolicy::kFirst));
  EXPECT_EQ(buffer.capacity(), 16384U);
  buffer.clear(16384);
  EXPECT_EQ(buffer.capacity(), 16384U);
  EXPECT_EQ(buffer.complete_length(), 0U);
  EXPECT_EQ(buffer.capacity_for(60000), 65536U);
  buffer.clear(4096);
  EXPECT_EQ(buffer.capacity(), 0U);
}

}  // namespace
}  // namespace bulkhead::defrag

#include "datapath/io/capture_reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "capture_bytes.h"

namespace bulkhead::io {
namespace {

using test::CaptureBytes;
using Step = CaptureReader::Step;

std::string text_of_packet(const RawPacket& packet) {
  return {reinterpret_cast<const char*>(packet.data), packet.captured};
}

struct Outcome {
  std::vector<RawPacket> packets;
  std::vector<CaptureError> errors;
  Step last = Step::kEnd;
  std::size_t offset = 0;
};
Outcome read_all(const std::vector<Byte>& bytes) {
  Outcome out;
  CaptureReader reader(bytes);
  for (;;) {
    RawPacket packet;
    const Step step = reader.next(packet);
    if (step == Step::kPacket) {
      out.packets.push_back(packet);
      continue;
    }
    if (step != Step::kEnd) {
      out.errors.push_back(reader.error());
      out.offset = reader.error_offset();
    }
    if (step == Step::kSkipped) continue;
    out.last = step;
    return out;
  }
}

class EitherOrder : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(CaptureReader, EitherOrder, testing::Bool(),
                         [](const auto& order) { return order.param ? "BigEndian" : "LittleEndian"; });

TEST_P(EitherOrder, PcapInMicroseconds) {
  const CaptureBytes file =
      CaptureBytes(GetParam()).pcap_header(0xa1b2c3d4, 101).record(10, 5, "abc").record(11, 999999, "defg", 60);
  const Outcome out = read_all(file.bytes());
  EXPECT_EQ(out.last, Step::kEnd);
  EXPECT_TRUE(out.errors.empty());
  ASSERT_EQ(out.packets.size(), 2U);
  EXPECT_EQ(text_of_packet(out.packets[0]), "abc");
  EXPECT_EQ(out.packets[0].time.ns, 10'000'005'000);
  EXPECT_EQ(out.packets[0].link_type, LinkType::kRaw);
  EXPECT_EQ(text_of_packet(out.packets[1]), "defg");
  EXPECT_EQ(out.packets[1].wire_length, 60U);
  EXPECT_EQ(out.packets[1].time.ns, 11'999'999'000);
}

TEST_P(EitherOrder, PcapInNanoseconds) {
  const CaptureBytes file = CaptureBytes(GetParam()).pcap_header(0xa1b23c4d).record(10, 5, "abc");
  const Outcome out = read_all(file.bytes());
  ASSERT_EQ(out.packets.size(), 1U);
  EXPECT_EQ(out.packets[0].time.ns, 10'000'000'005);
}

TEST_P(EitherOrder, PcapIsCutAtItsSnaplen) {
  const CaptureBytes file =
      CaptureBytes(GetParam()).pcap_header(0xa1b2c3d4, 1, 2).record(1, 1, "abc").record(2, 2, "d");
  const Outcome out = read_all(file.bytes());
  ASSERT_EQ(out.packets.size(), 2U);
  EXPECT_EQ(text_of_packet(out.packets[0]), "ab");
  EXPECT_EQ(out.packets[0].wire_length, 3U);
  EXPECT_EQ(text_of_packet(out.packets[1]), "d");
}

TEST_P(EitherOrder, PcapngWithTwoInterfaces) {
  CaptureBytes file(GetParam());
  file.section().interface(1).interface(113, 9, 100).enhanced(0, 7'000'001, "one").enhanced(1, 5, "twoo", 99);
  const Outcome out = read_all(file.bytes());
  EXPECT_EQ(out.last, Step::kEnd);
  EXPECT_TRUE(out.errors.empty());
  ASSERT_EQ(out.packets.size(), 2U);
  EXPECT_EQ(text_of_packet(out.packets[0]), "one");
  EXPECT_EQ(out.packets[0].time.ns, 7'000'001'000);
  EXPECT_EQ(out.packets[0].link_type, LinkType::kEthernet);
  EXPECT_EQ(text_of_packet(out.packets[1]), "twoo");
  EXPECT_EQ(out.packets[1].time.ns, 100'000'000'005);
  EXPECT_EQ(out.packets[1].link_type, LinkType::kLinuxSll);
  EXPECT_EQ(out.packets[1].wire_length, 99U);
}

TEST_P(EitherOrder, PcapngSimpleAndOldPackets) {
  CaptureBytes file(GetParam());
  file.section().interface(1, 4).old_packet(0, 3'000'000, "old!").simple(9, "simp").simple(2, "ab");
  const Outcome out = read_all(file.bytes());
  ASSERT_EQ(out.packets.size(), 3U);
  EXPECT_EQ(text_of_packet(out.packets[0]), "old!");
  EXPECT_EQ(text_of_packet(out.packets[1]), "simp") << "cut at the snaplen";
  EXPECT_EQ(out.packets[1].wire_length, 9U);
  EXPECT_EQ(out.packets[1].time.ns, 3'000'000'000) << "takes the time of the packet before";
  EXPECT_EQ(text_of_packet(out.packets[2]), "ab");
}

TEST(CaptureReader, PcapngSectionsMayChangeByteOrderAndInterfaces) {
  CaptureBytes first(false), second(true);
  first.section().interface(1).enhanced(0, 1, "abcd");
  second.section().interface(101).enhanced(0, 2, "efgh").enhanced(1, 3, "none");
  const Outcome out = read_all(CaptureBytes().append(first.bytes()).append(second.bytes()).bytes());
  ASSERT_EQ(out.packets.size(), 2U);
  EXPECT_EQ(out.packets[0].link_type, LinkType::kEthernet);
  EXPECT_EQ(out.packets[1].link_type, LinkType::kRaw);
  EXPECT_EQ(out.packets[1].time.ns, 2000);
  ASSERT_EQ(out.errors.size(), 1U) << "interface 1 does not exist in the second section";
  EXPECT_EQ(out.errors[0], CaptureError::interface_unknown);
}

TEST(CaptureReader, UnknownBlocksAndOptionsAreSkipped) {
  CaptureBytes file;
  file.section()
      .block(0x80000001, CaptureBytes().text("private"))
      .interface(1)
      .block(5, CaptureBytes().u64(1).u32(2))
      .enhanced(0, 1, "x");
  const Outcome out = read_all(file.bytes());
  EXPECT_TRUE(out.errors.empty());
  EXPECT_EQ(out.packets.size(), 1U);
}

struct Resolution {
  std::uint8_t resolution;
  std::uint64_t ticks;
  std::int64_t offset;
  std::int64_t expected_ns;
};
TEST(CaptureReader, TimeResolutionsAndOffsets) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  const Resolution cases[] = {
      {0, 7, 0, 7'000'000'000},
      {3, 7, 0, 7'000'000},
      {6, 7, -1, -1'000'000'000 + 7000},
      {9, 7, 1, 1'000'000'007},
      {12, 7'999, 0, 7},
      {19, 20'000'000'000, 0, 2},
      {127, ~0ULL, 0, 0},
      {0x80 | 10, 512, 0, 500'000'000},
      {0x80 | 0, 3, 0, 3'000'000'000},
      {0x80 | 127, ~0ULL, 0, 0},
      {0, ~0ULL, 0, kMax},
      {6, 1, kMax, kMax},
      {9, 5, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::min() + 5},
  };
  for (const Resolution& c : cases) {
    CaptureBytes file;
    file.section().interface(1, c.resolution, c.offset).enhanced(0, c.ticks, "x");
    const Outcome out = read_all(file.bytes());
    ASSERT_EQ(out.packets.size(), 1U);
    EXPECT_EQ(out.packets[0].time.ns, c.expected_ns) << "resolution " << int{c.resolution} << " ticks " << c.ticks;
  }
}

TEST(CaptureReader, UnknownFilesAreLeftToOthers) {
  EXPECT_EQ(CaptureReader(CaptureBytes().text("GIF89a").bytes()).format(), CaptureFormat::kUnknown);
  EXPECT_EQ(CaptureReader(CaptureBytes().text("abc").bytes()).format(), CaptureFormat::kUnknown);
  EXPECT_EQ(CaptureReader(CaptureBytes().u32(0xa1b2cd34).bytes()).format(), CaptureFormat::kUnknown) << "modified pcap";
  EXPECT_EQ(read_all({}).last, Step::kEnd);
}

// Each error of capture_errors.def: how to make it, what was readable before, where it is.
struct Broken {
  CaptureError error;
  std::vector<Byte> file;
  std::size_t packets;
  Step last;
  std::size_t offset;
};
std::vector<Broken> broken_files() {
  std::vector<Broken> out;
  const auto cut = [](CaptureBytes bytes, std::size_t by) {
    bytes.bytes().resize(bytes.bytes().size() - by);
    return bytes.bytes();
  };
  const auto ng = [] { return CaptureBytes().section().interface(1).enhanced(0, 1, "good"); };
  const std::size_t after = ng().bytes().size();
  out.push_back({CaptureError::header_truncated, cut(CaptureBytes().pcap_header(), 1), 0, Step::kStopped, 0});
  out.push_back({CaptureError::record_truncated,
                 cut(CaptureBytes().pcap_header().record(1, 1, "abc").record(2, 2, "def"), 1), 1, Step::kStopped, 43});
  out.push_back({CaptureError::record_too_long,
                 CaptureBytes().pcap_header().record(1, 1, "abc").u32(1).u32(1).u32(262145).u32(262145).bytes(), 1,
                 Step::kStopped, 43});
  out.push_back({CaptureError::block_truncated, cut(ng().enhanced(0, 2, "cut"), 4), 1, Step::kStopped, after});
  out.push_back({CaptureError::block_length_invalid, ng().u32(6).u32(8).u32(8).bytes(), 1, Step::kStopped, after});
  out.push_back(
      {CaptureError::block_trailer_differs, ng().u32(6).u32(16).u32(0).u32(20).bytes(), 1, Step::kStopped, after});
  out.push_back({CaptureError::section_header_invalid,
                 ng().u32(0x0a0d0d0a).u32(28).u32(0x11223344).u64(0).u64(0).bytes(), 1, Step::kStopped, after});
  out.push_back({CaptureError::interface_block_short,
                 ng().block(1, CaptureBytes().u32(1)).enhanced(0, 2, "more").bytes(), 2, Step::kEnd, after});
  out.push_back({CaptureError::interface_unknown, ng().enhanced(1, 2, "lost").enhanced(0, 2, "more").bytes(), 2,
                 Step::kEnd, after});
  out.push_back({CaptureError::packet_block_short, ng().block(6, CaptureBytes().u64(0)).enhanced(0, 2, "more").bytes(),
                 2, Step::kEnd, after});
  out.push_back({CaptureError::packet_exceeds_block,
                 ng().block(6, CaptureBytes().u32(0).u64(0).u32(5).u32(5).text("four")).enhanced(0, 2, "more").bytes(),
                 2, Step::kEnd, after});
  CaptureBytes many;
  many.section();
  for (std::size_t i = 0; i < CaptureReader::kMaxInterfaces; ++i) many.interface(1);
  const std::size_t limit = many.bytes().size();
  many.interface(1).enhanced(0, 1, "fine");
  out.push_back({CaptureError::interface_limit, many.bytes(), 1, Step::kEnd, limit});
  return out;
}

TEST(CaptureReader, EveryErrorHasItsCase) {
  std::set<CaptureError> seen;
  for (const Broken& broken : broken_files()) {
    SCOPED_TRACE(name_of(broken.error));
    const Outcome out = read_all(broken.file);
    ASSERT_FALSE(out.errors.empty());
    EXPECT_EQ(name_of(out.errors[0]), name_of(broken.error));
    EXPECT_EQ(out.packets.size(), broken.packets);
    EXPECT_EQ(out.last, broken.last);
    EXPECT_EQ(out.offset, broken.offset);
    seen.insert(broken.error);
  }
  EXPECT_EQ(seen.size(), kCaptureErrorCount) << "capture_errors.def has a name without a case here";
}

TEST(CaptureReader, LargePcapngPacketIsSkippedNotFatal) {
  CaptureBytes file;
  const std::string large(CaptureReader::kMaxCaptured + 1, 'x');
  file.section().interface(1).enhanced(0, 1, large).enhanced(0, 2, "next");
  const Outcome out = read_all(file.bytes());
  ASSERT_EQ(out.errors.size(), 1U);
  EXPECT_EQ(out.errors[0], CaptureError::record_too_long);
  ASSERT_EQ(out.packets.size(), 1U);
  EXPECT_EQ(text_of_packet(out.packets[0]), "next");
}

TEST(CaptureReader, LargestPacketIsRead) {
  const std::string large(CaptureReader::kMaxCaptured, 'x');
  EXPECT_EQ(read_all(CaptureBytes().pcap_header().record(1, 1, large).bytes()).packets.size(), 1U);
}

// A file cut at any byte gives a beginning of the packets and never reads outside (asan watches).
TEST(CaptureReader, CutAnywhere) {
  CaptureBytes pcap, ng(true);
  pcap.pcap_header().record(1, 1, "abc").record(2, 2, "").record(3, 3, "defgh");
  ng.section().interface(1, 9, 3).enhanced(0, 1, "abc").simple(4, "defg").old_packet(0, 1, "h");
  for (const auto& whole : {pcap.bytes(), ng.bytes()}) {
    const std::size_t all = read_all(whole).packets.size();
    ASSERT_EQ(all, 3U);
    std::size_t last = 0;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const std::vector<Byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const std::size_t count = read_all(part).packets.size();
      EXPECT_GE(count, last);
      EXPECT_LT(count, all);
      last = count;
    }
  }
}

}  // namespace
}  // namespace bulkhead::io

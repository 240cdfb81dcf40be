#include "datapath/io/pcap_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "capture_bytes.h"

namespace bulkhead::io {
namespace {

using std::chrono::milliseconds;
using test::CaptureBytes;

class PcapFileSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "bulkhead_pcap_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::vector<Byte>& bytes) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  struct Outcome {
    std::vector<std::string> packets;
    std::vector<std::uint64_t> numbers;
    std::vector<Timestamp> times;
    ReceiveStatus last = ReceiveStatus::kEnd;
  };
  static Outcome drain(PcapFileSource& source, std::size_t burst = 3) {
    Outcome out;
    PacketBatch batch;
    batch.packets.reserve(burst);
    const std::size_t capacity = batch.packets.capacity();
    while ((out.last = source.receive(batch, milliseconds(0))) == ReceiveStatus::kPackets) {
      EXPECT_FALSE(batch.packets.empty());
      EXPECT_EQ(batch.packets.capacity(), capacity);
      for (const RawPacket& p : batch.packets) {
        out.packets.emplace_back(reinterpret_cast<const char*>(p.data), p.captured);
        out.numbers.push_back(p.number);
        out.times.push_back(p.time);
      }
      source.release(batch);
    }
    return out;
  }

  std::filesystem::path folder_;
};

CaptureBytes five_packets() {
  return CaptureBytes()
      .pcap_header()
      .record(1, 1, "a")
      .record(2, 2, "bb")
      .record(3, 3, "ccc", 9)
      .record(4, 4, "")
      .record(5, 5, "eeeee");
}

TEST_F(PcapFileSourceTest, ReadsAMappedFileInBursts) {
  const auto bytes = five_packets().bytes();
  PcapFileSource source(write("five.pcap", bytes));
  ASSERT_TRUE(source.open());
  EXPECT_TRUE(source.capabilities().file);
  EXPECT_FALSE(source.capabilities().live);
  EXPECT_EQ(source.file_size(), bytes.size());
  const Outcome out = drain(source);
  EXPECT_EQ(out.last, ReceiveStatus::kEnd);
  EXPECT_THAT(out.packets, testing::ElementsAre("a", "bb", "ccc", "", "eeeee"));
  EXPECT_THAT(out.numbers, testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(source.position(), bytes.size());
  const SourceStats stats = source.stats();
  EXPECT_EQ(stats.received, 5U);
  EXPECT_EQ(stats.received_bytes, 11U);
  EXPECT_EQ(stats.truncated, 1U);
  EXPECT_EQ(stats.invalid_records, 0U);
  PacketBatch batch;
  batch.packets.reserve(1);
  EXPECT_EQ(source.receive(batch, milliseconds(0)), ReceiveStatus::kEnd) << "stays at the end";
}

TEST_F(PcapFileSourceTest, ABatchOfLongPacketsEndsEarly) {
  CaptureBytes capture;
  capture.pcap_header();
  const std::string text(60'000, 'x');
  for (std::uint32_t i = 1; i <= 100; ++i) capture.record(i, 0, text);
  PcapFileSource source(write("long.pcap", capture.bytes()));
  ASSERT_TRUE(source.open());
  PacketBatch batch;
  batch.packets.reserve(256);
  std::size_t packets = 0;
  while (source.receive(batch, milliseconds(0)) == ReceiveStatus::kPackets) {
    EXPECT_LE(batch.packets.size(), 20U) << "a megabyte and what stands on its border";
    packets += batch.packets.size();
  }
  EXPECT_EQ(packets, 100U);
}

TEST_F(PcapFileSourceTest, DeliversWhatStandsBeforeACorruptRecord) {
  auto bytes = five_packets().bytes();
  bytes.pop_back();
  PcapFileSource source(write("cut.pcap", bytes));
  ASSERT_TRUE(source.open());
  const Outcome out = drain(source);
  EXPECT_EQ(out.packets.size(), 4U);
  EXPECT_EQ(out.last, ReceiveStatus::kError);
  EXPECT_THAT(source.last_error().to_string(), testing::HasSubstr("capture.record_truncated at byte 94"));
  EXPECT_EQ(source.error_count(CaptureError::record_truncated), 1U);
  EXPECT_EQ(source.stats().invalid_records, 1U);
  PacketBatch batch;
  batch.packets.reserve(1);
  EXPECT_EQ(source.receive(batch, milliseconds(0)), ReceiveStatus::kEnd) << "the error is told once";
}

TEST_F(PcapFileSourceTest, SkipsAnUnusableBlockAndGoesOn) {
  CaptureBytes file;
  file.section().interface(1).enhanced(0, 1, "a").enhanced(9, 2, "b").enhanced(0, 3, "c");
  PcapFileSource source(write("skip.pcapng", file.bytes()));
  ASSERT_TRUE(source.open());
  const Outcome out = drain(source);
  EXPECT_EQ(out.last, ReceiveStatus::kEnd);
  EXPECT_THAT(out.packets, testing::ElementsAre("a", "c"));
  EXPECT_THAT(out.numbers, testing::ElementsAre(1, 2));
  EXPECT_EQ(source.error_count(CaptureError::interface_unknown), 1U);
}

TEST_F(PcapFileSourceTest, OpenSaysWhatIsWrong) {
  const auto reason = [](const std::string& path) {
    PcapFileSource source(path);
    const Status status = source.open();
    return status ? std::string() : status.error().to_string();
  };
  EXPECT_THAT(reason(folder_ / "none.pcap"), testing::HasSubstr("No such file"));
  EXPECT_THAT(reason(folder_), testing::HasSubstr("Is a directory"));
  EXPECT_THAT(reason(write("empty.pcap", {})), testing::HasSubstr("empty"));
  EXPECT_THAT(reason(write("text.pcap", CaptureBytes().text("this is no capture at all, sorry").bytes())),
              testing::HasSubstr("text.pcap"));
}

TEST_F(PcapFileSourceTest, ReadsPipesThroughLibpcap) {
  const std::string path = folder_ / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto bytes = five_packets().bytes();
  std::thread writer([&] {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size() - 2));
  });
  PcapFileSource source(path);
  const Status opened = source.open();
  ASSERT_TRUE(opened) << opened.error().to_string();
  const Outcome out = drain(source, 10);
  writer.join();
  EXPECT_THAT(out.packets, testing::ElementsAre("a", "bb", "ccc", ""));
  EXPECT_EQ(out.times.at(1).ns, 2'000'002'000);
  EXPECT_EQ(out.last, ReceiveStatus::kError) << "the last record is cut";
  EXPECT_THAT(source.last_error().to_string(), testing::HasSubstr("after 4 packets"));
  EXPECT_EQ(source.stats().invalid_records, 1U);
}

// A format we do not read ourselves: the "modified" pcap with its longer record header.
TEST_F(PcapFileSourceTest, OtherFormatsGoThroughLibpcap) {
  CaptureBytes file;
  file.pcap_header(0xa1b2cd34);
  file.u32(7).u32(8).u32(3).u32(3).u32(0).u16(0).u8(0).u8(0).text("abc");
  PcapFileSource source(write("modified.pcap", file.bytes()));
  const Status opened = source.open();
  ASSERT_TRUE(opened) << opened.error().to_string();
  const Outcome out = drain(source);
  EXPECT_THAT(out.packets, testing::ElementsAre("abc"));
  EXPECT_EQ(out.times.at(0).ns, 7'000'008'000);
}

TEST_F(PcapFileSourceTest, BatchesOfTheFallbackStayReadableUntilReleased) {
  const std::string path = folder_ / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto bytes = five_packets().bytes();
  std::thread writer([&] {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  });
  PcapFileSource source(path);
  ASSERT_TRUE(source.open());
  PacketBatch first, second;
  first.packets.reserve(2);
  second.packets.reserve(2);
  ASSERT_EQ(source.receive(first, milliseconds(0)), ReceiveStatus::kPackets);
  ASSERT_EQ(source.receive(second, milliseconds(0)), ReceiveStatus::kPackets);
  writer.join();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(first.packets[1].data), 2), "bb");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(second.packets[0].data), 3), "ccc");
  source.release(second);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(first.packets[1].data), 2), "bb");
  source.release(first);
}

TEST_F(PcapFileSourceTest, AFileCutWhileReadIsAnErrorNotACrash) {
  const std::string path = write("shrinks.pcap", five_packets().bytes());
  PcapFileSource source(path);
  ASSERT_TRUE(source.open());
  std::filesystem::resize_file(path, 24);
  PacketBatch batch;
  batch.packets.reserve(8);
  EXPECT_EQ(source.receive(batch, milliseconds(0)), ReceiveStatus::kError);
  EXPECT_THAT(source.last_error().to_string(), testing::HasSubstr("shorter"));
}

// A file larger than what stays mapped in: pages behind the reader are given back, packets stay readable.
TEST_F(PcapFileSourceTest, PagesGivenBackAreReadAgain) {
  const std::string path = folder_ / "large.pcap";
  constexpr std::uint32_t kCount = 1000, kSize = 128 * 1024;
  {
    std::ofstream file(path, std::ios::binary);
    const auto put = [&](const std::vector<Byte>& bytes) {
      file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    };
    put(CaptureBytes().pcap_header().bytes());
    std::vector<Byte> body(kSize);
    for (std::uint32_t i = 0; i < kCount; ++i) {
      store_be32(body.data(), i);
      put(CaptureBytes().u32(i).u32(0).u32(kSize).u32(kSize).bytes());
      put(body);
    }
  }
  PcapFileSource source(path);
  ASSERT_TRUE(source.open());
  PacketBatch batch;
  batch.packets.reserve(7);
  std::vector<RawPacket> all;
  while (source.receive(batch, milliseconds(0)) == ReceiveStatus::kPackets) {
    all.insert(all.end(), batch.packets.begin(), batch.packets.end());
    source.release(batch);
  }
  ASSERT_EQ(all.size(), kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) EXPECT_EQ(load_be32(all[i].data), i);
}

// Every capture at hand: ours and libpcap read the same packets.
TEST(PcapFileSourceCaptures, AgreesWithLibpcap) {
  const char* configured = std::getenv("BULKHEAD_TEST_DATA");
  const std::filesystem::path data = configured != nullptr ? configured : BULKHEAD_SOURCE_DIR "/../shared";
  if (!std::filesystem::exists(data / "captures")) GTEST_SKIP() << "no captures under " << data;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data / "captures")) {
    const std::string extension = entry.path().extension();
    if (!entry.is_regular_file() || (extension != ".pcap" && extension != ".pcapng" && extension != ".trace")) continue;
    SCOPED_TRACE(entry.path());
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t* handle = pcap_open_offline_with_tstamp_precision(entry.path().c_str(), PCAP_TSTAMP_PRECISION_NANO, text);
    PcapFileSource source(entry.path());
    if (handle == nullptr) {
      // libpcap refuses some that we read (several link types in one file); it must not crash us.
      static_cast<void>(source.open());
      continue;
    }
    const Status opened = source.open();
    ASSERT_TRUE(opened) << opened.error().to_string();
    PacketBatch batch;
    batch.packets.reserve(256);
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    while (source.receive(batch, milliseconds(0)) == ReceiveStatus::kPackets) {
      for (const RawPacket& packet : batch.packets) {
        if (pcap_next_ex(handle, &header, &bytes) != 1) break;  // libpcap stops earlier: mixed link types
        ASSERT_EQ(packet.captured, header->caplen);
        ASSERT_EQ(packet.wire_length, std::max(header->len, header->caplen));
        ASSERT_EQ(packet.time.ns, std::int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec);
        ASSERT_EQ(std::memcmp(packet.data, bytes, packet.captured), 0);
      }
      source.release(batch);
    }
    EXPECT_NE(pcap_next_ex(handle, &header, &bytes), 1) << "libpcap has more packets";
    pcap_close(handle);
    ++files;
  }
  EXPECT_GT(files, 0U);
  RecordProperty("files", static_cast<int>(files));
}

}  // namespace
}  // namespace bulkhead::io

// Every packet of the sample captures decodes: no crash, views inside the frame. Skipped where they are absent.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "datapath/decode/decoder.h"

namespace bulkhead::decode {
namespace {

namespace fs = std::filesystem;

fs::path captures() {
  const char* given = std::getenv("BULKHEAD_TEST_DATA");
  const fs::path data = given != nullptr ? fs::path(given) : fs::path(BULKHEAD_SOURCE_DIR) / "../shared";
  return data / "captures";
}

void expect_inside(const io::RawPacket& raw, ByteSpan part) {
  if (part.empty()) return;
  ASSERT_GE(part.data(), raw.data);
  ASSERT_LE(part.data() + part.size(), raw.data + raw.captured);
}

std::size_t decode_file(const fs::path& path, Decoder& decoder) {
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(pcap_open_offline(path.c_str(), error), &pcap_close);
  if (!file) return 0;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  PacketChain chain;
  std::size_t count = 0;
  while (pcap_next_ex(file.get(), &header, &data) == 1) {
    const auto exact = std::make_unique<Byte[]>(header->caplen);  // so that the sanitizer sees its end
    std::copy_n(data, header->caplen, exact.get());
    io::RawPacket raw;
    raw.data = exact.get();
    raw.captured = header->caplen;
    raw.wire_length = header->len;
    raw.link_type = static_cast<io::LinkType>(pcap_datalink(file.get()));
    decoder.decode(raw, chain);
    for (std::size_t i = 0; i < chain.count; ++i) {
      expect_inside(raw, chain.views[i].frame);
      expect_inside(raw, chain.views[i].payload);
    }
    ++count;
  }
  return count;
}

TEST(Captures, AllDecode) {
  std::size_t files = 0, packets = 0;
  Decoder decoder(DecodeSettings{});
  for (const char* set : {"zeek", "deepflow"}) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(captures() / set, error), end; !error && it != end; it.increment(error)) {
      const std::string suffix = it->path().extension().string();
      if (suffix != ".pcap" && suffix != ".pcapng" && suffix != ".trace" && suffix != ".cap") continue;
      const std::size_t count = decode_file(it->path(), decoder);
      files += count > 0 ? 1 : 0;
      packets += count;
    }
  }
  if (files == 0) GTEST_SKIP() << "no captures under " << captures();
  EXPECT_EQ(decoder.counters().packets.value(), packets);
  EXPECT_GT(decoder.counters().tcp.value(), packets / 4);
  EXPECT_LT(decoder.counters().invalid.value(), packets / 4);
  RecordProperty("files", static_cast<int>(files));
  RecordProperty("packets", static_cast<int>(packets));
  std::printf("%zu files, %zu packets, %llu invalid\n", files, packets,
              static_cast<unsigned long long>(decoder.counters().invalid.value()));
}

}  // namespace
}  // namespace bulkhead::decode

#include "datapath/app/http2/hpack.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::app::http2 {
namespace {

using namespace std::string_literals;

std::string unhex(std::string_view hex) {
  std::string out, digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    out += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return out;
}
ByteSpan bytes(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
std::string decode(HpackDecoder& decoder, std::string_view hex, HpackResult expected = HpackResult::kOk) {
  std::vector<HeaderField> fields;
  bool too_long = false;
  EXPECT_EQ(decoder.decode(bytes(unhex(hex)), fields, too_long), expected);
  std::string out;
  for (const HeaderField& f : fields) {
    out += f.size_update ? "size " + std::to_string(f.size) + "\n" : f.name + ": " + f.value + "\n";
  }
  return out + (too_long ? "too long\n" : "");
}

// RFC 7541 appendix C.4: requests with Huffman codes, the table growing.
TEST(Hpack, RequestsOfTheStandard) {
  HpackDecoder decoder(4096, 65536);
  EXPECT_EQ(decode(decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"),
            ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n");
  EXPECT_EQ(decoder.table_bytes(), 57U);
  EXPECT_EQ(decode(decoder, "8286 84be 5886 a8eb 1064 9cbf"),
            ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n");
  EXPECT_EQ(
      decode(decoder, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"),
      ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n");
  EXPECT_EQ(decoder.table_bytes(), 164U);
}

// RFC 7541 appendix C.6: responses, a table of 256 bytes, entries evicted.
TEST(Hpack, ResponsesOfTheStandardWithEviction) {
  HpackDecoder decoder(4096, 65536);
  EXPECT_EQ(decode(decoder, "3fe1 01"), "size 256\n");
  EXPECT_EQ(
      decode(decoder,
             "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad "
             "1718 63c7 8f0b 97c8 e9ae 82ae 43d3"),
      ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
      "location: https://www.example.com\n");
  EXPECT_EQ(decoder.table_bytes(), 222U);
  EXPECT_EQ(decode(decoder, "4883 640e ffc1 c0bf"),
            ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
            "location: https://www.example.com\n");
  EXPECT_EQ(decoder.table_bytes(), 222U);
  EXPECT_EQ(decoder.table_entries(), 4U);
}

TEST(Hpack, Literals) {
  HpackDecoder decoder(4096, 65536);
  EXPECT_EQ(decode(decoder, "040c 2f73 616d 706c 652f 7061 7468"), ":path: /sample/path\n");
  EXPECT_EQ(decode(decoder, "1008 7061 7373 776f 7264 0673 6563 7265 74"), "password: secret\n");
  EXPECT_EQ(decoder.table_entries(), 0U);
}

TEST(Hpack, Faults) {
  HpackDecoder bad_index(4096, 65536);
  EXPECT_EQ(decode(bad_index, "be", HpackResult::kBadIndex), "");
  EXPECT_EQ(decode(bad_index, "82", HpackResult::kBadIndex), "") << "the table is not to be trusted any more";
  HpackDecoder overflow(4096, 65536);
  decode(overflow, "ff ffff ffff ff7f", HpackResult::kIntegerOverflow);
  HpackDecoder cut(4096, 65536);
  decode(cut, "040c 2f", HpackResult::kTruncated);
  HpackDecoder table(4096, 65536);
  decode(table, "3fe1 ff03", HpackResult::kBadTableSize);
  HpackDecoder huffman(4096, 65536);
  decode(huffman, "0485 ffff ffff ff", HpackResult::kBadHuffman);  // the end of the string inside of it
}

TEST(Hpack, ALongListIsDecodedAndNotHandedOut) {
  HpackDecoder decoder(4096, 100);
  EXPECT_EQ(decode(decoder, "82 4001 6101 62 86 84"), ":method: GET\na: b\ntoo long\n");
  EXPECT_EQ(decoder.table_entries(), 1U);
}

TEST(Huffman, EveryByteAndPadding) {
  std::string out;
  ASSERT_TRUE(decode_huffman(bytes(unhex("f1e3c2e5f23a6ba0ab90f4ff")), out));
  EXPECT_EQ(out, "www.example.com");
  out.clear();
  EXPECT_TRUE(decode_huffman(bytes(unhex("ffc7")), out));  // 13 bits of the byte 0, padding
  EXPECT_EQ(out, "\0"s);
  out.clear();
  EXPECT_FALSE(decode_huffman(bytes(unhex("00")), out)) << "padding of zeros";
  EXPECT_FALSE(decode_huffman(bytes(unhex("ff")), out)) << "a whole byte of padding";
}

}  // namespace
}  // namespace bulkhead::app::http2

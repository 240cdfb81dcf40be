#include "datapath/app/http/http_decoder.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace bulkhead::app::http {
namespace {

class StringSink final : public ByteSink {
 public:
  void write(ByteSpan bytes) override { text.append(bytes.begin(), bytes.end()); }
  std::string text;
};

std::string deflated(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 1024, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string decoded(const std::string& bytes, const std::vector<Coding>& layers, std::size_t step = 1) {
  const HttpSettings settings;
  Decoder decoder(layers, settings);
  StringSink sink;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::string piece = bytes.substr(at, step);
    decoder.write({reinterpret_cast<const Byte*>(piece.data()), piece.size()}, sink);
  }
  decoder.finish(sink);
  return sink.text;
}

const std::string kText = "what the sender compressed, twice over: what the sender compressed";

TEST(HttpDecoder, WhatTheBytesAreDecidesNotTheWord) {
  for (const int window_bits : {15 + 16, 15, -15}) {
    for (const Coding said : {Coding::kGzip, Coding::kDeflate}) {
      EXPECT_EQ(decoded(deflated(kText, window_bits), {said}), kText) << window_bits;
      EXPECT_EQ(decoded(deflated(kText, window_bits), {said}, 1000), kText) << window_bits;
    }
  }
}

TEST(HttpDecoder, EveryMemberOfAGzipFile) {
  const std::string three = deflated("one ", 31) + deflated("", 31) + deflated("two", 31);
  for (const std::size_t step : {1U, 7U, 1000U}) {
    EXPECT_EQ(decoded(three, {Coding::kGzip}, step), "one two");
    EXPECT_EQ(decoded(three + "tail that is none", {Coding::kGzip}, step), "one two");
  }
}

TEST(HttpDecoder, AGzipHeaderWithReservedFlagsOrAWrongChecksum) {
  std::string reserved = deflated(kText, 15 + 16);
  reserved[3] = 0x40;
  EXPECT_EQ(decoded(reserved, {Coding::kGzip}), kText);
  std::string checked = deflated(kText, 15 + 16);
  checked[3] = 2;
  checked.insert(10, 2, '\0');
  EXPECT_EQ(decoded(checked, {Coding::kGzip}, 1000), kText);
}

bool fails(const std::string& bytes, std::size_t step) {
  const HttpSettings settings;
  Decoder decoder({Coding::kGzip}, settings);
  StringSink sink;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::string piece = bytes.substr(at, step);
    decoder.write({reinterpret_cast<const Byte*>(piece.data()), piece.size()}, sink);
  }
  EXPECT_TRUE(sink.text.starts_with(kText));
  return decoder.failed();
}

TEST(HttpDecoder, AWrongCheckSumOrSizeIsSaid) {
  for (const std::size_t step : {1U, 5U, 1000U}) {
    for (const int window_bits : {15 + 16, 15}) {
      const std::string right = deflated(kText, window_bits);
      EXPECT_FALSE(fails(right, step));
      for (std::size_t behind = 1; behind <= (window_bits == 15 ? 4U : 8U); ++behind) {
        std::string wrong = right;
        wrong[wrong.size() - behind] ^= 1;
        EXPECT_TRUE(fails(wrong, step)) << "byte " << behind << " from the end, pieces of " << step;
      }
    }
    const std::string member = deflated(kText, 15 + 16);
    std::string second = member;
    second[second.size() - 8] ^= 1;
    EXPECT_FALSE(fails(member + member, step));
    EXPECT_TRUE(fails(member + second, step));
    EXPECT_FALSE(fails(deflated(std::string(kText).append(1UL << 20, 'x'), 15 + 16), 1000 * step));
  }
}

TEST(HttpDecoder, Layers) {
  const std::string twice = deflated(deflated(kText, 15 + 16), 15);
  EXPECT_EQ(decoded(twice, {Coding::kDeflate, Coding::kGzip}, 7), kText);
}

TEST(HttpDecoder, BrotliAndZstd) {
  std::string brotli(1024, '\0');
  std::size_t size = brotli.size();
  ASSERT_EQ(
      BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, kText.size(), reinterpret_cast<const std::uint8_t*>(kText.data()),
                            &size, reinterpret_cast<std::uint8_t*>(brotli.data())),
      BROTLI_TRUE);
  brotli.resize(size);
  EXPECT_EQ(decoded(brotli, {Coding::kBrotli}, 3), kText);
  std::string zstd(1024, '\0');
  const std::size_t made = ZSTD_compress(zstd.data(), zstd.size(), kText.data(), kText.size(), 3);
  ASSERT_EQ(ZSTD_isError(made), 0U);
  zstd.resize(made);
  EXPECT_EQ(decoded(zstd, {Coding::kZstd}, 3), kText);
}

TEST(HttpDecoder, WhatIsNotCompressedPassesAsItIs) {
  EXPECT_EQ(decoded("plain text, said to be gzip", {Coding::kGzip}), "plain text, said to be gzip");
  EXPECT_EQ(decoded("x", {Coding::kGzip}), "x");
}

TEST(HttpDecoder, ABombIsDefused) {
  HttpSettings settings;
  settings.bomb_limit = 64 * 1024;
  settings.bomb_ratio = 100;
  Decoder decoder({Coding::kGzip}, settings);
  StringSink sink;
  const std::string bomb = deflated(std::string(4UL << 20, 'a'), 15 + 16);
  decoder.write({reinterpret_cast<const Byte*>(bomb.data()), bomb.size()}, sink);
  EXPECT_TRUE(decoder.bomb());
  EXPECT_LT(sink.text.size(), 2UL << 20);
}

}  // namespace
}  // namespace bulkhead::app::http

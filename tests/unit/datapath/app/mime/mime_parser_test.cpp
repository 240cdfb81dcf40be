#include "datapath/app/mime/mime_parser.h"

#include <gtest/gtest.h>

#include "datapath/app/text.h"

namespace bulkhead::app::mime {
namespace {

struct Taken final : MimeSink {
  std::vector<std::pair<std::string, std::string>> files;
  int open = 0;
  void begin_file(std::string_view name) override {
    files.emplace_back(name, "");
    ++open;
  }
  void file_bytes(ByteSpan bytes) override { files.back().second += text_of(bytes); }
  void end_file() override { --open; }
};

struct Mail {
  explicit Mail(std::string_view text, MimeSettings with = {}, std::size_t step = SIZE_MAX)
      : settings(std::move(with)), parser(settings) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      for (; line.size() > step; line.remove_prefix(step))
        parser.line(bytes_of(line.substr(0, step)), "", false, taken);
      parser.line(bytes_of(line), "\r\n", true, taken);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    parser.finish(taken);
    anomalies = parser.take_anomalies();
  }
  [[nodiscard]] bool has(MimeAnomaly a) const { return (anomalies >> static_cast<unsigned>(a) & 1U) != 0; }
  MimeSettings settings;
  MimeParser parser;
  Taken taken;
  std::uint32_t anomalies = 0;
};

constexpr std::string_view kMixed = "Subject: s\nContent-Type: multipart/mixed; boundary=\"B B\"\n\n";

TEST(MimeParser, FieldsAreUnfolded) {
  const Mail mail("From: A\n <a@x>\nno field\nX : y\n\nbody\n");
  ASSERT_EQ(mail.parser.fields().size(), 2U);
  EXPECT_EQ(mail.parser.fields()[0].value, "A <a@x>no field");
  EXPECT_EQ(mail.parser.fields()[1].name, "x ");
  EXPECT_EQ(mail.parser.status(), "PARSE_DONE");
  EXPECT_EQ(mail.anomalies, 0U);
}

TEST(MimeParser, AttachmentsOfEachEncoding) {
  const std::string text = std::string(kMixed) +
                           "preamble\n--B B\nContent-Type: text/plain\n\nsee http://u.example/\n"
                           "--B B\nContent-Type: a/b; name=a.bin\nContent-Transfer-Encoding: BASE64\n\naGVs\nbG8=\n"
                           "--B B\nContent-Disposition: attachment; filename=q.txt\n"
                           "Content-Transfer-Encoding: quoted-printable\n\n=41=\nb\n"
                           "--B B\nContent-Disposition: attachment; filename=p.txt\n\nl1\nl2\n--B B--\nepilogue\n";
  for (const std::size_t step : {std::size_t{10}, std::size_t{30}, SIZE_MAX}) {
    const Mail mail(text, {}, step);
    ASSERT_EQ(mail.taken.files.size(), 3U) << step;
    EXPECT_EQ(mail.taken.files[0], std::make_pair(std::string("a.bin"), std::string("hello")));
    EXPECT_EQ(mail.taken.files[1], std::make_pair(std::string("q.txt"), std::string("Ab\r\n")));
    EXPECT_EQ(mail.taken.files[2], std::make_pair(std::string("p.txt"), std::string("l1\r\nl2")));
    EXPECT_EQ(mail.taken.open, 0);
    ASSERT_EQ(mail.parser.parts().size(), 4U);
    EXPECT_EQ(mail.parser.parts()[0].urls, std::vector<std::string>{"u.example/"});
    EXPECT_EQ(mail.anomalies, 0U);
  }
}

TEST(MimeParser, MailsInsideOfMails) {
  const Mail mail(std::string(kMixed) +
                  "--B B\nContent-Type: message/rfc822\n\nFrom: inner\nContent-Type: x/y; name=in.bin\n"
                  "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--B B--\n");
  ASSERT_EQ(mail.taken.files.size(), 1U);
  EXPECT_EQ(mail.taken.files[0].second, "hello");
  EXPECT_EQ(mail.parser.fields().size(), 2U) << "of the outer mail alone";
  EXPECT_EQ(mail.anomalies, 0U);
}

TEST(MimeParser, AnOuterBoundaryEndsWhatIsInside) {
  const Mail mail(std::string(kMixed) +
                  "--B B\nContent-Type: multipart/x; boundary=C\n\n--C\n\none\n"
                  "--B B\nContent-Disposition: attachment; filename=f\n\nx\n--B B--\n");
  ASSERT_EQ(mail.taken.files.size(), 1U);
  EXPECT_TRUE(mail.has(MimeAnomaly::kMalformed));
}

TEST(MimeParser, WhatIsTooLongIsNamed) {
  EXPECT_TRUE(Mail("A: b\n\n" + std::string(999, 'x') + "\n").has(MimeAnomaly::kLongLine));
  EXPECT_FALSE(Mail("A: b\n\n" + std::string(998, 'x') + "\n").has(MimeAnomaly::kLongLine));
  EXPECT_TRUE(Mail(std::string(76, 'X') + ": b\n\n").has(MimeAnomaly::kLongHeaderName));
  const Mail field("A: " + std::string(2001, 'x') + "\n\n");
  EXPECT_TRUE(field.has(MimeAnomaly::kLongHeaderValue));
  EXPECT_EQ(field.parser.fields()[0].value.size(), 2000U);
  const Mail name(std::string(kMixed) + "--B B\nContent-Disposition: a; filename=" + std::string(256, 'n') + "\n\nx\n");
  EXPECT_TRUE(name.has(MimeAnomaly::kLongFileName));
  EXPECT_EQ(name.taken.files[0].first.size(), 255U);
  EXPECT_TRUE(name.has(MimeAnomaly::kMalformed)) << "ends inside of a part";
  const Mail boundary("Content-Type: multipart/mixed; boundary=" + std::string(255, 'b') + "\n\nx\n");
  EXPECT_TRUE(boundary.has(MimeAnomaly::kLongBoundary));
  EXPECT_EQ(boundary.parser.status(), "PARSE_ERROR");
  EXPECT_TRUE(
      Mail("Content-Transfer-Encoding: base64\n\n" + std::string(80, 'Q') + "\n").has(MimeAnomaly::kLongEncodedLine));
  EXPECT_TRUE(Mail("Content-Transfer-Encoding: quoted-printable\n\n=zz\n").has(MimeAnomaly::kInvalidQuotedPrintable));
}

TEST(MimeParser, DepthIsBounded) {
  std::string text = std::string(kMixed) + "--B B\n";
  for (int i = 0; i < 1000; ++i) text += "Content-Type: message/rfc822\n\n";
  const Mail mail(text);
  EXPECT_EQ(mail.parser.status(), "PARSE_DONE");
}

TEST(MimeParser, Md5OfTheRawBody) {
  MimeSettings settings;
  settings.body_md5 = true;
  const Mail mail("A: b\n\nabc\n", settings);
  const unsigned char* digest = reinterpret_cast<const unsigned char*>(mail.parser.body_md5().data());
  ASSERT_EQ(mail.parser.body_md5().size(), 16U);
  EXPECT_EQ(digest[0], 0xc1) << "md5 of abc CR LF";
}

}  // namespace
}  // namespace bulkhead::app::mime

#include "datapath/app/dns/dns_message.h"

#include <gtest/gtest.h>

#include "tests/support/dns_maker.h"

namespace bulkhead::app::dns {
namespace {

using namespace test;

ByteSpan span_of(const std::string& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}

struct Read {
  explicit Read(const std::string& bytes) : reading(read_message(span_of(bytes), message)) {}
  Message message;
  Reading reading;
};

// An answer to "q.a" with these records.
std::string answer(std::vector<std::string> records) {
  return dns_message({.flags = 0x8180, .questions = {dns_question("q.a")}, .answers = std::move(records)});
}
// Where the first record of answer() begins.
constexpr std::size_t kFirstRecord = kHeaderBytes + 5 + 4;
std::string pointer_to(std::size_t offset) {
  return be16(0xc000U | static_cast<unsigned>(offset));
}
std::string label(std::size_t length) {
  return std::string(1, static_cast<char>(length)) + std::string(length, 'a');
}
std::string repeated(std::size_t times, const std::string& what) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += what;
  return out;
}
std::string query_of(const std::string& wire_name) {
  return dns_message({.questions = {wire_name + be16(1) + be16(1)}});
}

std::string_view text_of(const Record& record) {
  return std::get<TextData>(record.data).value.text;
}

TEST(DnsMessage, AQuestion) {
  const Read r(dns_message({.flags = 0x0140, .questions = {dns_question("Www.Example.com", 28)}, .id = 0x1234}));
  ASSERT_EQ(r.reading, Reading::kWhole);
  EXPECT_EQ(r.message.header.id, 0x1234);
  EXPECT_FALSE(r.message.header.is_response());
  EXPECT_TRUE(r.message.header.z());
  ASSERT_EQ(r.message.questions.size(), 1U);
  EXPECT_EQ(r.message.questions[0].name.text, "Www.Example.com");
  EXPECT_EQ(r.message.questions[0].type, 28);
}

TEST(DnsMessage, DataOfEveryKind) {
  const std::string mx = be16(10) + dns_name("mx") + "";
  const Read r(answer(
      {dns_record(kFirstName, 1, {"\x01\x02\x03\x04", 4}), dns_record(kFirstName, 28, std::string(15, '\0') + "\x01"),
       dns_record(kFirstName, 5, std::string("\1x", 2) + kFirstName), dns_record(kFirstName, 15, mx),
       dns_record(kFirstName, 16, {"\3abc\2de", 7}),
       dns_record(kFirstName, 6, dns_name("m") + dns_name("r") + be32(1) + be32(2) + be32(3) + be32(4) + be32(5)),
       dns_record(kFirstName, 33, be16(1) + be16(2) + be16(3) + dns_name("t.b")),
       dns_record(kFirstName, 44, {"\2\1\xab\xcd", 4}), dns_record(kFirstName, 10, {"\0\xff", 2}),
       dns_record(kFirstName, 999, "anything")}));
  ASSERT_EQ(r.reading, Reading::kWhole);
  const auto& a = r.message.answers;
  ASSERT_EQ(a.size(), 11U);  // TXT gives two
  EXPECT_EQ(a[0].name.text, "q.a");
  EXPECT_EQ(a[0].ttl, 60U);
  EXPECT_EQ(text_of(a[0]), "1.2.3.4");
  EXPECT_EQ(text_of(a[1]), "0000:0000:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(text_of(a[2]), "x.q.a");
  EXPECT_EQ(text_of(a[3]), "mx");
  EXPECT_EQ(text_of(a[4]), "abc");
  EXPECT_EQ(text_of(a[5]), "de");
  const auto& soa = std::get<SoaData>(a[6].data);
  EXPECT_EQ(soa.primary.text, "m");
  EXPECT_EQ(soa.mailbox.text, "r");
  EXPECT_EQ(soa.serial, 1U);
  EXPECT_EQ(soa.minimum, 5U);
  const auto& srv = std::get<SrvData>(a[7].data);
  EXPECT_EQ(srv.priority, 1);
  EXPECT_EQ(srv.weight, 2);
  EXPECT_EQ(srv.port, 3);
  EXPECT_EQ(srv.target.text, "t.b");
  const auto& sshfp = std::get<SshfpData>(a[8].data);
  EXPECT_EQ(sshfp.algorithm, 2);
  EXPECT_EQ(sshfp.type, 1);
  EXPECT_EQ(sshfp.fingerprint, "\xab\xcd");
  EXPECT_EQ(text_of(a[9]), std::string("\0\xff", 2));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(a[10].data));
}

TEST(DnsMessage, AnAddressOfTheWrongLengthIsEmpty) {
  const Read r(answer({dns_record(kFirstName, 1, "abc")}));
  ASSERT_EQ(r.reading, Reading::kWhole);
  EXPECT_EQ(text_of(r.message.answers.at(0)), "");
}

TEST(DnsMessage, WhatIsCutOffIsShortAndWhatCannotBeIsMalformed) {
  const std::string whole = answer({dns_record(kFirstName, 1, "abcd")});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(Read(whole.substr(0, length)).reading, Reading::kShort) << length;
  }
  EXPECT_EQ(Read(whole).reading, Reading::kWhole);
  EXPECT_EQ(Read(answer({dns_record(kFirstName, 16, "\5ab")})).reading, Reading::kMalformed);
  EXPECT_EQ(Read(answer({dns_record(kFirstName, 6, dns_name("m") + dns_name("r") + be32(1))})).reading,
            Reading::kMalformed);
  EXPECT_EQ(Read(answer({dns_record(kFirstName, 33, "abc")})).reading, Reading::kMalformed);
  EXPECT_EQ(Read(answer({dns_record(kFirstName, 44, "a")})).reading, Reading::kMalformed);
  EXPECT_EQ(Read(answer({dns_record(kFirstName, 15, "a")})).reading, Reading::kMalformed);
  EXPECT_EQ(Read(answer({dns_record(kFirstName, 5, dns_name("abc.def"), 3)})).reading, Reading::kMalformed);
  EXPECT_EQ(Read(query_of("\x41"
                          "aaa"))
                .reading,
            Reading::kMalformed);
  EXPECT_EQ(Read(query_of("\x81"
                          "aaa"))
                .reading,
            Reading::kMalformed);
  EXPECT_EQ(Read(query_of(pointer_to(0x3f00))).reading, Reading::kMalformed);
}

TEST(DnsMessage, ANameIsCutAtItsLongest) {
  const Read r(query_of(repeated(20, label(63)) + '\0'));
  ASSERT_EQ(r.reading, Reading::kWhole);
  EXPECT_EQ(r.message.questions[0].name.text.size(), kMaxNameBytes);
  EXPECT_TRUE(r.message.questions[0].name.cut);
  EXPECT_TRUE(r.message.faults.name_too_long);
  EXPECT_FALSE(r.message.faults.too_many_labels);
  EXPECT_FALSE(Read(query_of(repeated(5, label(63)) + '\0')).message.faults.name_too_long);
}

TEST(DnsMessage, LabelsAndPointersAreCounted) {
  EXPECT_EQ(Read(query_of(repeated(255, label(1)) + '\0')).reading, Reading::kWhole);
  const Read over(query_of(repeated(256, label(1)) + '\0'));
  EXPECT_EQ(over.reading, Reading::kMalformed);
  EXPECT_TRUE(over.message.faults.too_many_labels);
  // A label before a pointer back to it: both are followed until the count ends; what lies behind is still found.
  const Read loop(query_of(label(1) + kFirstName));
  ASSERT_EQ(loop.reading, Reading::kWhole);
  EXPECT_EQ(loop.message.questions[0].name.text.size(), 255U);
  EXPECT_EQ(loop.message.questions[0].type, 1);
  EXPECT_TRUE(loop.message.questions[0].name.cut);
  EXPECT_TRUE(loop.message.faults.too_many_labels);
  EXPECT_TRUE(loop.message.faults.name_too_long);
  EXPECT_FALSE(loop.message.faults.infinite_loop);
}

TEST(DnsMessage, APointerToItselfIsALoop) {
  EXPECT_EQ(Read(query_of(kFirstName)).reading, Reading::kMalformed);
  // The first record's data, at its offset, points to itself; the second record's name points there.
  const std::size_t data = kFirstRecord + 12;
  const Read r(answer({dns_record(kFirstName, 999, pointer_to(data)), dns_record(pointer_to(data), 1, "abcd")}));
  ASSERT_EQ(r.reading, Reading::kWhole);
  EXPECT_TRUE(r.message.faults.infinite_loop);
  EXPECT_EQ(r.message.answers.at(1).name.text, "");
  EXPECT_EQ(text_of(r.message.answers[1]), "97.98.99.100");
}

// 5000 records of 12 bytes whose names are each 1 KB long: without a limit 5 MB of text.
TEST(DnsMessage, CompressionDoesNotBlowAMessageUp) {
  std::vector<std::string> records(5000, dns_record(kFirstName, 1, "abcd"));
  const std::string message = dns_message({.flags = 0x8180,
                                           .questions = {repeated(16, label(63)) + '\0' + be16(1) + be16(1)},
                                           .answers = std::move(records)});
  const Read r(message);
  EXPECT_EQ(r.reading, Reading::kMalformed);
  std::size_t kept = 0;
  for (const Record& record : r.message.answers) kept += record.name.text.size();
  EXPECT_LT(kept, 40 * message.size());
  EXPECT_GT(kept, 20 * message.size());
}

TEST(DnsMessage, LikenessToldByEveryField) {
  const std::string query = dns_message({.questions = {dns_question("a.b")}});
  EXPECT_EQ(likeness(span_of(query)), Likeness::kStrict);
  EXPECT_EQ(likeness(span_of(query + "x")), Likeness::kHeader);
  EXPECT_EQ(likeness(span_of(query.substr(0, query.size() - 2))), Likeness::kHeader);
  EXPECT_EQ(likeness(span_of(dns_message({}))), Likeness::kHeader);
  EXPECT_EQ(likeness(span_of(dns_message({.flags = 0x7900, .questions = {dns_question("a.b")}}))), Likeness::kHeader);
  EXPECT_EQ(likeness(span_of(query.substr(0, 11))), Likeness::kNo);
  EXPECT_EQ(likeness(span_of(query_of("\x41"
                                      "aaa"))),
            Likeness::kNo);
  EXPECT_EQ(likeness(span_of(dns_message({.questions = {dns_question("a.b")}, .more_answers = 5}))), Likeness::kNo);
  EXPECT_EQ(likeness(span_of("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")), Likeness::kNo);
  EXPECT_EQ(likeness(span_of(
                dns_message({.flags = 0x8180,
                             .questions = {dns_question("a.b")},
                             .answers = {dns_record(kFirstName, 1, "abcd")},
                             .additional = {std::string(1, '\0') + be16(41) + be16(4096) + be32(0) + be16(0)}}))),
            Likeness::kStrict);
}

TEST(DnsMessage, TheBeginningOfAMessage) {
  const std::string whole = answer({dns_record(kFirstName, 1, "abcd")});
  for (std::size_t length = kHeaderBytes; length < whole.size(); ++length) {
    EXPECT_TRUE(could_begin(span_of(whole.substr(0, length)), whole.size())) << length;
  }
  EXPECT_TRUE(could_begin(span_of(whole.substr(0, 3)), whole.size()));
  EXPECT_FALSE(could_begin(span_of("\x03\x04 neither"), whole.size()));
  EXPECT_FALSE(could_begin(span_of(whole.substr(0, 20)), 11));
}

}  // namespace
}  // namespace bulkhead::app::dns

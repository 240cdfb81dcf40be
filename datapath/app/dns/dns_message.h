// One DNS message (RFC 1035 4.1), taken apart.
//
//   +------------+-----------+---------+-------------+------------+
//   | header, 12 | questions | answers | authorities | additional |
//   +------------+-----------+---------+-------------+------------+
//
// The additional section is not kept. A TXT record with several strings becomes several records, as EVE shows it.
//
// Thread   value types and pure functions.
// In       a whole message, without the length that precedes it over TCP.
// Limits   a name: kMaxNameSteps labels and pointers, kMaxNameBytes of text; a message: work and kept text are
//          proportional to its size (kept_limit, step_limit), so that compression cannot blow it up.
// Errors   Reading::kMalformed, and DnsFaults for what could be read all the same.
// Source   RFC 1035, 2136 (opcodes), 2782 (SRV), 4255 (SSHFP), 3596 (AAAA).
// Tests    tests/unit/datapath/app/dns/dns_message_test.cpp, tests/fuzz/fuzz_dns.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::dns {

inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kMaxNameSteps = 256;
inline constexpr std::size_t kMaxNameBytes = 1025;

struct Header {
  std::uint16_t id = 0, flags = 0;
  std::uint16_t questions = 0, answers = 0, authorities = 0, additional = 0;

  [[nodiscard]] bool is_response() const { return (flags & 0x8000) != 0; }
  [[nodiscard]] std::uint8_t opcode() const { return static_cast<std::uint8_t>(flags >> 11 & 15); }
  [[nodiscard]] bool authoritative() const { return (flags & 0x0400) != 0; }
  [[nodiscard]] bool truncated() const { return (flags & 0x0200) != 0; }
  [[nodiscard]] bool recursion_desired() const { return (flags & 0x0100) != 0; }
  [[nodiscard]] bool recursion_available() const { return (flags & 0x0080) != 0; }
  [[nodiscard]] bool z() const { return (flags & 0x0040) != 0; }
  [[nodiscard]] std::uint8_t rcode() const { return flags & 15; }
};

// The texts of a message, in one piece of memory where they fit.
class Texts {
 public:
  // How long they may well be together.
  void expect(std::size_t bytes);
  // The copy stays where it is as long as this lives, also when this is moved.
  [[nodiscard]] std::string_view keep(std::string_view text);

 private:
  std::unique_ptr<char[]> first_;
  std::vector<std::unique_ptr<char[]>> more_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

// Texts of names and records lie in Message::texts.
struct Name {
  std::string_view text;  // labels with dots between; "" is the root
  bool cut = false;       // there was more
};

struct Question {
  Name name;
  std::uint16_t type = 0, class_ = 0;
};

struct SoaData {
  Name primary, mailbox;
  std::uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0;
};
struct SrvData {
  std::uint16_t priority = 0, weight = 0, port = 0;
  Name target;
};
struct SshfpData {
  std::uint8_t algorithm = 0, type = 0;
  std::string_view fingerprint;
};
// Addresses as text, the name of CNAME and its like, one string of TXT, the bytes of NULL.
struct TextData {
  Name value;
};

struct Record {
  Name name;
  std::uint16_t type = 0, class_ = 0;
  std::uint32_t ttl = 0;
  std::variant<std::monostate, TextData, SoaData, SrvData, SshfpData> data;
};

struct Faults {
  bool name_too_long = false, infinite_loop = false, too_many_labels = false;
};

struct Message {
  Texts texts;
  Header header;
  std::vector<Question> questions;
  std::vector<Record> answers, authorities;
  Faults faults;
};

enum class Reading : std::uint8_t {
  kWhole,
  kShort,     // it ends before what its header announces
  kMalformed  // a name or a record cannot be
};

// False: fewer than kHeaderBytes.
[[nodiscard]] bool read_header(ByteSpan bytes, Header& out);
// Header, questions, answers and authorities; whatever could be read before a fault stays in `out`.
[[nodiscard]] Reading read_message(ByteSpan bytes, Message& out);

// How much like DNS a message looks.
enum class Likeness : std::uint8_t {
  kNo,
  kHeader,  // the header can be one, and what follows does not contradict it
  kStrict   // every field is plausible and the sections end where the message does
};
[[nodiscard]] Likeness likeness(ByteSpan bytes);
// Can these be the first bytes of a message of `length` bytes? They may be fewer than a header.
[[nodiscard]] bool could_begin(ByteSpan bytes, std::size_t length);

}  // namespace bulkhead::app::dns

#include "datapath/app/dns/dns_message.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "datapath/app/dns/dns_names.h"
#include "datapath/base/ip_address.h"
#include "datapath/base/text_encoding.h"

namespace bulkhead::app::dns {
namespace {

// What one message may cost: labels and pointers followed, bytes of text kept. Compression makes a name of a two byte
// pointer, so without a limit 64 KB would become megabytes.
constexpr std::size_t kCostBase = 4096, kCostPerByte = 32;

constexpr std::uint16_t kHighestOpcode = 6;    // DSO, RFC 8490
constexpr std::size_t kMaxLabel = 63;          // RFC 1035 3.1
constexpr std::size_t kLeastRecordBytes = 11;  // the root, type, class, TTL, length
constexpr std::size_t kExpectedRecords = 16;   // room for more comes as they do
constexpr std::size_t kExpectedText = 2048, kMoreText = 4096;
constexpr std::size_t kLeastItemBytes = 2;  // of a question or record: a pointer to its name, the rest cut off

class MessageReader {
 public:
  MessageReader(ByteSpan bytes, Faults& faults, Texts& texts)
      : bytes_(bytes), faults_(faults), texts_(texts), left_(kCostBase + kCostPerByte * bytes.size()) {}

  [[nodiscard]] std::size_t position() const { return at_; }
  void go_to(std::size_t position) { at_ = position; }
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - at_; }

  Reading question(Question& out) {
    if (const Reading r = name(bytes_.size(), false, out.name); r != Reading::kWhole) return r;
    if (remaining() < 4) return Reading::kShort;
    out.type = load_be16(&bytes_[at_]);
    out.class_ = load_be16(&bytes_[at_ + 2]);
    at_ += 4;
    return Reading::kWhole;
  }

  // Appends the record, or what it consists of.
  Reading record(std::vector<Record>& out) {
    Name owner;
    if (const Reading r = name(bytes_.size(), false, owner); r != Reading::kWhole) return r;
    if (remaining() < 10) return Reading::kShort;
    const Byte* fixed = &bytes_[at_];
    const std::size_t length = load_be16(fixed + 8);
    at_ += 10;
    if (remaining() < length) return Reading::kShort;
    const std::size_t end = at_ + length;
    const auto begin = [&](Record& record) {
      record.name = owner;
      record.type = load_be16(fixed);
      record.class_ = load_be16(fixed + 2);
      record.ttl = load_be32(fixed + 4);
    };
    if (load_be16(fixed) == rrtype::kTxt && length != 0) {
      Record of_each;
      begin(of_each);
      if (const Reading r = texts(of_each, end, out); r != Reading::kWhole) return r;
    } else {
      Record& record = out.emplace_back();
      begin(record);
      if (const Reading r = length == 0 ? Reading::kWhole : data(record, end); r != Reading::kWhole) {
        out.pop_back();
        return r;
      }
    }
    at_ = end;
    return Reading::kWhole;
  }

  // Steps over a record without keeping anything. Its type and class are for the caller to judge.
  Reading skip_record(std::uint16_t& type, std::uint16_t& record_class) {
    if (const Reading r = walk(bytes_.size(), false); r != Reading::kWhole) return r;
    if (remaining() < 10) return Reading::kShort;
    type = load_be16(&bytes_[at_]);
    record_class = load_be16(&bytes_[at_ + 2]);
    const std::size_t length = load_be16(&bytes_[at_ + 8]);
    at_ += 10;
    if (remaining() < length) return Reading::kShort;
    at_ += length;
    return Reading::kWhole;
  }

 private:
  [[nodiscard]] bool pay(std::size_t cost) {
    if (cost > left_) {
      faults_.too_many_labels = true;
      return false;
    }
    left_ -= cost;
    return true;
  }

  // Up to `end` the name may run on without pointers; `open`: there it may also just stop (the last name of a record).
  Reading name(std::size_t end, bool open, Name& out) {
    const std::size_t begin = at_;
    const std::size_t pointer = pointer_at(begin, end);
    for (const Known& known : known_) {  // names point to few others: most to the question's
      if (pointer == kNoPointer || known.at != pointer || pointer == begin) continue;
      if (!pay(known.cost + 1)) return Reading::kMalformed;
      out = known.name;
      at_ = begin + 2;
      return Reading::kWhole;
    }
    const std::size_t before = left_;
    const Reading reading = walk(end, open);
    if (reading != Reading::kWhole) return reading;
    out.text = texts_.keep({text_.data(), text_size_});
    out.cut = cut_;
    remember(pointer, begin, end, before - left_, out);
    return reading;
  }

  // Where a name that begins with a pointer goes on.
  [[nodiscard]] std::size_t pointer_at(std::size_t at, std::size_t end) const {
    if (at >= end || end - at < 2 || bytes_[at] < 0xc0) return kNoPointer;
    return load_be16(&bytes_[at]) & 0x3fff;
  }

  // Only where whoever points there later would read the same.
  void remember(std::size_t pointer, std::size_t begin, std::size_t end, std::size_t cost, const Name& name) {
    if (cost > kMaxNameSteps / 2 || cost == 0) return;  // far from any limit
    if (pointer != kNoPointer) {
      known_[1] = {pointer, cost - 1, name};
    } else if (end == bytes_.size() && begin == kHeaderBytes) {
      known_[0] = {begin, cost, name};
    }
  }

  // Leaves the name in text_, text_size_ and cut_.
  Reading walk(std::size_t end, bool open) {
    text_size_ = 0;
    cut_ = false;
    std::size_t at = at_, limit = end;
    bool jumped = false;
    const auto leave = [&](std::size_t behind) {
      if (!jumped) at_ = behind;
      return Reading::kWhole;
    };
    for (std::size_t step = 0;; ++step) {
      if (step == kMaxNameSteps) {
        // Whoever followed a pointer knows where the name ends; else the message is lost.
        faults_.too_many_labels = true;
        if (!jumped) return Reading::kMalformed;
        faults_.name_too_long = true;
        cut_ = true;
        return Reading::kWhole;
      }
      if (at >= limit) return jumped || open ? leave(at) : Reading::kShort;
      const std::uint8_t lead = bytes_[at];
      if (lead == 0) return leave(at + 1);
      if (lead <= kMaxLabel) {
        if (limit - at < 1U + lead) return Reading::kShort;
        if (!add_label(at + 1, lead)) return Reading::kMalformed;
        at += 1U + lead;
      } else if (lead >= 0xc0) {
        if (limit - at < 2) return Reading::kShort;
        const std::size_t target = load_be16(&bytes_[at]) & 0x3fff;
        if (target > bytes_.size() || !pay(1)) return Reading::kMalformed;
        if (target == at) {
          if (!jumped) return Reading::kMalformed;
          faults_.infinite_loop = true;
          return Reading::kWhole;
        }
        if (!jumped) at_ = at + 2;
        jumped = true;
        at = target;
        limit = bytes_.size();
      } else {
        return Reading::kMalformed;  // 01 and 10 mean nothing (RFC 1035 4.1.4)
      }
    }
  }

  [[nodiscard]] bool add_label(std::size_t at, std::size_t size) {
    if (!pay(1 + size)) return false;
    if (cut_) return true;
    if (text_size_ != 0) text_[text_size_++] = '.';
    if (bytes_.size() - at >= kMaxLabel + 1) {
      std::memcpy(&text_[text_size_], &bytes_[at], kMaxLabel + 1);  // of a fixed size; there is room for it
    } else {
      std::memcpy(&text_[text_size_], &bytes_[at], size);
    }
    text_size_ += size;
    if (text_size_ > kMaxNameBytes) {
      text_size_ = kMaxNameBytes;
      cut_ = true;
      faults_.name_too_long = true;
    }
    return true;
  }

  Reading data(Record& record, std::size_t end) {
    switch (record.type) {
      case rrtype::kA: return address(record, end, 4);
      case rrtype::kAaaa: return address(record, end, 16);
      case rrtype::kNs:
      case rrtype::kCname:
      case rrtype::kPtr: return host(record, end);
      case rrtype::kMx:
        if (end - at_ < 2) return Reading::kMalformed;
        at_ += 2;
        return host(record, end);
      case rrtype::kNull: return keep_text(record, bytes_.subspan(at_, end - at_));
      case rrtype::kSoa: return soa(record, end);
      case rrtype::kSrv: return srv(record, end);
      case rrtype::kSshfp: return sshfp(record, end);
      default: return Reading::kWhole;
    }
  }

  // Of another length than an address has: there, and empty.
  Reading address(Record& record, std::size_t end, std::size_t length) {
    TextData& text = record.data.emplace<TextData>();
    if (end - at_ != length) return Reading::kWhole;
    const IpAddress ip = length == 4 ? IpAddress::v4(load_be32(&bytes_[at_])) : IpAddress::v6(&bytes_[at_]);
    text.value.text = texts_.keep(AddressText(ip).view());
    return Reading::kWhole;
  }

  Reading host(Record& record, std::size_t end) {
    return closed(name(end, true, record.data.emplace<TextData>().value));
  }

  Reading keep_text(Record& record, ByteSpan bytes) {
    if (!pay(bytes.size())) return Reading::kMalformed;
    record.data.emplace<TextData>().value.text = keep(bytes);
    return Reading::kWhole;
  }

  Reading texts(const Record& record, std::size_t end, std::vector<Record>& out) {
    while (at_ < end) {
      const std::size_t length = bytes_[at_++];
      if (end - at_ < length) return Reading::kMalformed;
      if (!pay(1 + record.name.text.size())) return Reading::kMalformed;
      Record part{record.name, record.type, record.class_, record.ttl, {}};
      if (const Reading r = keep_text(part, bytes_.subspan(at_, length)); r != Reading::kWhole) return r;
      out.push_back(part);
      at_ += length;
    }
    return Reading::kWhole;
  }

  Reading soa(Record& record, std::size_t end) {
    SoaData& soa = record.data.emplace<SoaData>();
    for (Name* each : {&soa.primary, &soa.mailbox}) {
      if (const Reading r = closed(name(end, false, *each)); r != Reading::kWhole) return r;
    }
    if (end - at_ < 20) return Reading::kMalformed;
    for (std::uint32_t* number : {&soa.serial, &soa.refresh, &soa.retry, &soa.expire, &soa.minimum}) {
      *number = load_be32(&bytes_[at_]);
      at_ += 4;
    }
    return Reading::kWhole;
  }

  Reading srv(Record& record, std::size_t end) {
    if (end - at_ < 6) return Reading::kMalformed;
    SrvData& srv = record.data.emplace<SrvData>();
    srv.priority = load_be16(&bytes_[at_]);
    srv.weight = load_be16(&bytes_[at_ + 2]);
    srv.port = load_be16(&bytes_[at_ + 4]);
    at_ += 6;
    return closed(name(end, true, srv.target));
  }

  Reading sshfp(Record& record, std::size_t end) {
    if (end - at_ < 2) return Reading::kMalformed;
    SshfpData& sshfp = record.data.emplace<SshfpData>();
    sshfp.algorithm = bytes_[at_];
    sshfp.type = bytes_[at_ + 1];
    const ByteSpan print = bytes_.subspan(at_ + 2, end - at_ - 2);
    if (!pay(print.size())) return Reading::kMalformed;
    sshfp.fingerprint = keep(print);
    return Reading::kWhole;
  }

  [[nodiscard]] std::string_view keep(ByteSpan bytes) {
    return texts_.keep({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  // The record is there as a whole, so what is short within it cannot become longer.
  static Reading closed(Reading r) { return r == Reading::kShort ? Reading::kMalformed : r; }

  static constexpr std::size_t kNoPointer = SIZE_MAX;
  struct Known {
    std::size_t at = kNoPointer;
    std::size_t cost = 0;  // of reading it
    Name name;
  };

  ByteSpan bytes_;
  Faults& faults_;
  Texts& texts_;
  std::array<char, kMaxNameBytes + kMaxLabel + 2> text_;  // of the name that is being read; one dot and label too many
  std::size_t text_size_ = 0;
  bool cut_ = false;
  std::size_t at_ = kHeaderBytes;
  std::size_t left_;              // to pay with
  std::array<Known, 2> known_{};  // the question's name, and what a name pointed to last
};

// Classes of questions and records: IN, CH, HS, NONE, ANY; the top bit is mDNS's.
bool is_class(std::uint16_t value) {
  const std::uint16_t plain = value & 0x7fff;
  return plain == 1 || plain == 3 || plain == 4 || plain == 254 || plain == 255;
}

bool header_is_plausible(const Header& h, std::size_t size) {
  const std::size_t items = std::size_t{h.questions} + h.answers + h.authorities + h.additional;
  return items * kLeastItemBytes <= size - kHeaderBytes;
}

bool flags_are_usual(const Header& h) {
  return !h.z() && h.opcode() <= kHighestOpcode && h.opcode() != 3;
}

// As a client or a server would write it, so that other protocols are not taken for DNS on any port.
bool header_is_usual(const Header& h) {
  const bool update = h.opcode() == 5;  // RFC 2136: the sections hold zones and prerequisites
  if (!flags_are_usual(h) || h.questions > 4) return false;
  if (h.is_response()) return h.rcode() <= 10;
  return h.questions > 0 && h.rcode() == 0 && !h.authoritative() && h.additional <= 4 &&
         (update || (h.answers <= 1 && h.authorities <= 1));
}

// Everything behind the header is whole and plausible.
bool sections_are_usual(const Header& h, MessageReader& reader) {
  for (std::uint32_t i = 0; i < h.questions; ++i) {
    Question question;
    if (reader.question(question) != Reading::kWhole || !is_class(question.class_) || question.type == 0) return false;
  }
  const std::size_t records = std::size_t{h.answers} + h.authorities + h.additional;
  for (std::size_t i = 0; i < records; ++i) {
    std::uint16_t type = 0, record_class = 0;
    if (reader.skip_record(type, record_class) != Reading::kWhole || type == 0) return false;
    if (type != rrtype::kOpt && !is_class(record_class)) return false;  // OPT has the size of buffers there
  }
  return reader.remaining() == 0;
}

}  // namespace

void Texts::expect(std::size_t bytes) {
  first_ = std::make_unique_for_overwrite<char[]>(bytes);
  at_ = first_.get();
  left_ = bytes;
}

std::string_view Texts::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > left_) {
    left_ = std::max(text.size(), kMoreText);
    at_ = more_.emplace_back(std::make_unique_for_overwrite<char[]>(left_)).get();
  }
  char* const begin = at_;
  std::memcpy(begin, text.data(), text.size());
  at_ += text.size();
  left_ -= text.size();
  return {begin, text.size()};
}

bool read_header(ByteSpan bytes, Header& out) {
  if (bytes.size() < kHeaderBytes) return false;
  std::size_t at = 0;
  for (std::uint16_t* field : {&out.id, &out.flags, &out.questions, &out.answers, &out.authorities, &out.additional}) {
    *field = load_be16(&bytes[at]);
    at += 2;
  }
  return true;
}

Reading read_message(ByteSpan bytes, Message& out) {
  if (!read_header(bytes, out.header)) return Reading::kShort;
  out.texts.expect(std::min(bytes.size() * 2, kExpectedText));
  MessageReader reader(bytes, out.faults, out.texts);
  for (std::uint32_t i = 0; i < out.header.questions; ++i) {
    if (const Reading r = reader.question(out.questions.emplace_back()); r != Reading::kWhole) {
      out.questions.pop_back();
      return r;
    }
  }
  const auto expect = [&](std::vector<Record>& records, std::size_t said) {
    records.reserve(std::min({said, bytes.size() / kLeastRecordBytes, kExpectedRecords}));
  };
  expect(out.answers, out.header.answers);
  for (std::uint32_t i = 0; i < out.header.answers; ++i) {
    if (const Reading r = reader.record(out.answers); r != Reading::kWhole) return r;
  }
  expect(out.authorities, out.header.authorities);
  for (std::uint32_t i = 0; i < out.header.authorities; ++i) {
    if (const Reading r = reader.record(out.authorities); r != Reading::kWhole) return r;
  }
  return Reading::kWhole;
}

Likeness likeness(ByteSpan bytes) {
  Header header;
  if (!read_header(bytes, header) || !header_is_plausible(header, bytes.size())) return Likeness::kNo;
  Faults faults;
  Texts texts;
  MessageReader reader(bytes, faults, texts);
  if (header_is_usual(header) && sections_are_usual(header, reader)) return Likeness::kStrict;
  Message message;
  return read_message(bytes, message) == Reading::kMalformed ? Likeness::kNo : Likeness::kHeader;
}

bool could_begin(ByteSpan bytes, std::size_t length) {
  if (length < kHeaderBytes) return false;
  Header header;
  if (!read_header(bytes, header)) {
    if (bytes.size() >= 4) header.flags = load_be16(&bytes[2]);
    return flags_are_usual(header);
  }
  if (!header_is_plausible(header, length)) return false;
  Message message;
  return read_message(bytes, message) != Reading::kMalformed;
}

}  // namespace bulkhead::app::dns

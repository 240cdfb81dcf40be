// What a worker tells the behaviour thread: records of fixed size, made from facts that the engine has anyway.
//
//   kOpen       a flow's first packet
//   kAnswered   both ends have been heard; TCP: the connection came about
//   kMilestone  at 8 packets or 3 s, every 30 s, and at the end; its text is what the client sent first, for models
//   kFact       of a transaction: what was asked, what came of it, a name in DNS
//   kLink       an ARP message
//
// Thread   made by a worker, moved through a ring to the behaviour thread.
// Units    packet time; entropy in sixteenths of a bit per byte.
// Fields   those below the name of another kind hold anything.
// Limits   text is cut to kTextBytes; a full ring drops records, counted, never packets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "datapath/app/application_protocol.h"
#include "datapath/base/byte_reader.h"
#include "datapath/base/flow_key.h"
#include "datapath/base/ip_address.h"
#include "datapath/base/text_hash.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::behaviour {

enum class ObservationKind : std::uint8_t { kOpen, kAnswered, kMilestone, kFact, kLink };
enum class MilestoneCause : std::uint8_t { kPackets, kAge, kPeriod, kEnd };

enum class FactKind : std::uint8_t {
  kVerb,         // what was asked: "GET /api/items/*", "CONFIG", "COPY FROM PROGRAM"
  kQuestion,     // the type of a DNS question: "TXT"; the engine makes it of kName
  kClientError,  // refused as wrong: HTTP 4xx
  kServerError,  // HTTP 5xx
  kAuthFailed,   // a login was refused
  kNoSuchName,   // NXDOMAIN
  kName,         // a name was asked for; operation is the type of the question
  kAddressName,  // an answer says that `address` has this name
  kServerName,   // of a TLS client or of an HTTP request
  kJa3,          // of a TLS client
  kJa4,
  kAlert,  // a rule fired: number is its sid, operation its severity, the text its message
};

// What a text still is: the worker may leave its shape to who reads the record (facts.h).
enum class TextForm : std::uint8_t {
  kDone,
  kRequest,    // method and URI of a request; operation: how long the method is
  kStatement,  // SQL
};

struct Observation {
  static constexpr std::size_t kTextBytes = 64;
  static constexpr std::size_t kRawBytes = 120;  // of a text without its shape; longer ones are shaped at once

  Timestamp time;
  std::uint64_t flow = 0;
  std::uint64_t packet = 0;
  FlowTuple client;             // source is the client
  std::uint32_t interface = 0;  // where the client's packets come in; 0: not known
  ObservationKind kind = ObservationKind::kOpen;
  app::AppProtocol protocol = app::AppProtocol::kUnknown;
  // The client cannot be forged: the handshake was seen, and the packet belongs into the connection.
  bool verified = false;
  bool midstream = false;

  // kFact, kMilestone
  std::uint64_t number = 0;      // of a text that was cut: the hash of the whole; of an alert: the rule's sid
  std::uint16_t whole_size = 0;  // of the text before it was cut
  std::uint8_t text_size = 0;
  FactKind fact = FactKind::kVerb;
  std::uint16_t operation = 0;      // of an alert: the severity; of a name: the question's type; of kLink: ARP's
  TextForm form = TextForm::kDone;  // stands where it takes one byte of a packed record, not eight
  std::array<char, kRawBytes> text_bytes{};

  // kLink; of facts kAddressName
  IpAddress address;
  MacAddress sender_mac;
  IpAddress sender, target;

  // kMilestone: of the flow so far, by Direction.
  MilestoneCause cause = MilestoneCause::kPackets;
  bool answered = false, refused = false;
  bool asked = false, replied = false;  // bytes of a payload have come from the client, from the server
  bool server_first = false;            // the server spoke before the client did
  std::uint8_t first_entropy = 0;       // of the client's first payload; 0: not known (ObserverNeeds)
  std::uint16_t turns = 0;              // how often the other end began to speak
  std::array<std::uint32_t, 2> packets{};
  std::array<std::uint64_t, 2> bytes{};    // with headers
  std::array<std::uint64_t, 2> payload{};  // without
  Nanoseconds age{0};

  // Of a name the end is kept, which says whose it is.
  void set_text(std::string_view text, bool keep_end = false);
  // Two parts of a text as it came, of kRawBytes at most together.
  void set_raw(TextForm as, std::string_view first, std::string_view second);
  [[nodiscard]] std::string_view text() const { return {text_bytes.data(), text_size}; }
  // Of the whole text, cut or not.
  [[nodiscard]] std::uint64_t whole_hash() const { return whole_size > kTextBytes ? number : text_hash(text()); }
  // In few bytes, for this process alone; what its kind does not have is left as it was.
  std::size_t pack(Byte* out) const;
  void unpack(const Byte* in);

 private:
  // Calls `part` with place and length of each piece that belongs to the record; the first one tells which others do.
  template <typename Part>
  static void for_each_part(const Observation& record, Part&& part);
};

template <typename Part>
void Observation::for_each_part(const Observation& record, Part&& part) {
  static_assert(std::is_trivially_copyable_v<Observation>);
  constexpr std::size_t text = offsetof(Observation, text_bytes), link = offsetof(Observation, address),
                        milestone = offsetof(Observation, cause);
  part(0, text);
  if (record.text_size != 0) part(text, record.text_size);
  if (record.kind == ObservationKind::kLink || record.fact == FactKind::kAddressName) part(link, milestone - link);
  if (record.kind == ObservationKind::kMilestone) part(milestone, sizeof(Observation) - milestone);
}

inline void Observation::set_text(std::string_view text, bool keep_end) {
  form = TextForm::kDone;
  if (text.size() > kTextBytes) number = text_hash(text);
  whole_size = static_cast<std::uint16_t>(text.size() < UINT16_MAX ? text.size() : UINT16_MAX);
  text_size = static_cast<std::uint8_t>(text.size() < kTextBytes ? text.size() : kTextBytes);
  std::memcpy(text_bytes.data(), text.data() + (keep_end ? text.size() - text_size : 0), text_size);
}

inline void Observation::set_raw(TextForm as, std::string_view first, std::string_view second) {
  form = as;
  operation = static_cast<std::uint16_t>(first.size());
  text_size = static_cast<std::uint8_t>(first.size() + second.size());
  std::memcpy(text_bytes.data(), first.data(), first.size());
  std::memcpy(text_bytes.data() + first.size(), second.data(), second.size());
}

// What a record of its kind holds, most often 100 bytes of 328: the fields that all have, the text, what its kind alone
// has. `out` has room for an Observation; returns how many bytes were written.
inline std::size_t Observation::pack(Byte* out) const {
  std::size_t size = 0;
  for_each_part(*this, [&](std::size_t from, std::size_t length) {
    std::memcpy(out + size, reinterpret_cast<const Byte*>(this) + from, length);
    size += length;
  });
  return size;
}

// Only of what pack() wrote.
inline void Observation::unpack(const Byte* in) {
  for_each_part(*this, [&](std::size_t from, std::size_t length) {
    std::memcpy(reinterpret_cast<Byte*>(this) + from, in, length);
    in += length;
  });
}

// Where workers leave their records.
class ObservationSink {
 public:
  ObservationSink() = default;
  ObservationSink(const ObservationSink&) = delete;
  ObservationSink& operator=(const ObservationSink&) = delete;
  virtual ~ObservationSink() = default;
  virtual void take(const Observation& observation) = 0;  // the worker's thread; never blocks in a live tap
  // Texts may come without their shape, and finish_text() makes it where they are read.
  [[nodiscard]] virtual bool finishes_texts() const { return false; }
};

}  // namespace bulkhead::behaviour

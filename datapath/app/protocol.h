// What a protocol's folder offers to the rest: how it is recognised, its parser, the buffers, numbers and events
// that rules may name. One constant Protocol per folder; CMakeLists.txt lists the folders.
//
// Thread   constant data; the functions are called by any worker.
// Tests    tests/unit/datapath/app/protocol_table_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/application_protocol.h"
#include "datapath/app/transaction.h"
#include "datapath/base/byte_reader.h"
#include "datapath/base/flow_key.h"

namespace bulkhead::app {

enum class Probe : std::uint8_t { kNo, kMore, kYes };  // kMore: possible, too few bytes to tell

// A transaction's bytes under one name.
struct BufferView {
  ByteSpan bytes;
  std::uint64_t begin = 0;   // where bytes[0] lies in the whole, for bodies of which only a window is kept
  bool first = true;         // bytes[0] begins the line or body: '^' matches there
  std::uint64_t before = 0;  // kBodies: bytes of the bodies before this one
  bool ready = true;         // kFiles: false: there is such a file, too early to look at it
};

// What is made for rules alone, unless the operator wants it for the records.
enum class Feature : std::uint8_t { kNone, kJa3, kJa4, kHassh };

struct BufferDef {
  std::string_view keyword;   // sticky buffer: "http.uri"
  std::string_view alias;     // another sticky spelling, or ""
  std::string_view modifier;  // content modifier: "http_uri", or ""
  std::string_view help;
  enum class Kind : std::uint8_t {
    kSingle,  // one per transaction and direction
    kMulti,   // any number: get() is asked with index 0, 1, ... until it says no
    kBody,    // grows: looked at whenever there is more
    kBodies,  // any number of such; only the last one grows
    kFiles    // any number that grow, by index: what a rule asks for stands in one of them
  };
  Kind kind = Kind::kSingle;
  // By Direction: from which progress on the buffer is there; kNever: not in this direction.
  std::array<std::uint8_t, 2> progress{};
  static constexpr std::uint8_t kNever = 255;
  // False: the transaction has no such buffer (yet). The bytes live as long as the transaction does not change.
  bool (*get)(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) = nullptr;
  char pcre_flag = 0;  // letter behind a pcre that means this buffer, or 0
  Feature feature = Feature::kNone;
  // A digest in lower case of so many characters: contents of any other length are refused. 0: any text.
  std::uint16_t digest_length = 0;

  [[nodiscard]] bool has(Direction d) const { return progress[bulkhead::index_of(d)] != kNever; }
};

// A number of a transaction that rules may test:
//   KEYWORD:5  >5  <5  >=5  <=5  !5  3-7  3<>7      or a name of the list, or !NAME
// or, as kFlags, words for its bits, which must all be as they are written:
//   KEYWORD:username,!password
struct NumberName {
  std::string_view name;  // case ignored
  std::uint64_t value = 0;
};
struct NumberDef {
  std::string_view keyword;  // "mqtt.qos"
  std::string_view alias;    // another spelling, or ""
  std::string_view help;
  enum class Kind : std::uint8_t {
    kSingle,  // at most one per transaction and direction
    kMulti,   // any number: get() is asked with index 0, 1, ... until it says no; one has to fulfil the test
    kFlags    // as kMulti; `names` are masks
  };
  Kind kind = Kind::kSingle;
  // By Direction: from which progress on it can be there; kNever: not in this direction.
  std::array<std::uint8_t, 2> progress{};
  bool (*get)(const Transaction& tx, Direction d, std::uint32_t index, std::uint64_t& out) = nullptr;
  std::uint64_t max = UINT32_MAX;  // the largest that can be: a rule that asks for more has a mistake
  std::span<const NumberName> names{};

  [[nodiscard]] bool has(Direction d) const { return progress[bulkhead::index_of(d)] != BufferDef::kNever; }
};

// A test of a transaction with a language of its own.
struct TestDef {
  using Test = std::function<bool(const Transaction& tx, Direction d)>;
  std::string_view keyword;
  std::string_view alias;   // another spelling, or ""
  std::string_view syntax;  // "http2.settings:NAME[<|>|=]N;"
  std::string_view help;
  std::string_view example;                // options of a rule that loads
  bool needs_value = true;                 // false: the keyword may stand alone, compile() then gets ""
  std::array<std::uint8_t, 2> progress{};  // as NumberDef
  // What an option's value means, quotes taken off; null: nothing, and `error` says why.
  Test (*compile)(std::string_view value, std::string& error) = nullptr;

  [[nodiscard]] bool has(Direction d) const { return progress[bulkhead::index_of(d)] != BufferDef::kNever; }
};
// kFiles: the content of the files of a transaction.
bool get_file_content(Transaction& tx, Direction d, std::uint32_t index, BufferView& out);
// kMulti: their names.
bool get_file_name(Transaction& tx, Direction d, std::uint32_t index, BufferView& out);

struct EventDef {
  std::string_view keyword;  // app-layer-event:http.KEYWORD
  std::string_view record;   // as anomaly records spell it
  std::string_view alias;    // another spelling of the keyword, or ""
};

// The first datagram of a direction.
struct DatagramProbe {
  Direction direction = Direction::kToServer;
  ByteSpan data;
  std::uint16_t client_port = 0, server_port = 0;
};

struct Protocol {
  AppProtocol id = AppProtocol::kUnknown;
  std::string_view rule_prefix;  // "http": of event keywords, and the header name
  bool over_tcp = false, over_udp = false;
  std::array<std::uint8_t, 2> complete{};     // by Direction: the last progress
  std::array<bool, 2> may_begin{true, true};  // by Direction: may the first data of a conversation go this way?
  // By Direction: the bytes that its first data may begin with; nullopt: any. Spares calls of `probe`.
  std::array<std::optional<std::string_view>, 2> first_bytes{};
  // The types in eve.types that ask for its records: transactions that none of them wants are not formatted.
  std::array<std::string_view, 3> records{};
  // Looks at the first bytes of a direction (all of them so far; one datagram for UDP).
  Probe (*probe)(Direction d, ByteSpan data, std::uint16_t server_port) = nullptr;
  // For UDP, where it needs something else than `probe`.
  Probe (*probe_datagram)(const DatagramProbe& probe) = nullptr;
  // Do bytes that the probe has accepted show that they come from the other side than the flow says? Then the flow
  // is turned round: over UDP whoever was heard first counts as client, and midstream over TCP too.
  bool (*comes_from_other_side)(Direction d, ByteSpan data, bool datagram) = nullptr;
  std::unique_ptr<AppParser> (*make)(const AppSettings& settings) = nullptr;
  std::span<const BufferDef> buffers;
  std::span<const EventDef> events;
  std::span<const NumberDef> numbers;
  std::span<const TestDef> tests;
};

}  // namespace bulkhead::app

#include "datapath/app/amqp/amqp_parser.h"

#include <algorithm>
#include <iterator>

namespace bulkhead::app::amqp {
namespace {

constexpr std::uint32_t kMaxFrame = 16UL << 20;
constexpr std::string_view kHeader = "AMQP";

struct MethodName {
  std::uint16_t class_id, method_id;
  std::string_view name;
};
constexpr MethodName kMethods[] = {
    {10, 10, "connection.start"},
    {10, 11, "connection.start-ok"},
    {10, 20, "connection.secure"},
    {10, 21, "connection.secure-ok"},
    {10, 30, "connection.tune"},
    {10, 31, "connection.tune-ok"},
    {10, 40, "connection.open"},
    {10, 41, "connection.open-ok"},
    {10, 50, "connection.close"},
    {10, 51, "connection.close-ok"},
    {10, 60, "connection.blocked"},
    {10, 61, "connection.unblocked"},
    {20, 10, "channel.open"},
    {20, 11, "channel.open-ok"},
    {20, 20, "channel.flow"},
    {20, 21, "channel.flow-ok"},
    {20, 40, "channel.close"},
    {20, 41, "channel.close-ok"},
    {40, 10, "exchange.declare"},
    {40, 11, "exchange.declare-ok"},
    {40, 20, "exchange.delete"},
    {40, 21, "exchange.delete-ok"},
    {40, 30, "exchange.bind"},
    {40, 31, "exchange.bind-ok"},
    {40, 40, "exchange.unbind"},
    {40, 51, "exchange.unbind-ok"},
    {50, 10, "queue.declare"},
    {50, 11, "queue.declare-ok"},
    {50, 20, "queue.bind"},
    {50, 21, "queue.bind-ok"},
    {50, 30, "queue.purge"},
    {50, 31, "queue.purge-ok"},
    {50, 40, "queue.delete"},
    {50, 41, "queue.delete-ok"},
    {50, 50, "queue.unbind"},
    {50, 51, "queue.unbind-ok"},
    {60, 10, "basic.qos"},
    {60, 11, "basic.qos-ok"},
    {60, 20, "basic.consume"},
    {60, 21, "basic.consume-ok"},
    {60, 30, "basic.cancel"},
    {60, 31, "basic.cancel-ok"},
    {60, 40, "basic.publish"},
    {60, 50, "basic.return"},
    {60, 60, "basic.deliver"},
    {60, 70, "basic.get"},
    {60, 71, "basic.get-ok"},
    {60, 72, "basic.get-empty"},
    {60, 80, "basic.ack"},
    {60, 90, "basic.reject"},
    {60, 100, "basic.recover-async"},
    {60, 110, "basic.recover"},
    {60, 111, "basic.recover-ok"},
    {60, 120, "basic.nack"},
    {85, 10, "confirm.select"},
    {85, 11, "confirm.select-ok"},
    {90, 10, "tx.select"},
    {90, 11, "tx.select-ok"},
    {90, 20, "tx.commit"},
    {90, 21, "tx.commit-ok"},
    {90, 30, "tx.rollback"},
    {90, 31, "tx.rollback-ok"},
};

std::string take_short(ByteReader& reader) {
  return std::string(view_text(reader.bytes(reader.u8())));
}
ByteSpan take_long(ByteReader& reader) {
  const std::uint32_t length = reader.be32();
  if (length <= reader.remaining()) return reader.bytes(length);
  reader.skip(reader.remaining() + 1);
  return {};
}

// The value of a text field in a table of properties.
std::string text_in_table(ByteSpan table, std::string_view wanted) {
  ByteReader reader(table);
  while (!reader.at_end() && !reader.failed()) {
    const std::string_view name = view_text(reader.bytes(reader.u8()));
    switch (reader.u8()) {
      case 'S':
      case 'x': {
        const ByteSpan value = take_long(reader);
        if (name == wanted) return copy_text(value, 255);
        break;
      }
      case 'F':
      case 'A': take_long(reader); break;
      case 't':
      case 'b':
      case 'B': reader.skip(1); break;
      case 's':
      case 'u': reader.skip(2); break;
      case 'I':
      case 'i':
      case 'f': reader.skip(4); break;
      case 'D': reader.skip(5); break;
      case 'l':
      case 'L':
      case 'd':
      case 'T': reader.skip(8); break;
      case 'V': break;
      default: return {};
    }
  }
  return {};
}

// PLAIN: NUL user NUL password; AMQPLAIN: a table with LOGIN.
std::string user_of(std::string_view mechanism, ByteSpan response) {
  if (mechanism == "AMQPLAIN") return text_in_table(response, "LOGIN");
  const std::string_view text = view_text(response);
  const std::size_t first = text.find('\0');
  if (first == std::string_view::npos) return {};
  const std::string_view rest = text.substr(first + 1);
  return std::string(rest.substr(0, std::min<std::size_t>(rest.find('\0'), 255)));
}

}  // namespace

AmqpTransaction& AmqpParser::begin(Direction d) {
  AmqpTransaction& tx = add<AmqpTransaction>();
  tx.from_server = d == Direction::kToClient;
  return tx;
}

void AmqpParser::complete(AmqpTransaction& tx) {
  tx.advance(Direction::kToServer, exchange::kComplete);
  tx.advance(Direction::kToClient, exchange::kComplete);
}

FramedParser::Measure AmqpParser::measure(Direction, ByteSpan data, std::uint64_t& length) {
  if (data[0] == 'A') {
    if (data.size() < 8) return Measure::kMore;
    length = 8;
    return view_text(data.first(4)) == kHeader ? Measure::kKnown : Measure::kBad;
  }
  if (data.size() < 7) return Measure::kMore;
  const std::uint32_t size = load_be32(&data[3]);
  length = size + 8ULL;
  return (data[0] <= 3 || data[0] == 8) && data[0] != 0 && size <= kMaxFrame ? Measure::kKnown : Measure::kBad;
}

ParseResult::Status AmqpParser::message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment&) {
  if (shown[0] == 'A') return header(d, shown);
  const bool whole = shown.size() == length;
  if (whole && shown.back() != 0xce) {
    AmqpTransaction& tx = begin(d);
    tx.note(AmqpEvent::malformed_frame);
    complete(tx);
    return ParseResult::Status::kError;
  }
  if (shown[0] != 1) return ParseResult::Status::kOk;  // content and heartbeats
  AmqpTransaction& tx = begin(d);
  tx.channel = load_be16(&shown[1]);
  method(tx, shown.subspan(7, shown.size() - 7 - (whole ? 1 : 0)));
  complete(tx);
  return ParseResult::Status::kOk;
}

ParseResult::Status AmqpParser::header(Direction d, ByteSpan shown) {
  AmqpTransaction& tx = begin(d);
  tx.method = "protocol";
  const bool first_version = shown[4] == 0 && shown[5] == 0;
  tx.version = first_version ? std::to_string(shown[6]) + "-" + std::to_string(shown[7])
                             : std::to_string(shown[5]) + "." + std::to_string(shown[6]);
  if (first_version) tx.version.insert(0, "0-");
  const bool known = first_version && shown[6] == 9;
  if (d == Direction::kToClient && known) tx.note(AmqpEvent::version_refused);
  complete(tx);
  return known ? ParseResult::Status::kOk : ParseResult::Status::kDone;
}

void AmqpParser::method(AmqpTransaction& tx, ByteSpan payload) {
  ByteReader r(payload);
  const std::uint16_t class_id = r.be16(), method_id = r.be16();
  const auto* known = std::find_if(std::begin(kMethods), std::end(kMethods), [&](const MethodName& m) {
    return m.class_id == class_id && m.method_id == method_id;
  });
  if (known == std::end(kMethods)) {
    tx.method = std::to_string(class_id) + "." + std::to_string(method_id);
    return;
  }
  tx.method = known->name;
  const std::string_view name = known->name;
  if (name == "connection.start") {
    r.skip(2);
    tx.product = text_in_table(take_long(r), "product");
    tx.mechanism = copy_text(take_long(r), 255);
  } else if (name == "connection.start-ok") {
    tx.product = text_in_table(take_long(r), "product");
    tx.mechanism = take_short(r);
    user_ = user_of(tx.mechanism, take_long(r));
    tx.user = user_;
  } else if (name == "connection.open") {
    tx.vhost = take_short(r);
    tx.user = user_;
  } else if (name == "connection.open-ok") {
    logged_in_ = true;
  } else if (name == "connection.close" || name == "channel.close" || name == "basic.return") {
    tx.reply_code = r.be16();
    tx.error = take_short(r);
    if (tx.reply_code == 200) tx.error.clear();
    if (name == "basic.return") {
      tx.exchange = take_short(r);
      tx.routing_key = take_short(r);
    } else if (tx.from_server && (tx.reply_code == 403 || (tx.reply_code == 530 && !logged_in_))) {
      tx.user = user_;
      tx.auth_failed = true;
      tx.note(AmqpEvent::auth_failed);
    }
  } else if (name == "exchange.declare") {
    r.skip(2);
    tx.exchange = take_short(r);
    tx.exchange_type = take_short(r);
  } else if (name == "exchange.delete") {
    r.skip(2);
    tx.exchange = take_short(r);
  } else if (name == "queue.declare" || name == "queue.purge" || name == "queue.delete" || name == "basic.get") {
    r.skip(2);
    tx.queue = take_short(r);
  } else if (name == "queue.declare-ok") {
    tx.queue = take_short(r);
  } else if (name == "queue.bind" || name == "queue.unbind") {
    r.skip(2);
    tx.queue = take_short(r);
    tx.exchange = take_short(r);
    tx.routing_key = take_short(r);
  } else if (name == "basic.consume") {
    r.skip(2);
    tx.queue = take_short(r);
    tx.consumer = take_short(r);
  } else if (name == "basic.publish") {
    r.skip(2);
    tx.exchange = take_short(r);
    tx.routing_key = take_short(r);
  } else if (name == "basic.deliver") {
    tx.consumer = take_short(r);
    r.skip(9);
    tx.exchange = take_short(r);
    tx.routing_key = take_short(r);
  } else if (name == "basic.get-ok") {
    r.skip(9);
    tx.exchange = take_short(r);
    tx.routing_key = take_short(r);
  }
  if (r.failed()) tx.note(AmqpEvent::malformed_method);
}

Probe probe_amqp(Direction d, ByteSpan data, std::uint16_t) {
  const std::string_view text = view_text(data.first(std::min<std::size_t>(data.size(), 8)));
  if (!kHeader.starts_with(text.substr(0, 4))) {
    if (d == Direction::kToServer || data[0] != 1) return Probe::kNo;
    if (data.size() < 13) return Probe::kMore;  // connection.start
    return load_be16(&data[1]) == 0 && load_be16(&data[7]) == 10 && load_be16(&data[9]) == 10 && data[11] == 0 &&
                   data[12] == 9
               ? Probe::kYes
               : Probe::kNo;
  }
  if (text.size() < 8) return Probe::kMore;
  return data[4] <= 3 && (data[5] <= 1 || data[5] == 9) ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::amqp

#include "datapath/app/http2/http2_parser.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/http/http_uri.h"

namespace bulkhead::app::http2 {

namespace {

using http::Header;
using http::same_word;
namespace stage = http::stage;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHeader = 9;
constexpr std::uint32_t kMaxFrameType = 9;
namespace flag {
constexpr std::uint8_t kEndStream = 0x01, kAck = 0x01, kEndHeaders = 0x04, kPadded = 0x08, kPriority = 0x20;
}

std::string_view view(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename T>
void push_some(std::vector<T>& to, T value) {
  if (to.size() < kMaxNumbers) to.push_back(value);
}

// RFC 4648 5, padding left out or not; '+' and '/' as some senders have it.
bool decode_base64url(std::string_view text, std::string& out) {
  std::uint32_t held = 0;
  unsigned bits = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    std::uint32_t digit = 0;
    if (c >= 'A' && c <= 'Z') {
      digit = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '-' || c == '+') {
      digit = 62;
    } else if (c == '_' || c == '/') {
      digit = 63;
    } else {
      return false;
    }
    held = (held << 6) | digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits);
  }
  return true;
}

// Repeated fields are joined, as RFC 9113 8.2.3 says for cookies and RFC 9110 5.3 for all others.
void add_header(http::Headers& headers, const HeaderField& field) {
  constexpr std::uint32_t kRepetitions = 64;
  const http::Headers::Text line =
      headers.append(std::string(field.name).append(": ").append(field.value).append("\r\n"));
  const http::Headers::Text name = line.part(0, field.name.size());
  const http::Headers::Text value = line.part(field.name.size() + 2, field.value.size());
  const std::uint32_t times = headers.add(name, value);
  if (times == 1 || times > kRepetitions) return;
  headers.join(name, same_word(field.name, "cookie") ? "; " : ", ", value);
}

}  // namespace

Http2Parser::Http2Parser(const AppSettings& settings)
    : app_(settings),
      settings_(settings.http2),
      http_(settings.http),
      sides_{Side(settings.http2), Side(settings.http2)} {
  http_.request.limit = http_.response.limit = 0;
}

// --- streams ---

Http2Transaction& Http2Parser::add_stream(std::uint32_t id) {
  Http2Transaction& tx = add(std::make_unique<Http2Transaction>(http_, id));
  if (id == 0 || by_id_.empty()) return tx;
  if (by_id_.size() >= std::size_t{2} * settings_.max_streams) {
    std::erase_if(by_id_, [](const auto& entry) { return entry.second == nullptr; });
  }
  by_id_[id] = &tx;
  return tx;
}

Http2Transaction* Http2Parser::find_stream(std::uint32_t id) {
  constexpr std::size_t kMany = 64;
  if (transactions().size() <= kMany) {
    by_id_.clear();
    for (auto at = transactions().rbegin(); at != transactions().rend(); ++at) {
      auto& tx = static_cast<Http2Transaction&>(**at);
      if (tx.stream_id == id) return &tx;
    }
    return nullptr;
  }
  if (by_id_.empty()) {
    for (const auto& each : transactions()) {
      auto& tx = static_cast<Http2Transaction&>(*each);
      if (tx.stream_id != 0) by_id_[tx.stream_id] = &tx;
    }
  }
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

Http2Transaction* Http2Parser::stream(Direction d, std::uint32_t id, bool opens) {
  if (Http2Transaction* known = id != 0 ? find_stream(id) : nullptr; known != nullptr) {
    const bool ended = known->progress[0] >= stage::kComplete && known->progress[1] >= stage::kComplete;
    if (!ended || !opens) return known;
    known->note(Http2Event::stream_id_reuse);
  }
  if (transactions().size() >= settings_.max_streams) {
    if (!too_many_noted_) static_cast<Http2Transaction&>(*transactions().back()).note(Http2Event::too_many_streams);
    too_many_noted_ = true;
    return nullptr;
  }
  static_cast<void>(d);
  return &add_stream(id);
}

void Http2Parser::note_frame(Direction d, Http2Transaction& tx, FrameType type) {
  auto& frames = tx.part(d).frames;
  const auto number = static_cast<std::uint8_t>(type);
  if (std::find(frames.begin(), frames.end(), number) == frames.end()) push_some(frames, number);
  tx.touch(d);
}

// --- bytes to frames ---

ParseResult Http2Parser::parse(Direction d, ByteSpan data, const ParseMoment& moment) {
  moment_ = moment;
  if (side(d).lost) return {ParseResult::Status::kOk, data.size(), AppProtocol::kUnknown};
  std::size_t used = 0;
  while (used < data.size()) {
    const std::size_t taken = step(d, data.subspan(used));
    if (taken == 0) break;
    used += taken;
  }
  return {ParseResult::Status::kOk, used, AppProtocol::kUnknown};
}

std::size_t Http2Parser::step(Direction d, ByteSpan bytes) {
  Side& s = side(d);
  if (d == Direction::kToServer && !s.preface_done) {
    const std::string_view text = view(bytes);
    const std::size_t common = std::min(text.size(), kPreface.size());
    if (text.substr(0, common) == kPreface.substr(0, common)) {
      if (common < kPreface.size()) return 0;
      s.preface_done = true;
      return kPreface.size();
    }
    // Seen from its middle, or wrong; frames are looked for all the same.
    s.preface_done = true;
    add_stream(0).note(Http2Event::invalid_client_magic);
    finish(Direction::kToServer, static_cast<Http2Transaction&>(*transactions().back()), true);
    finish(Direction::kToClient, static_cast<Http2Transaction&>(*transactions().back()), true);
  }
  if (s.data_left != 0) {
    const std::size_t part = std::min<std::size_t>(s.data_left, bytes.size());
    data(d, bytes.first(part));
    s.data_left -= static_cast<std::uint32_t>(part);
    if (s.data_left == 0) end_data(d);
    return part;
  }
  if (s.skip != 0) {
    const std::size_t part = std::min<std::uint64_t>(s.skip, bytes.size());
    s.skip -= part;
    return part;
  }
  if (bytes.size() < kFrameHeader) return 0;
  Frame f;
  f.length = load_be24(bytes.data());
  const std::uint8_t type = bytes[3];
  f.type = static_cast<FrameType>(type);
  f.flags = bytes[4];
  f.stream = load_be32(&bytes[5]) & 0x7FFFFFFFU;
  if (type > kMaxFrameType) {  // RFC 9113 5.5: to be ignored; that it was there can be seen
    if (Http2Transaction* tx = stream(d, f.stream, false)) {
      note_frame(d, *tx, f.type);
      if (f.stream == 0) finish_both(*tx);
    }
    s.skip = f.length;
    return kFrameHeader;
  }
  if (f.type == FrameType::kData) {
    const bool padded = f.has(flag::kPadded) && f.length > 0;
    if (padded && bytes.size() < kFrameHeader + 1) return 0;
    begin_data(d, f, padded ? bytes[kFrameHeader] : std::uint8_t{0});
    return kFrameHeader + (padded ? 1 : 0);
  }
  if (f.length > settings_.max_frame) {
    if (Http2Transaction* tx = stream(d, f.stream, false)) {
      note_frame(d, *tx, f.type);
      tx->note(Http2Event::long_frame_data);
      if (f.stream == 0) finish_both(*tx);
    }
    s.skip = f.length;
    return kFrameHeader;
  }
  if (bytes.size() < kFrameHeader + f.length) return 0;
  frame(d, f, bytes.subspan(kFrameHeader, f.length));
  return kFrameHeader + f.length;
}

void Http2Parser::frame(Direction d, const Frame& f, ByteSpan content) {
  if (f.type == FrameType::kHeaders || f.type == FrameType::kPushPromise) return headers(d, f, content);
  if (f.type == FrameType::kContinuation) return continuation(d, f, content);
  if (f.type == FrameType::kSettings) return settings(d, f, content);
  if (f.type == FrameType::kRstStream) return reset(d, f, content);
  Http2Transaction* tx = stream(d, f.stream, false);
  if (tx == nullptr) return;
  note_frame(d, *tx, f.type);
  StreamSide& part = tx->part(d);
  ByteReader in(content);
  std::uint32_t number = 0;
  switch (f.type) {
    case FrameType::kPriority:
      in.be32();
      number = in.u8();
      break;
    case FrameType::kWindowUpdate: number = in.be32() & 0x7FFFFFFFU; break;
    case FrameType::kGoaway:
      in.be32();
      number = in.be32();
      part.goaway = true;
      break;
    case FrameType::kPing: in.be64(); break;
    default: break;
  }
  const bool exact = f.type != FrameType::kGoaway;
  if (in.failed() || (exact && !in.at_end())) {
    tx->note(Http2Event::invalid_frame_length);
  } else if (f.type != FrameType::kPing) {
    push_some(f.type == FrameType::kPriority       ? part.priorities
              : f.type == FrameType::kWindowUpdate ? part.windows
                                                   : part.errors,
              number);
  }
  if (f.stream == 0) finish_both(*tx);
}

void Http2Parser::finish_both(Http2Transaction& tx) {
  finish(Direction::kToServer, tx, true);
  finish(Direction::kToClient, tx, true);
}

// An acknowledgement, and settings that say nothing, are no transaction.
void Http2Parser::settings(Direction d, const Frame& f, ByteSpan content) {
  if (content.empty()) return;
  Http2Transaction* tx = stream(d, f.stream, false);
  if (tx == nullptr) return;
  note_frame(d, *tx, f.type);
  if (f.stream != 0) tx->note(Http2Event::invalid_frame_header);
  if (content.size() % 6 != 0 || (f.has(flag::kAck))) tx->note(Http2Event::invalid_frame_length);
  ByteReader in(content);
  auto& list = tx->part(d).settings;
  while (in.remaining() >= 6 && list.size() < kMaxSettings) {
    const std::uint16_t id = in.be16();
    list.push_back({id, in.be32()});
  }
  if (f.stream == 0) finish_both(*tx);
}

void Http2Parser::reset(Direction d, const Frame& f, ByteSpan content) {
  Http2Transaction* tx = stream(d, f.stream, false);
  if (tx == nullptr) return;
  note_frame(d, *tx, f.type);
  if (f.stream == 0) tx->note(Http2Event::invalid_frame_header);
  if (content.size() == 4) {
    push_some(tx->part(d).errors, load_be32(content.data()));
  } else {
    tx->note(Http2Event::invalid_frame_length);
  }
  finish(Direction::kToServer, *tx, false);
  finish(Direction::kToClient, *tx, false);
}

// --- DATA ---

void Http2Parser::begin_data(Direction d, const Frame& f, std::uint8_t padding) {
  Side& s = side(d);
  const std::uint32_t head = f.has(flag::kPadded) && f.length > 0 ? 1 : 0;
  std::uint32_t length = f.length - head;
  s.data_tx = stream(d, f.stream, false);
  if (padding > length) {
    if (s.data_tx != nullptr) s.data_tx->note(Http2Event::invalid_frame_data);
    s.skip = length;
    return;
  }
  length -= padding;
  s.data_left = length;
  s.skip = padding;
  s.data_ends = f.has(flag::kEndStream);
  if (s.data_tx != nullptr) {
    note_frame(d, *s.data_tx, f.type);
    if (f.stream == 0) s.data_tx->note(Http2Event::invalid_frame_header);
  }
  if (length == 0) end_data(d);
}

void Http2Parser::data(Direction d, ByteSpan bytes) {
  Http2Transaction* tx = side(d).data_tx;
  if (tx == nullptr || tx->progress[bulkhead::index_of(d)] >= stage::kComplete) return;
  StreamSide& part = tx->part(d);
  if (part.body == nullptr) {
    part.body = std::make_unique<http::MessageBody>(app_);
    part.body->start(*tx, d);
  }
  if (part.grpc != nullptr) part.grpc->write(bytes);
  part.body->write(bytes);
}

void Http2Parser::end_data(Direction d) {
  Side& s = side(d);
  if (s.data_tx != nullptr && (s.data_ends || s.data_tx->stream_id == 0)) finish(d, *s.data_tx, true);
  s.data_tx = nullptr;
}

// One side has said all of a stream.
void Http2Parser::finish(Direction d, Http2Transaction& tx, bool whole) {
  StreamSide& part = tx.part(d);
  if (part.body != nullptr) part.body->end(whole, moment_);
  part.body = nullptr;
  tx.advance(d, stage::kComplete);
}

// --- headers ---

void Http2Parser::headers(Direction d, const Frame& f, ByteSpan content) {
  Side& s = side(d);
  ByteReader in(content);
  const std::uint8_t padding = f.has(flag::kPadded) ? in.u8() : std::uint8_t{0};
  // What a server promises is a request, of a stream of its own.
  const bool promise = f.type == FrameType::kPushPromise;
  std::uint32_t promised = promise ? in.be32() & 0x7FFFFFFFU : 0;
  if (promised == 0) promised = f.stream;
  Http2Transaction* tx = stream(d, promised, !promise && d == Direction::kToServer);
  if (tx != nullptr) {
    note_frame(d, *tx, f.type);
    if (f.stream == 0) tx->note(Http2Event::invalid_frame_header);
  }
  if (f.type == FrameType::kHeaders && f.has(flag::kPriority)) {
    in.be32();
    const std::uint8_t weight = in.u8();
    if (tx != nullptr && !in.failed()) push_some(tx->part(d).priorities, std::uint32_t{weight});
  }
  ByteSpan rest = in.rest();
  if (in.failed() || padding > rest.size()) {
    if (tx != nullptr) tx->note(Http2Event::invalid_frame_data);
    s.block_dropped = true;  // the table is not what the sender has any more
    rest = {};
  }
  rest = rest.first(rest.size() - std::min<std::size_t>(padding, rest.size()));
  s.collecting = true;
  s.block.clear();
  s.block_stream = promised;
  s.block_on = f.stream;
  s.block_ends = f.type == FrameType::kHeaders && f.has(flag::kEndStream);
  collect(d, rest, f.has(flag::kEndHeaders));
}

void Http2Parser::continuation(Direction d, const Frame& f, ByteSpan content) {
  Side& s = side(d);
  const bool goes_on = s.collecting && s.block_on == f.stream;
  Http2Transaction* tx = stream(d, goes_on ? s.block_stream : f.stream, false);
  if (tx == nullptr) return;
  note_frame(d, *tx, f.type);
  if (!goes_on) {
    tx->note(Http2Event::extra_header_data);
    if (tx->stream_id == 0) finish_both(*tx);
    return;
  }
  collect(d, content, f.has(flag::kEndHeaders));
}

void Http2Parser::collect(Direction d, ByteSpan bytes, bool last) {
  Side& s = side(d);
  if (s.block.size() + bytes.size() > settings_.max_reassembly) {
    if (!s.block_dropped) {
      if (Http2Transaction* tx = stream(d, s.block_stream, false)) tx->note(Http2Event::reassembly_limit_reached);
    }
    s.block_dropped = true;
  } else {
    s.block.insert(s.block.end(), bytes.begin(), bytes.end());
  }
  if (!last) return;
  s.collecting = false;
  block(d);
  s.block = {};
}

void Http2Parser::block(Direction d) {
  Side& s = side(d);
  Http2Transaction* tx = stream(d, s.block_stream, false);
  std::vector<HeaderField> fields;
  bool too_long = false;
  // A block that was dropped leaves the table behind the sender's: indexes mean something else from then on.
  const HpackResult result = s.block_dropped ? HpackResult::kBadIndex : s.hpack.decode(s.block, fields, too_long);
  if (tx == nullptr) return;
  if (result == HpackResult::kIntegerOverflow) {
    tx->note(Http2Event::header_integer_overflow);
  } else if (result != HpackResult::kOk) {
    tx->note(Http2Event::invalid_header);
  }
  if (too_long) tx->note(Http2Event::header_list_too_long);
  take_fields(d, *tx, std::move(fields));
  if (s.block_ends) finish(d, *tx, true);
}

void Http2Parser::take_fields(Direction d, Http2Transaction& tx, std::vector<HeaderField> fields) {
  StreamSide& part = tx.part(d);
  // The request of a push comes from the server's side.
  const bool pushed = d == Direction::kToClient && std::any_of(fields.begin(), fields.end(), [](const HeaderField& f) {
                        return f.name == ":method";
                      });
  const Direction of = pushed ? Direction::kToServer : d;
  http::Message& message = tx.message(of);
  std::size_t size = 0;
  for (const HeaderField& field : fields) size += field.name.size() + field.value.size();
  if (size > 1024) {
    kept_ = 0;
    for (const auto& each : transactions()) kept_ += static_cast<const Http2Transaction&>(*each).kept;
    if (kept_ + size > settings_.max_kept) {
      tx.note(Http2Event::header_list_too_long);
      fields.clear();
      size = 0;
    }
  }
  tx.kept += 2 * size;
  const bool trailer = tx.part(of).headers_seen;
  const bool interim =
      of == Direction::kToClient && !trailer && std::any_of(fields.begin(), fields.end(), [](const HeaderField& f) {
        return f.name == ":status" && f.value.size() == 3 && f.value[0] == '1';
      });
  for (HeaderField& field : fields) {
    if (field.size_update) {
      push_some(part.size_updates, static_cast<std::uint32_t>(field.size));
    } else if (!interim) {
      add_header(message.headers, field);
    }
    tx.part(of).fields.push_back(std::move(field));
  }
  if (of == Direction::kToClient) check_grpc_status(tx);
  // Buffers that were built before the trailer came.
  message.built.reset();
  tx.touch(of);
  if (trailer || interim) return;
  tx.part(of).headers_seen = true;
  of == Direction::kToServer ? request_headers(tx) : response_headers(tx);
  headers_done(of, tx);
  if (pushed) finish(Direction::kToServer, tx, true);
}

// A call that was refused for who asks: UNAUTHENTICATED, PERMISSION_DENIED.
void Http2Parser::check_grpc_status(Http2Transaction& tx) {
  const std::string_view status = tx.message(Direction::kToClient).headers.value("grpc-status");
  if (status == "16" || status == "7") tx.note(Http2Event::grpc_access_refused);
}

void Http2Parser::request_headers(Http2Transaction& tx) {
  http::Message& m = tx.message(Direction::kToServer);
  tx.method = m.headers.value(":method");
  tx.target = m.headers.value(":path");
  m.protocol = "HTTP/2";
  m.line = tx.method + " " + tx.target + " " + m.protocol;
  http::NormalUri normal = http::normalise(http::split_uri(tx.target), app_.http);
  tx.uri = std::move(normal.text);
  tx.path_size = normal.path_size;
  const std::optional<Header> authority = m.headers.find(":authority");
  if (const std::optional<Header> named = authority ? authority : m.headers.find("host")) {
    const http::HostPort parsed = http::parse_host(named->value);
    tx.host = parsed.host;
    tx.host_raw = named->value;
    tx.port = parsed.port;
  }
  check_host(tx);
}

void Http2Parser::check_host(Http2Transaction& tx) {
  const http::Headers& headers = tx.message(Direction::kToServer).headers;
  const std::optional<Header> authority = headers.find(":authority");
  if (!authority) return;
  if (authority->value.find('@') != std::string::npos) tx.note(Http2Event::userinfo_in_uri);
  const std::optional<Header> host = headers.find("host");
  if (host && !same_word(host->value, authority->value)) tx.note(Http2Event::authority_host_mismatch);
}

void Http2Parser::response_headers(Http2Transaction& tx) {
  http::Message& m = tx.message(Direction::kToClient);
  tx.response_seen = true;
  tx.status_text = m.headers.value(":status");
  std::uint16_t status = 0;
  const char* const last = tx.status_text.data() + tx.status_text.size();
  const auto [stop, error] = std::from_chars(tx.status_text.data(), last, status);
  tx.status = error == std::errc() && stop == last ? status : 0;
  m.protocol = "HTTP/2";
  m.line = m.protocol + " " + tx.status_text;
}

void Http2Parser::headers_done(Direction d, Http2Transaction& tx) {
  StreamSide& part = tx.part(d);
  const std::string_view type = tx.message(d).headers.value("content-type");
  if (type.starts_with("application/grpc")) {
    tx.is_grpc = true;
    if (d == Direction::kToServer && split_grpc_path(tx.target, tx.grpc_service, tx.grpc_method)) {
      tx.etcd = EtcdCall::of(tx.grpc_service, tx.grpc_method);
    }
    part.grpc = std::make_unique<GrpcMessages>(d == Direction::kToServer ? tx.etcd.get() : nullptr);
  }
  part.body = std::make_unique<http::MessageBody>(app_);
  part.body->choose_decoder(tx, d);
  part.body->start(tx, d);
  tx.advance(d, stage::kBody);
}

// --- upgrade, gaps, ends ---

// RFC 7540 3.2: the request of HTTP/1 that asked for it has used up stream 1.
void Http2Parser::follow(AppParser& previous, AppProtocol protocol) {
  if (protocol != AppProtocol::http1 || previous.transactions().empty()) return;
  auto& asked = static_cast<http::HttpTransaction&>(*previous.transactions().back());
  const http::Headers& old = asked.message(Direction::kToServer).headers;
  if (const std::optional<Header> settings = old.find("http2-settings")) {
    Http2Transaction& tx = add_stream(0);
    std::string bytes;
    if (!decode_base64url(settings->value, bytes) || bytes.size() % 6 != 0) tx.note(Http2Event::invalid_http1_settings);
    ByteReader in({reinterpret_cast<const Byte*>(bytes.data()), bytes.size()});
    auto& list = tx.part(Direction::kToServer).settings;
    while (in.remaining() >= 6 && list.size() < kMaxSettings) {
      const std::uint16_t id = in.be16();
      list.push_back({id, in.be32()});
    }
    finish(Direction::kToServer, tx, true);
    finish(Direction::kToClient, tx, true);
  }
  Http2Transaction& tx = add_stream(1);
  std::vector<HeaderField> fields;
  fields.push_back({":method", asked.method});
  fields.push_back({":path", asked.target});
  if (!asked.host_raw.empty()) fields.push_back({":authority", asked.host_raw});
  for (const Header header : old) {
    if (same_word(header.name, "host") || same_word(header.name, "http2-settings")) continue;
    fields.push_back({std::string(header.name), std::string(header.value)});
  }
  take_fields(Direction::kToServer, tx, std::move(fields));
  finish(Direction::kToServer, tx, true);
}

// The place of the next frame is known while the gap lies inside of bytes that are only passed through;
// else this side is lost, and the other goes on.
bool Http2Parser::gap(Direction d, std::uint64_t length) {
  Side& s = side(d);
  if (s.data_left != 0) {
    const std::uint64_t part = std::min<std::uint64_t>(s.data_left, length);
    if (s.data_tx != nullptr) {
      StreamSide& stream = s.data_tx->part(d);
      if (stream.body != nullptr) stream.body->lose(part);
      if (stream.grpc != nullptr) stream.grpc->lose();
    }
    s.data_left -= static_cast<std::uint32_t>(part);
    length -= part;
    if (s.data_left == 0) end_data(d);
  }
  const std::uint64_t part = std::min(s.skip, length);
  s.skip -= part;
  s.lost = length != part;
  return true;
}

void Http2Parser::end(Direction d, ByteSpan) {
  for (const auto& each : transactions()) {
    auto& tx = static_cast<Http2Transaction&>(*each);
    if (tx.progress[bulkhead::index_of(d)] < stage::kComplete) finish(d, tx, false);
  }
  side(d).data_tx = nullptr;
  side(d).data_left = 0;
}

// --- detection ---

// The client's preface is certain. A server that speaks first with SETTINGS waits for it, as in the reference.
Probe probe_http2(Direction d, ByteSpan data, std::uint16_t) {
  const std::string_view text = view(data);
  if (d == Direction::kToServer) {
    const std::size_t common = std::min(text.size(), kPreface.size());
    if (text.substr(0, common) != kPreface.substr(0, common)) return Probe::kNo;
    return common == kPreface.size() ? Probe::kYes : Probe::kMore;
  }
  if (data.size() < kFrameHeader) {
    return data.empty() || (data[0] == 0 && (data.size() < 4 || data[3] == 4)) ? Probe::kMore : Probe::kNo;
  }
  const std::uint32_t length = load_be24(data.data());
  const bool settings = data[3] == static_cast<Byte>(FrameType::kSettings) && data[4] == 0 && length % 6 == 0 &&
                        length <= 6 * kMaxSettings && load_be32(&data[5]) == 0;
  return settings ? Probe::kMore : Probe::kNo;
}

}  // namespace bulkhead::app::http2

// The application layer in the life of a packet: what it is given, what is reported of it.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "datapath/app/protocol_table.h"
#include "datapath/base/text_encoding.h"
#include "datapath/pipeline/packet_work.h"

namespace bulkhead::pipeline {

namespace {

constexpr std::size_t kMaxAlertFiles = 32;  // that an alert lists
constexpr Direction kBoth[] = {Direction::kToServer, Direction::kToClient};

std::string hex_of(const std::string& digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : digest) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[c & 15];
  }
  return out;
}

std::string file_object(const app::File& file, std::uint64_t tx_id) {
  JsonText json;
  json.open_object();
  json.field("filename", file.name);
  json.field("gaps", file.has_gaps);
  json.field("state", app::name_of(file.state));
  if (!file.hashes.md5().empty()) json.field("md5", hex_of(file.hashes.md5()));
  if (!file.hashes.sha1().empty()) json.field("sha1", hex_of(file.hashes.sha1()));
  if (!file.hashes.sha256().empty()) json.field("sha256", hex_of(file.hashes.sha256()));
  json.field("stored", file.stored);
  json.field("size", file.size);
  if (file.range) {
    json.field("start", file.range->start);
    json.field("end", file.range->end);
  }
  json.field("tx_id", tx_id);
  json.close_object();
  return json.take();
}

// `cut`: sides of which no more can be read; what is there is all there will be.
bool is_complete(const app::Transaction& tx, const app::Protocol& protocol, Direction d, std::array<bool, 2> cut) {
  return cut[index_of(d)] || tx.progress[index_of(d)] >= protocol.complete[index_of(d)];
}

}  // namespace

// TCP: an acknowledgement makes the other side's data readable, so both are looked at. False: with this packet the
// flow's parser gave up.
bool Worker::feed_application(PacketWork& work) {
  if (work.flow == nullptr) return true;
  const app::AppFlow* before = app::app_flow(*work.flow);
  const bool failed_before = before != nullptr && before->parser_failed;
  if (work.stream.session != nullptr) {
    const flow::TcpState tcp = work.stream.session->state();
    // Both sides have ended and the last FIN is acknowledged.
    const bool waits = tcp == flow::TcpState::kTimeWait && (work.view->tcp.flags & decode::tcp_flag::kFin) == 0;
    const bool ends = work.flow_ends || tcp == flow::TcpState::kClosed || waits;
    const auto feed = [&](Direction d) { app_->stream(*work.flow, d, work.stream.session->side(d), ends, now_); };
    const std::array<Direction, 2> order = {work.direction, opposite(work.direction)};
    for (const Direction d : order) {
      feed(d);
      if (!take_turn(work)) continue;
      show_streams_again(work);
      for (const Direction again : order) feed(again);  // what one side had to say is told: nothing comes twice
      take_turn(work);
      break;
    }
  } else if (work.view->has_udp) {  // with a bad checksum too: who captures where it is still to be computed sees those
    app_->datagram(*work.flow, work.direction, work.view->payload, now_);
    take_turn(work);
  }
  const app::AppFlow* after = app::app_flow(*work.flow);
  return failed_before || after == nullptr || !after->parser_failed;
}

// What was scanned for one side's rules is scanned for the other's.
void Worker::show_streams_again(const PacketWork& work) {
  for (const Direction d : kBoth) {
    const stream::StreamSide& side = work.stream.session->side(d);
    if (side.window().empty()) continue;
    for (Inspector* inspector : stream_listeners_)
      inspector->on_data(*work.flow, d, side.window_begin(), side.window());
  }
}

// Was the flow turned round? Then the packet goes the other way.
bool Worker::take_turn(PacketWork& work) {
  app::AppFlow* state = app::app_flow(*work.flow);
  if (state == nullptr || !std::exchange(state->turned, false)) return false;
  work.direction = opposite(work.direction);
  return true;
}

// After the rules have seen the packet: what is finished is reported and given up.
void Worker::finish_transactions(const PacketWork& work) {
  if (work.flow == nullptr) return;
  app::AppFlow* state = app::app_flow(*work.flow);
  if (state == nullptr) return;
  report_app_events(work, *state);
  state->news = false;
  state->sides[index_of(work.direction)].fresh = false;
  for (const Direction d : kBoth) {
    if (beyond_depth(work, d)) state->sides[index_of(d)].pending.clear();  // its rest will never come
  }
  if (state->previous != nullptr) {
    finish_parser(work, *state->previous, *state->previous_definition, false);
    if (state->previous->transactions().empty()) state->previous = nullptr;
  }
  // Nothing more will come: the parser has given up, or both sides have ended.
  const bool over = state->sides[0].ended && state->sides[1].ended && !work.flow_ends;
  if (state->parser != nullptr) finish_parser(work, *state->parser, *state->definition, state->parser_failed || over);
}

// All that may be read of that side has been taken: an answer that lies behind it will never be seen.
bool Worker::beyond_depth(const PacketWork& work, Direction d) const {
  const std::uint64_t depth = settings_.stream.depth_bytes;
  const app::AppFlow* state = app::app_flow(*work.flow);
  return depth != 0 && work.has_stream && state != nullptr && state->sides[index_of(d)].taken >= depth;
}

void Worker::finish_parser(const PacketWork& work, app::AppParser& parser, const app::Protocol& protocol, bool over) {
  const std::array<bool, 2> cut = {beyond_depth(work, kBoth[0]), beyond_depth(work, kBoth[1])};
  const auto& transactions = parser.transactions();
  for (const auto& tx : transactions) {
    const std::size_t d = index_of(work.direction);
    tx->looked_at(work.direction);
    if (is_complete(*tx, protocol, work.direction, cut) || work.flow_ends) tx->inspected[d] = true;
    if (cut[1 - d]) tx->inspected[1 - d] = true;
    if (app_->settings().anomalies) report_parser_events(work, *tx, protocol);
    if (cut[d]) {
      for (const auto& file : tx->files[d]) file->close(false);
    }
    report_files(work, *tx, protocol);
    const bool whole = is_complete(*tx, protocol, kBoth[0], cut) && is_complete(*tx, protocol, kBoth[1], cut);
    const bool last = work.flow_ends && work.direction == Direction::kToClient;
    if (!tx->logged && (whole || last || over || tx->ready_to_log())) report_transaction(work, *tx, protocol);
  }
  while (!transactions.empty()) {
    const app::Transaction& tx = *transactions.front();
    if (!tx.logged || !tx.inspected[0] || !tx.inspected[1]) break;
    if (!is_complete(tx, protocol, kBoth[0], cut) || !is_complete(tx, protocol, kBoth[1], cut)) break;
    if (std::any_of(tx.files.begin(), tx.files.end(), [](const app::FileList& files) {
          return std::any_of(files.begin(), files.end(), [](const auto& file) { return !file->logged; });
        })) {
      break;
    }
    parser.give_up_oldest();
  }
}

// The client comes first, whichever side's packet completed the record.
event::EventHeader Worker::flow_header(const PacketWork& work) const {
  event::EventHeader header = header_for(work);
  if (work.direction == Direction::kToClient) {
    std::swap(header.tuple.source, header.tuple.destination);
    std::swap(header.tuple.source_port, header.tuple.destination_port);
    if (header.ether) std::swap(header.ether->first, header.ether->second);
  }
  return header;
}

void Worker::report_transaction(const PacketWork& work, app::Transaction& tx, const app::Protocol& protocol) {
  tx.logged = true;
  const app::AppSettings& settings = app_->settings();
  if (!app_->recorded(protocol.id)) return;
  std::vector<app::EveRecord> records;
  tx.write_records(records, settings.eve);
  for (app::EveRecord& record : records) {
    const std::string_view listed = record.listed_as.empty() ? record.type : record.listed_as;
    if (std::find(settings.records.begin(), settings.records.end(), listed) == settings.records.end()) continue;
    event::AppEvent e;
    e.header = record.as_sent ? header_for(work) : flow_header(work);
    if (record.from_server) {
      std::swap(e.header.tuple.source, e.header.tuple.destination);
      std::swap(e.header.tuple.source_port, e.header.tuple.destination_port);
    }
    e.type = record.type;
    if (record.with_tx_id) e.tx_id = tx.id;
    e.fields = std::move(record.fields);
    name_client_of_record(tx, true, e);
    if (settings_.report.alert_metadata) e.metadata = metadata_of(*work.flow);
    publish(std::move(e));
  }
}

void Worker::report_files(const PacketWork& work, app::Transaction& tx, const app::Protocol& protocol) {
  for (const auto& file : tx.files[index_of(work.direction)]) {
    if (work.flow_ends) file->close(false);
    if (file->logged || !file->ended()) continue;
    file->logged = true;
    if (!app_->settings().file_records) continue;
    event::AppEvent e;
    e.header = flow_header(work);
    if (work.direction == Direction::kToClient) {
      std::swap(e.header.tuple.source, e.header.tuple.destination);
      std::swap(e.header.tuple.source_port, e.header.tuple.destination_port);
    }
    e.header.app_protocol = app::name_of(protocol.id);
    e.with_app_protocol = true;
    e.type = "fileinfo";
    tx.write_file_fields(e.fields, app_->settings().eve);
    e.fields.emplace_back("fileinfo", file_object(*file, tx.id));
    name_client_of_record(tx, work.direction == Direction::kToServer, e);
    publish(std::move(e));
  }
}

void Worker::report_app_events(const PacketWork& work, app::AppFlow& state) {
  for (const app::AppEvent each : state.events) {
    if (!app_->settings().anomalies) break;
    event::AnomalyEvent e;
    e.header = header_for(work);
    e.header.app_protocol = app::name_of(state.protocol);
    e.type = "applayer";
    e.name = app::info(each).record;
    e.layer = "proto_detect";
    publish(std::move(e));
  }
  state.events.clear();
}

void Worker::report_parser_events(const PacketWork& work, app::Transaction& tx, const app::Protocol& protocol) {
  for (; tx.events_reported < tx.events.size(); ++tx.events_reported) {
    event::AnomalyEvent e;
    e.header = header_for(work);
    e.header.app_protocol = app::name_of(protocol.id);
    e.type = "applayer";
    e.name = protocol.events[tx.events[tx.events_reported]].record;
    e.layer = "proto_parser";
    e.tx_id = tx.id;
    publish(std::move(e));
  }
}

// A proxy's word about who is behind it: beside the addresses, or in place of the client's.
void Worker::name_client(const ForwardedForSettings& settings, const app::Transaction& tx, bool is_source,
                         event::EventHeader& header, std::string& text) {
  if (settings.mode == ForwardedForSettings::Mode::kOff) return;
  const auto found = forwarded_for(tx.request_header(settings.header), settings.forward);
  if (!found) return;
  text = found->text;
  if (settings.mode == ForwardedForSettings::Mode::kExtraData) return;
  (is_source ? header.tuple.source : header.tuple.destination) = found->address;
}

void Worker::name_client_of_record(const app::Transaction& tx, bool is_source, event::AppEvent& e) const {
  const ForwardedForSettings& settings = settings_.report.record_xff;
  name_client(settings, tx, is_source, e.header, e.forwarded_for);
  if (settings.mode == ForwardedForSettings::Mode::kOverwrite) e.forwarded_for.clear();
}

// Of the transaction that matched; else the first one with such a header.
void Worker::name_client_of_alert(const PacketWork& work, const Alert& alert, event::AlertEvent& e) const {
  const ForwardedForSettings& settings = settings_.report.alert_xff;
  const app::AppFlow* state = app::app_flow(*work.flow);
  if (state == nullptr || state->parser == nullptr || settings.mode == ForwardedForSettings::Mode::kOff) return;
  const bool client_is_source = work.direction == Direction::kToServer;
  for (const auto& tx : state->parser->transactions()) {
    if (alert.tx_id && tx->id != *alert.tx_id) continue;
    name_client(settings, *tx, client_is_source, e.header, e.forwarded_for);
    if (!e.forwarded_for.empty()) return;
  }
}

void Worker::add_app_names(const flow::Flow& flow, event::EventHeader& header) {
  const app::AppFlow* state = app::app_flow(flow);
  if (state == nullptr || state->protocol == app::AppProtocol::kUnknown) {
    // Datagrams that are empty, or hold a packet of their own, decide nothing here; records say of them what the
    // ecosystem's do, where nothing was looked for again in later ones.
    if (flow.client.protocol == ip_proto::kUdp) header.app_protocol = app::name_of(app::AppProtocol::kFailed);
    return;
  }
  header.app_protocol = app::name_of(state->protocol);
  const auto differs = [&](app::AppProtocol p) { return p != state->protocol ? app::name_of(p) : std::string_view(); };
  header.app_protocol_to_server = differs(state->sides[0].detected);
  header.app_protocol_to_client = differs(state->sides[1].detected);
  header.app_protocol_original = differs(state->original);
}

// What a rule about payload saw belongs, most likely, to the transaction that this side is at.
void Worker::guess_transaction(const PacketWork& work, const Alert& alert, event::AlertEvent& e) const {
  const app::AppFlow* state = app::app_flow(*work.flow);
  if (state == nullptr || state->parser == nullptr || work.view->has_udp) return;
  const auto& transactions = state->parser->transactions();
  const auto open = std::find_if(transactions.begin(), transactions.end(),
                                 [&](const auto& tx) { return !tx->inspected[index_of(work.direction)]; });
  if (open == transactions.end()) return;
  if (!alert.on_stream && !(settings_.report.guess_transaction && std::next(open) == transactions.end())) return;
  e.tx_id = (*open)->id;
  e.tx_guessed = true;
}

void Worker::add_app_fields(const flow::Flow& flow, std::uint64_t tx_id, Direction direction,
                            event::AppFields& out) const {
  const app::AppFlow* state = app::app_flow(flow);
  if (state == nullptr || !app_->settings().alert_fields) return;
  for (const app::AppParser* parser : {state->parser.get(), state->previous.get()}) {
    const app::Transaction* tx = parser != nullptr ? parser->find(tx_id) : nullptr;
    if (tx == nullptr) continue;
    tx->write_alert_fields(out, app_->settings().eve);
    const app::FileList& files = tx->files[index_of(direction)];
    if (!files.empty()) {
      JsonText json;
      json.open_array();
      for (std::size_t i = 0; i < std::min(files.size(), kMaxAlertFiles); ++i) {
        json.raw_element(file_object(*files[i], tx->id));
      }
      json.close_array();
      out.emplace_back("files", json.take());
    }
    return;
  }
}

}  // namespace bulkhead::pipeline

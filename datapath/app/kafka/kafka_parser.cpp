#include "datapath/app/kafka/kafka_parser.h"

#include <algorithm>
#include <iterator>

namespace bulkhead::app::kafka {
namespace {

constexpr std::uint64_t kMaxMessage = 128UL << 20;
constexpr std::size_t kMaxWaiting = 256, kMaxName = 255, kMaxText = 1024;

namespace api {
constexpr std::uint16_t kProduce = 0, kFetch = 1, kListOffsets = 2, kMetadata = 3, kOffsetCommit = 8, kOffsetFetch = 9,
                        kJoinGroup = 11, kHeartbeat = 12, kLeaveGroup = 13, kSyncGroup = 14, kSaslHandshake = 17,
                        kApiVersions = 18, kCreateTopics = 19, kDeleteTopics = 20, kSaslAuthenticate = 36;
}

// Name, and the first version whose header and body have tags and compact lengths (99: none).
struct Api {
  std::string_view name;
  std::uint16_t flexible;
};
constexpr Api kApis[] = {{"produce", 9},
                         {"fetch", 12},
                         {"list_offsets", 6},
                         {"metadata", 9},
                         {"leader_and_isr", 4},
                         {"stop_replica", 2},
                         {"update_metadata", 6},
                         {"controlled_shutdown", 3},
                         {"offset_commit", 8},
                         {"offset_fetch", 6},
                         {"find_coordinator", 3},
                         {"join_group", 6},
                         {"heartbeat", 4},
                         {"leave_group", 4},
                         {"sync_group", 4},
                         {"describe_groups", 5},
                         {"list_groups", 3},
                         {"sasl_handshake", 99},
                         {"api_versions", 3},
                         {"create_topics", 5},
                         {"delete_topics", 4},
                         {"delete_records", 2},
                         {"init_producer_id", 2},
                         {"offset_for_leader_epoch", 4},
                         {"add_partitions_to_txn", 3},
                         {"add_offsets_to_txn", 3},
                         {"end_txn", 3},
                         {"write_txn_markers", 1},
                         {"txn_offset_commit", 3},
                         {"describe_acls", 2},
                         {"create_acls", 2},
                         {"delete_acls", 2},
                         {"describe_configs", 4},
                         {"alter_configs", 2},
                         {"alter_replica_log_dirs", 2},
                         {"describe_log_dirs", 2},
                         {"sasl_authenticate", 2},
                         {"create_partitions", 2},
                         {"create_delegation_token", 2},
                         {"renew_delegation_token", 2},
                         {"expire_delegation_token", 2},
                         {"describe_delegation_token", 2},
                         {"delete_groups", 2},
                         {"elect_leaders", 2},
                         {"incremental_alter_configs", 1},
                         {"alter_partition_reassignments", 0},
                         {"list_partition_reassignments", 0},
                         {"offset_delete", 99},
                         {"describe_client_quotas", 1},
                         {"alter_client_quotas", 1},
                         {"describe_user_scram_credentials", 0},
                         {"alter_user_scram_credentials", 0}};

class Body {
 public:
  Body(ByteSpan bytes, bool flexible) : r(bytes), flexible_(flexible) {}

  // Unsigned, 7 bits a byte, least first.
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::uint8_t byte = r.u8();
      out |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return out;
  }
  // A length that may be null (0 then).
  std::size_t text_length() {
    if (flexible_) {
      const std::uint64_t length = varint();
      return length == 0 ? 0 : static_cast<std::size_t>(length - 1);
    }
    const std::uint16_t length = r.be16();
    return length == 0xffff ? 0 : length;
  }
  std::string text() { return copy_text(r.bytes(text_length()), kMaxName); }
  std::uint32_t array() {
    if (flexible_) {
      const std::uint64_t count = varint();
      return count == 0 ? 0 : static_cast<std::uint32_t>(count - 1);
    }
    const std::uint32_t count = r.be32();
    return count == 0xffffffff ? 0 : count;
  }
  std::size_t bytes_length() {
    if (flexible_) return text_length();
    const std::uint32_t length = r.be32();
    return length == 0xffffffff ? 0 : length;
  }
  void tags() {
    if (!flexible_) return;
    const std::uint64_t count = varint();
    for (std::uint64_t i = 0; i < count && !r.failed() && i < 32; ++i) {
      varint();
      r.skip(static_cast<std::size_t>(varint()));
    }
  }
  ByteReader r;

 private:
  bool flexible_;
};

void add_topic(KafkaTransaction& tx, std::string topic) {
  if (topic.empty() || tx.topics.size() >= kMaxTopics) return;
  if (std::find(tx.topics.begin(), tx.topics.end(), topic) == tx.topics.end()) tx.topics.push_back(std::move(topic));
}

// Topics, each with an array of partitions; `partition` reads one of them.
template <typename Partition>
void topics_with_partitions(KafkaTransaction& tx, Body& body, Partition partition) {
  const std::uint32_t topics = body.array();
  for (std::uint32_t i = 0; i < topics && i < 256 && !body.r.failed(); ++i) {
    add_topic(tx, body.text());
    const std::uint32_t partitions = body.array();
    for (std::uint32_t j = 0; j < partitions && j < 4096 && !body.r.failed(); ++j) {
      partition(body);
      body.tags();
    }
    body.tags();
  }
}

void read_produce(KafkaTransaction& tx, Body& body) {
  if (tx.api_version >= 3) body.text();  // transactional id
  body.r.skip(6);                        // acknowledgements, timeout
  if (tx.api_version >= 13) return;      // topics by id
  topics_with_partitions(tx, body, [](Body& b) {
    b.r.skip(4);
    b.r.skip(b.bytes_length());
  });
}

void read_fetch(KafkaTransaction& tx, Body& body) {
  const std::uint16_t v = tx.api_version;
  if (v >= 13) return;  // topics by id
  body.r.skip(12);      // replica, wait, least bytes
  if (v >= 3) body.r.skip(4);
  if (v >= 4) body.r.skip(1);
  if (v >= 7) body.r.skip(8);
  topics_with_partitions(tx, body, [v](Body& b) {
    b.r.skip(4 + 8 + 4);
    if (v >= 5) b.r.skip(8);
    if (v >= 9) b.r.skip(4);
    if (v >= 12) b.r.skip(4);
  });
}

void read_list_offsets(KafkaTransaction& tx, Body& body) {
  const std::uint16_t v = tx.api_version;
  body.r.skip(4);
  if (v >= 2) body.r.skip(1);
  topics_with_partitions(tx, body, [v](Body& b) {
    b.r.skip(4 + 8);
    if (v >= 4) b.r.skip(4);
    if (v == 0) b.r.skip(4);
  });
}

void read_metadata(KafkaTransaction& tx, Body& body) {
  const std::uint32_t topics = body.array();
  for (std::uint32_t i = 0; i < topics && i < 256 && !body.r.failed(); ++i) {
    if (tx.api_version >= 10) body.r.skip(16);
    add_topic(tx, body.text());
    body.tags();
  }
}

void read_delete_topics(KafkaTransaction& tx, Body& body) {
  const std::uint32_t topics = body.array();
  for (std::uint32_t i = 0; i < topics && i < 256 && !body.r.failed(); ++i) {
    add_topic(tx, body.text());
    if (tx.api_version >= 6) {
      body.r.skip(16);
      body.tags();
    }
  }
}

void read_create_topics(KafkaTransaction& tx, Body& body) {
  const std::uint32_t topics = body.array();
  for (std::uint32_t i = 0; i < topics && i < 256 && !body.r.failed(); ++i) {
    add_topic(tx, body.text());
    body.r.skip(6);  // partitions, replicas
    const std::uint32_t assignments = body.array();
    for (std::uint32_t j = 0; j < assignments && j < 4096 && !body.r.failed(); ++j) {
      body.r.skip(4);
      body.r.skip(std::size_t{body.array()} * 4);
      body.tags();
    }
    const std::uint32_t configs = body.array();
    for (std::uint32_t j = 0; j < configs && j < 256 && !body.r.failed(); ++j) {
      body.text();
      body.text();
      body.tags();
    }
    body.tags();
  }
}

// PLAIN: NUL user NUL password; SCRAM: n,,n=user,r=...
std::string user_of(std::string_view login) {
  if (!login.empty() && login[0] == '\0') {
    const std::string_view rest = login.substr(1);
    return std::string(rest.substr(0, std::min(rest.find('\0'), kMaxName)));
  }
  const std::size_t at = login.find("n=");
  if (!login.starts_with("n,") || at == std::string_view::npos) return {};
  const std::string_view rest = login.substr(at + 2);
  return std::string(rest.substr(0, std::min(rest.find(','), kMaxName)));
}

}  // namespace

FramedParser::Measure KafkaParser::measure(Direction, ByteSpan data, std::uint64_t& length) {
  if (data.size() < 4) return Measure::kMore;
  length = load_be32(&data[0]) + 4ULL;
  return length >= 8 && length <= kMaxMessage ? Measure::kKnown : Measure::kBad;
}

ParseResult::Status KafkaParser::message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment&) {
  if (d == Direction::kToServer) {
    request(shown.subspan(4), length > shown.size());
  } else {
    response(shown.subspan(4));
  }
  return ParseResult::Status::kOk;
}

void KafkaParser::request(ByteSpan bytes, bool cut) {
  ByteReader head(bytes);
  KafkaTransaction& tx = add<KafkaTransaction>();
  tx.api_key = head.be16();
  tx.api_version = head.be16();
  tx.correlation = head.be32();
  const std::uint16_t length = head.be16();
  if (length != 0xffff) tx.client_id = copy_text(head.bytes(length), kMaxName);
  const bool known = tx.api_key < std::size(kApis);
  tx.api = known ? std::string(kApis[tx.api_key].name) : "api_" + std::to_string(tx.api_key);
  if (!known && tx.api_key > 127) tx.note(KafkaEvent::unknown_api);
  bool failed = head.failed();
  const bool flexible = known && tx.api_version >= kApis[tx.api_key].flexible;
  bool answered = true;
  if (!failed) {
    Body body(head.rest(), flexible);
    body.tags();
    switch (tx.api_key) {
      case api::kProduce: {
        Body acknowledgements = body;
        if (tx.api_version >= 3) acknowledgements.text();
        answered = acknowledgements.r.be16() != 0;
        read_produce(tx, body);
        break;
      }
      case api::kFetch: read_fetch(tx, body); break;
      case api::kListOffsets: read_list_offsets(tx, body); break;
      case api::kMetadata: read_metadata(tx, body); break;
      case api::kCreateTopics: read_create_topics(tx, body); break;
      case api::kDeleteTopics: read_delete_topics(tx, body); break;
      case api::kOffsetCommit:
      case api::kOffsetFetch:
      case api::kJoinGroup:
      case api::kHeartbeat:
      case api::kLeaveGroup:
      case api::kSyncGroup:
        if (tx.api_key != api::kOffsetFetch || tx.api_version < 8) tx.group = body.text();
        break;
      case api::kSaslHandshake: tx.mechanism = body.text(); break;
      case api::kSaslAuthenticate: tx.user = user_of(view_text(body.r.bytes(body.bytes_length()))); break;
      default: break;
    }
    failed = body.r.failed();
  }
  if (failed && !cut) tx.note(KafkaEvent::malformed_request);
  if (!answered) {
    tx.advance(Direction::kToClient, exchange::kComplete);
  } else {
    if (waiting_.size() >= kMaxWaiting) {
      if (waiting_.front() != nullptr) waiting_.front()->advance(Direction::kToClient, exchange::kComplete);
      waiting_.pop_front();
    }
    waiting_.emplace_back(&tx);
  }
  tx.advance(Direction::kToServer, exchange::kComplete);
}

void KafkaParser::response(ByteSpan bytes) {
  ByteReader head(bytes);
  const std::uint32_t correlation = head.be32();
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const KafkaTransaction* tx) {
    return tx != nullptr && tx->correlation == correlation;
  });
  if (found == waiting_.end()) return;
  KafkaTransaction& tx = **found;
  waiting_.erase(found);
  const bool login = tx.api_key == api::kSaslHandshake || tx.api_key == api::kSaslAuthenticate;
  if (login || tx.api_key == api::kApiVersions) {
    Body body(head.rest(), tx.api_key == api::kSaslAuthenticate && tx.api_version >= 2);
    body.tags();
    tx.error_code = static_cast<std::int16_t>(body.r.be16());
    if (tx.api_key == api::kSaslAuthenticate) tx.error = body.text().substr(0, kMaxText);
    if (body.r.failed()) tx.note(KafkaEvent::malformed_response);
    if (login && *tx.error_code != 0) {
      tx.auth_failed = true;
      tx.note(KafkaEvent::auth_failed);
    }
  }
  tx.advance(Direction::kToClient, exchange::kComplete);
}

void KafkaParser::end(Direction d, ByteSpan left) {
  FramedParser::end(d, left);
  if (d == Direction::kToClient) waiting_.clear();
}

Probe probe_kafka(Direction d, ByteSpan data, std::uint16_t server_port) {
  if (d == Direction::kToClient || data[0] != 0) return Probe::kNo;
  if (data.size() < 14) return data.size() > 4 && data[4] != 0 ? Probe::kNo : Probe::kMore;
  const std::uint32_t length = load_be32(&data[0]);
  const std::uint16_t key = load_be16(&data[4]), version = load_be16(&data[6]), id_length = load_be16(&data[12]);
  if (length < 10 || length > (16U << 20) || key >= std::size(kApis) || version > 20) return Probe::kNo;
  const std::size_t id = id_length == 0xffff ? 0 : id_length;
  if (id > kMaxName || 10 + id > length) return Probe::kNo;
  if (data.size() < 14 + id) return Probe::kMore;
  const std::string_view name = view_text(data.subspan(14, id));
  if (!std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; })) return Probe::kNo;
  const bool first_request = key == api::kApiVersions || key == api::kMetadata || key == api::kSaslHandshake;
  if (server_port == 9092) return Probe::kYes;
  return first_request && id >= 2 && data.size() >= length + 4 ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::kafka

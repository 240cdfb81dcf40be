#include "rules/nft/nl_transport.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
constexpr auto kAnswerTimeout = 5s;
constexpr int kDumpTries = 8;
constexpr std::size_t kReceiveBuffer = std::size_t{8} << 20;

struct Message {
  nlmsghdr header{};
  ByteSpan body;  // behind nlmsghdr
};

// Walks the messages of a datagram.
class MessageReader {
 public:
  explicit MessageReader(ByteSpan bytes) : rest_(bytes) {}
  bool next(Message& out) {
    if (rest_.size() < sizeof(nlmsghdr)) return false;
    std::memcpy(&out.header, rest_.data(), sizeof out.header);
    if (out.header.nlmsg_len < sizeof(nlmsghdr) || out.header.nlmsg_len > rest_.size()) return false;
    out.body = rest_.subspan(sizeof(nlmsghdr), out.header.nlmsg_len - sizeof(nlmsghdr));
    rest_ = rest_.subspan(std::min<std::size_t>((out.header.nlmsg_len + 3) & ~3U, rest_.size()));
    return true;
  }

 private:
  ByteSpan rest_;
};

// errno of an NLMSG_ERROR (0: acknowledged) and the kernel's text.
int error_code(const Message& message) {
  std::int32_t code = 0;
  if (message.body.size() >= sizeof code) std::memcpy(&code, message.body.data(), sizeof code);
  return -code;
}

std::string error_text(const Message& message, int code) {
  std::string text = std::strerror(code);
  if ((message.header.nlmsg_flags & NLM_F_ACK_TLVS) == 0 || message.body.size() < sizeof(nlmsgerr)) return text;
  nlmsghdr request{};
  std::memcpy(&request, message.body.data() + sizeof(std::int32_t), sizeof request);
  std::size_t skip = sizeof(nlmsgerr);
  // Without the capped flag the whole request stands before the texts.
  if ((message.header.nlmsg_flags & NLM_F_CAPPED) == 0 && request.nlmsg_len >= sizeof request) {
    skip += request.nlmsg_len - sizeof request;
  }
  if (skip > message.body.size()) return text;
  const std::string kernel = find_attribute(message.body.subspan(skip), NLMSGERR_ATTR_MSG).text();
  return kernel.empty() ? text : text + ": " + kernel;
}

std::string permission_hint(int code) {
  return code == EPERM ? " (needs CAP_NET_ADMIN)" : "";
}

}  // namespace

Result<std::unique_ptr<NlTransport>> NlTransport::open() {
  auto socket = netlink::NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.error();
  std::unique_ptr<NlTransport> transport(new NlTransport(std::move(*socket)));
  if (auto status = transport->socket_.enable_error_texts(); !status) return status.error();
  if (auto status = transport->socket_.set_receive_buffer(kReceiveBuffer); !status) return status.error();
  return transport;
}

void NlTransport::drop_old_answers() {
  for (;;) {
    auto got = socket_.receive_into(datagram_, 0ms);
    if (got && !*got) return;
    if (!got && got.error().code != ENOBUFS) return;
  }
}

Status NlTransport::apply(const NftBatch& batch) {
  BatchEncoder encoder(sequence_);
  for (std::size_t i = 0; i < batch.size(); ++i) encoder.add(batch[i], i);
  if (!encoder.finish()) return Error{"encode", "nf_tables batch", EMSGSIZE, "a rule or element is too long"};
  sequence_ = encoder.last_sequence() + 2;
  if (encoder.last_sequence() == encoder.begin_sequence()) return ok();  // nothing to do
  drop_old_answers();
  // The kernel wants room for the message and its own bookkeeping.
  const std::size_t need = encoder.bytes().size() * 2 + 65536;
  if (need > send_buffer_) {
    if (auto status = socket_.set_send_buffer(need); !status) return status;
    send_buffer_ = need;
  }
  if (auto status = socket_.send(encoder.bytes()); !status) return status;
  return read_answers(encoder, batch);
}

Status NlTransport::read_answers(const BatchEncoder& encoder, const NftBatch& batch) {
  std::optional<Error> first;
  for (;;) {
    auto got = socket_.receive_into(datagram_, first ? 0ms : std::chrono::milliseconds(kAnswerTimeout));
    if (!got) return got.error();
    if (!*got) {
      if (first) return *first;
      return Error{"receive", "nf_tables batch", ETIMEDOUT, "the kernel did not answer"};
    }
    MessageReader reader(datagram_.bytes);
    Message message;
    while (reader.next(message)) {
      if (message.header.nlmsg_type != NLMSG_ERROR) continue;
      const std::uint32_t sequence = message.header.nlmsg_seq;
      const int code = error_code(message);
      const std::size_t index = encoder.command_of(sequence);
      if (code == 0) {
        if (sequence == encoder.last_sequence() && !first) return ok();
        continue;
      }
      if (first) continue;
      if (index == BatchEncoder::npos) {
        first = Error{"commit", "nf_tables batch", code, error_text(message, code) + permission_hint(code)};
      } else {
        first = Error{to_string(batch[index].op), batch[index].object(), code,
                      error_text(message, code) + permission_hint(code)};
      }
    }
  }
}

Result<bool> NlTransport::dump_once(std::uint8_t message_type, NftFamily family, const std::string& table,
                                    const std::string& set, const Visit& visit) {
  drop_old_answers();
  const std::uint32_t sequence = sequence_++;
  if (auto status = socket_.send(encode_dump(message_type, family, table, set, sequence)); !status)
    return status.error();
  bool consistent = true;
  const std::string object = (set.empty() ? "" : "set " + set + " of ") + "table " + table;
  for (;;) {
    auto got = socket_.receive_into(datagram_, std::chrono::milliseconds(kAnswerTimeout));
    if (!got) return got.error();
    if (!*got) return Error{"dump", object, ETIMEDOUT, "the kernel did not answer"};
    MessageReader reader(datagram_.bytes);
    Message message;
    while (reader.next(message)) {
      if (message.header.nlmsg_seq != sequence) continue;
      if ((message.header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      if (message.header.nlmsg_type == NLMSG_DONE) return consistent;
      if (message.header.nlmsg_type == NLMSG_ERROR) {
        const int code = error_code(message);
        if (code == EINTR) return false;
        return Error{"dump", object, code, error_text(message, code) + permission_hint(code)};
      }
      if (message.body.size() < sizeof(nfgenmsg)) return Error{"dump", object, EPROTO, "short message"};
      const auto from = static_cast<NftFamily>(message.body[0]);
      if (!visit(from, message.body.subspan(sizeof(nfgenmsg)))) {
        return Error{"dump", object, EPROTO, "broken attributes"};
      }
    }
  }
}

Status NlTransport::dump_messages(std::uint8_t message, NftFamily family, const std::string& table,
                                  const std::string& set, const Visit& visit) {
  std::vector<std::pair<NftFamily, std::vector<Byte>>> kept;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    kept.clear();
    auto done = dump_once(message, family, table, set, [&](NftFamily from, ByteSpan body) {
      kept.emplace_back(from, std::vector<Byte>(body.begin(), body.end()));
      return true;
    });
    if (!done) return done.error();
    if (!*done) continue;
    for (const auto& [from, body] : kept) {
      if (!visit(from, body)) return Error{"decode", "table " + table, EPROTO, "broken attributes"};
    }
    return ok();
  }
  return Error{"dump", "table " + table, EAGAIN, "the ruleset kept changing"};
}

Status NlTransport::dump_table(NftTable& table) {
  auto status = dump_messages(NFT_MSG_GETCHAIN, table.family, "", "", [&](NftFamily, ByteSpan body) {
    std::string owner;
    NftChain chain;
    if (!decode_chain(body, owner, chain)) return false;
    if (owner == table.name) table.chains.push_back(std::move(chain));
    return true;
  });
  if (!status) return status;
  std::unordered_map<std::string, NftChain*> by_name;
  for (NftChain& chain : table.chains) by_name.emplace(chain.name, &chain);
  status = dump_messages(NFT_MSG_GETRULE, table.family, table.name, "", [&](NftFamily, ByteSpan body) {
    DecodedRule decoded;
    if (!decode_rule(body, decoded)) return false;
    const auto chain = by_name.find(decoded.chain);
    if (decoded.table == table.name && chain != by_name.end()) chain->second->rules.push_back(std::move(decoded.rule));
    return true;
  });
  if (!status) return status;
  status = dump_messages(NFT_MSG_GETSET, table.family, table.name, "", [&](NftFamily, ByteSpan body) {
    std::string owner;
    NftSet set;
    if (!decode_set(body, owner, set)) return false;
    if (owner == table.name) table.sets.push_back(std::move(set));
    return true;
  });
  if (!status) return status;
  for (NftSet& set : table.sets) {
    auto elements = dump_elements(table.family, table.name, set.name);
    if (!elements) return elements.error();
    set.elements = std::move(*elements);
  }
  return ok();
}

Result<NftRuleset> NlTransport::dump_all(const std::string& table) {
  NftRuleset out;
  auto status = dump_messages(NFT_MSG_GETTABLE, NftFamily::kUnspec, "", "", [&](NftFamily family, ByteSpan body) {
    NftTable entry;
    entry.family = family;
    if (!decode_table(body, entry.name)) return false;
    if (entry.name == table) out.tables.push_back(std::move(entry));
    return true;
  });
  if (!status) return status.error();
  for (NftTable& entry : out.tables) {
    if (auto filled = dump_table(entry); !filled) return filled.error();
  }
  return out;
}

Result<NftRuleset> NlTransport::dump(const std::string& table) {
  // A table may go between two of the questions: ENOENT means begin again.
  for (int attempt = 1;; ++attempt) {
    auto out = dump_all(table);
    if (out || out.error().code != ENOENT || attempt == kDumpTries) return out;
  }
}

Result<std::vector<NftElement>> NlTransport::dump_elements(NftFamily family, const std::string& table,
                                                           const std::string& set) {
  std::vector<NftElement> out;
  auto status = dump_messages(NFT_MSG_GETSETELEM, family, table, set,
                              [&](NftFamily, ByteSpan body) { return decode_set_elements(body, out); });
  if (!status) return status.error();
  return out;
}

}  // namespace bulkhead::rules

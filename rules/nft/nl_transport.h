// nf_tables over a NETLINK_NETFILTER socket of the network namespace in which it was opened.
//
// Thread   one thread at a time. The socket stays open: one block is one send and one receive.
// In       batches of any size; the socket's send buffer grows with the largest one.
// Errors   see nft_transport.h. The kernel answers within the send call, so nothing is waited for
//          longer than kAnswerTimeout.
// Source   linux/netfilter/nfnetlink.h (batches), RFC 3549 (dumps)
// Tests    tests/unit/rules/nft/nl_transport_test.cpp (own network namespace, root)
#pragma once

#include <functional>
#include <memory>

#include "datapath/netlink/netlink_socket.h"
#include "rules/nft/message_codec.h"
#include "rules/nft/nft_transport.h"

namespace bulkhead::rules {

class NlTransport : public NftTransport {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NlTransport>> open();

  [[nodiscard]] Status apply(const NftBatch& batch) override;
  [[nodiscard]] Result<NftRuleset> dump(const std::string& table) override;
  [[nodiscard]] Result<std::vector<NftElement>> dump_elements(NftFamily family, const std::string& table,
                                                              const std::string& set) override;
  // By which the kernel's notifications name this socket.
  [[nodiscard]] std::uint32_t port() const { return socket_.port(); }

 private:
  explicit NlTransport(netlink::NetlinkSocket socket) : socket_(std::move(socket)) {}
  // Called with family and attributes of each message of a dump; false: cannot be decoded.
  using Visit = std::function<bool(NftFamily, ByteSpan)>;
  [[nodiscard]] Status dump_messages(std::uint8_t message, NftFamily family, const std::string& table,
                                     const std::string& set, const Visit& visit);
  // False: the ruleset changed meanwhile, begin again.
  [[nodiscard]] Result<bool> dump_once(std::uint8_t message, NftFamily family, const std::string& table,
                                       const std::string& set, const Visit& visit);
  [[nodiscard]] Status dump_table(NftTable& table);
  [[nodiscard]] Result<NftRuleset> dump_all(const std::string& table);
  [[nodiscard]] Status read_answers(const BatchEncoder& encoder, const NftBatch& batch);
  void drop_old_answers();

  netlink::NetlinkSocket socket_;
  netlink::Datagram datagram_;
  std::uint32_t sequence_ = 1;
  std::size_t send_buffer_ = 0;
};

}  // namespace bulkhead::rules

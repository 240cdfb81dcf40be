// Records into a socket: one datagram each, or one after the other in a stream. What stands around a record there
// (nothing for a unix socket, a header and a length for syslog) is the framing's business.
//
// Thread   as Transport.
// Stream   a record that went out in part is finished first; after a break it is sent again from its beginning.
// Errors   a datagram that the kernel refuses as too long is lost (too_large); one that nobody received
//          (ECONNREFUSED of UDP, which tells of an earlier one) breaks the connection and is sent again.
// Tests    tests/unit/datapath/output/socket_transport_test.cpp
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "datapath/output/endpoint.h"
#include "datapath/output/transport.h"

namespace bulkhead::output {

class Framing {
 public:
  Framing() = default;
  Framing(const Framing&) = delete;
  Framing& operator=(const Framing&) = delete;
  virtual ~Framing() = default;
  // Appends the record as it goes out.
  virtual void frame(const OutputRecord& record, bool datagram, std::string& out) = 0;
};

// The line as it stands in eve.json, its end included.
class LineFraming final : public Framing {
 public:
  void frame(const OutputRecord& record, bool datagram, std::string& out) override;
};

class SocketTransport final : public Transport {
 public:
  SocketTransport(Endpoint endpoint, std::unique_ptr<Framing> framing);

  [[nodiscard]] Status connect() override;
  [[nodiscard]] SendResult send(std::span<const OutputRecord> batch, Tally& tally) override;
  [[nodiscard]] std::string describe() const override;

 private:
  SendResult send_datagrams(std::span<const OutputRecord> batch, Tally& tally);
  SendResult send_stream(std::span<const OutputRecord> batch, Tally& tally);

  const Endpoint endpoint_;
  const std::unique_ptr<Framing> framing_;
  Socket socket_;
  std::string buffer_;
  std::vector<std::size_t> ends_;  // of the records in buffer_
  std::size_t partial_ = 0;        // bytes of the first record that are out already
};

}  // namespace bulkhead::output

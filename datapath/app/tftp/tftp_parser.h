// Trivial file transfer (RFC 1350): requests to read or write a file. The data goes over other ports and is not
// followed.
//
//   opcode, 2 bytes | file name | 0 | mode | 0 | options
//
// Thread   the worker owning the flow.
// Limits   a datagram; names as long as it is.
// Tests    tests/unit/datapath/app/tftp/tftp_parser_test.cpp
#pragma once

#include <string>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::tftp {

inline constexpr std::uint8_t kComplete = 1;

struct Request {
  bool write = false;
  std::string file, mode;  // mode in lower case
};

// False: no request with a mode of the standard.
[[nodiscard]] bool read_request(ByteSpan data, Request& out);
[[nodiscard]] Probe probe_datagram(const DatagramProbe& probe);

class TftpTransaction final : public Transaction {
 public:
  explicit TftpTransaction(Direction d) {
    progress = {kComplete, kComplete};
    inspected[bulkhead::index_of(opposite(d))] = true;  // that side has no part in it
  }
  Request request;
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields&, const EveOptions&) const override {}  // as in the reference: none
};

class TftpParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction, std::uint64_t) override { return true; }
  void end(Direction, ByteSpan) override {}
};

}  // namespace bulkhead::app::tftp

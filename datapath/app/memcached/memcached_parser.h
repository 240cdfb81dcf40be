// memcached: the text protocol with its meta commands, the binary protocol with SASL, and text in UDP datagrams.
//
//   text     command key... flags exptime bytes [noreply] CRLF [bytes CRLF]     VALUE ... END, STORED, ERROR ...
//   binary   magic, opcode, key length, extras, body length, opaque (24 bytes), extras, key, value
//   UDP      request id, sequence, datagrams, 0 (8 bytes), then text
//
// Which of them a connection speaks is decided by its first byte.
//
// Thread   the worker owning the flow.
// Limits   lines of 8 KB, values of 1 GB (skipped uncopied), 1,024 commands wait for their reply.
// Errors   MemcachedEvent; what cannot be read ends the parser.
// Source   memcached doc/protocol.txt, docs.memcached.org "Binary protocol"
// Tests    tests/unit/datapath/app/memcached/memcached_parser_test.cpp, tests/fuzz/fuzz_memcached.cpp
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/memcached/memcached_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::memcached {

class MemcachedParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  enum class Step : std::uint8_t { kOk, kMore, kError };
  Step text_request(ByteSpan& data);
  Step text_reply(ByteSpan& data);
  Step binary(Direction d, ByteSpan& data);
  void binary_request(MemcachedTransaction& tx, ByteSpan shown, std::uint8_t opcode);
  void wait_for_reply(MemcachedTransaction& tx);
  [[nodiscard]] MemcachedTransaction* oldest() { return waiting_.empty() ? nullptr : waiting_.front(); }
  void complete_reply(std::string_view status);
  void refuse(MemcachedTransaction& tx, std::string_view message);
  void broken(Direction d);

  std::array<std::uint64_t, 2> skip_{};  // of a value, its line end included
  Held<MemcachedTransaction> storing_;
  bool storing_silent_ = false;
  std::deque<Held<MemcachedTransaction>> waiting_;
};

[[nodiscard]] Probe probe_memcached(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::memcached

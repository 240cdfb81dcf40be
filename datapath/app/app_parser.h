// A protocol's parser: one per flow, both directions.
//
// Thread   the worker owning the flow.
// In       stream bytes in order (or one datagram), as they become readable. What parse() does not consume is
//          offered again in front of the next bytes; a parser keeps its own state between calls, no positions.
// Out      transactions with progress, events and files.
// Limits   each parser bounds what it keeps per transaction; AppSettings the number of transactions and of bytes left
//          over. Work is proportional to the bytes given.
// Errors   kError stops the parser for the rest of the flow, counted. Nothing throws.
// Tests    a fuzz target and golden captures per protocol
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "datapath/app/application_protocol.h"
#include "datapath/app/transaction.h"
#include "datapath/base/byte_reader.h"
#include "datapath/base/flow_key.h"
#include "datapath/base/pooled.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::app {

class ExpectedFlows;
class RangeFiles;
struct ExpectedFlow;

struct ParseResult {
  enum class Status : std::uint8_t {
    kOk,      // wants more; bytes behind `consumed` are kept for later
    kError,   // not this protocol any more: no further calls
    kDone,    // nothing more to see in this flow (encrypted): no further calls, payload inspection goes on
    kBypass,  // likewise, and rules need not look at its payload either: the flow may be left alone
    kChange,  // what follows is another protocol (CONNECT, STARTTLS): `next`, or found out anew
  };
  Status status = Status::kOk;
  std::size_t consumed = 0;
  AppProtocol next = AppProtocol::kUnknown;
  bool opaque = false;  // the payload is encrypted: no rule can read it from now on
};

// What a parser may know about the moment of a call.
struct ParseMoment {
  Timestamp now;
  FlowTuple client;                            // source is the client
  std::uint64_t flow = 0;                      // its id
  AppProtocol before = AppProtocol::kUnknown;  // what the connection spoke before it changed
  ExpectedFlows* expected = nullptr;           // where connections to come are announced; null: nowhere
  RangeFiles* ranges = nullptr;                // where files that come in parts are put together; null: nowhere
};

class AppParser : public Pooled {
 public:
  AppParser() = default;
  AppParser(const AppParser&) = delete;
  AppParser& operator=(const AppParser&) = delete;
  virtual ~AppParser() = default;

  // This connection was announced by another one; called before anything else.
  virtual void announced(const ExpectedFlow&) {}
  virtual ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) = 0;
  // `length` bytes are missing before the next call; what was left over is gone. False: cannot go on.
  virtual bool gap(Direction d, std::uint64_t length) = 0;
  // No more bytes will come in this direction; `left` is what was not consumed.
  virtual void end(Direction d, ByteSpan left) = 0;

  // Live transactions, oldest first; ids go up by one.
  using Transactions = std::deque<std::unique_ptr<Transaction>>;
  [[nodiscard]] const Transactions& transactions() const { return transactions_; }
  [[nodiscard]] std::uint64_t transactions_made() const { return next_id_; }
  // Nobody needs the oldest one any more. Whatever a parser keeps a pointer to, it keeps as Held.
  void give_up_oldest() { transactions_.pop_front(); }
  [[nodiscard]] Transaction* find(std::uint64_t id) const;
  // Behaviour: those with smaller ids have been told, where answers come in order.
  [[nodiscard]] std::uint64_t told() const { return told_; }
  void told_before(std::uint64_t id) { told_ = id; }

 protected:
  // Not make_unique(): it would set the whole object to zero before its members are made.
  template <typename T>
  T& add() {
    return add(std::unique_ptr<T>(new T));
  }
  template <typename T>
  T& add(std::unique_ptr<T> tx) {
    T& made = *tx;
    tx->id = next_id_++;
    transactions_.push_back(std::move(tx));
    return made;
  }
  void first_id(std::uint64_t id) { next_id_ = id; }

 private:
  std::uint64_t next_id_ = 0, told_ = 0;
  Transactions transactions_;
};

}  // namespace bulkhead::app

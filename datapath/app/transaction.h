// One exchange of a protocol (a request with its answer, a mail, a handshake): what parsers fill in, rules look at
// and records are written from.
//
// Thread   the worker owning the flow.
// Progress per direction, in numbers of the protocol: a buffer is there once the progress it is listed with has been
//          reached; `Protocol::complete` is the last one.
// Limits   parsers cap what they keep; AppSettings::max_transactions caps how many live in a flow.
// Tests    tests/unit/datapath/app/
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/file.h"
#include "datapath/app/held.h"
#include "datapath/base/flow_key.h"
#include "datapath/base/json_text.h"
#include "datapath/base/pooled.h"
#include "datapath/event/event.h"

namespace bulkhead::app {

// What the matcher keeps with a transaction.
class TransactionExtension : public Pooled {
 public:
  TransactionExtension() = default;
  TransactionExtension(const TransactionExtension&) = delete;
  TransactionExtension& operator=(const TransactionExtension&) = delete;
  virtual ~TransactionExtension() = default;
};

// One EVE record of a transaction, or the fields that an alert takes from it.
struct EveRecord {
  std::string_view type;  // "http"
  bool with_tx_id = true;
  event::AppFields fields;       // ("http", "{...}")
  bool as_sent = false;          // source and destination are the packet's; else the client comes first
  std::string_view listed_as{};  // the type in eve.types that asks for it, when that is another: "http2"
  bool from_server = false;      // the server comes first in it
  void add(std::string_view key, JsonText& json) { fields.emplace_back(key, json.take()); }
};

class Transaction : public Pooled {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  virtual ~Transaction() {
    while (holders_ != nullptr) holders_->leave();
  }

  std::uint64_t id = 0;                    // from 0, in the flow
  std::array<std::uint8_t, 2> progress{};  // by Direction
  std::array<std::uint32_t, 2> version{};  // by Direction: counts whatever rules could see anew
  std::array<bool, 2> inspected{};         // by Direction: rules have seen it complete
  bool logged = false;
  bool told = false;                 // behaviour: what was asked and what came of it; where answers come in any order
  std::vector<std::uint8_t> events;  // indexes into Protocol::events, in order of occurrence
  std::size_t events_reported = 0;   // how many have become anomaly records
  std::array<FileList, 2> files;     // by Direction
  std::unique_ptr<TransactionExtension> extension;

  // Every change that rules could see goes through here.
  void advance(Direction d, std::uint8_t to) {
    if (to > progress[bulkhead::index_of(d)]) progress[bulkhead::index_of(d)] = to;
    touch(d);
  }
  void touch(Direction d) { ++version[bulkhead::index_of(d)]; }
  void add_event(std::uint8_t event);

  // Records for the log once the transaction is ready; several for protocols that log each part.
  virtual void write_records(std::vector<EveRecord>& out, const EveOptions& options) const = 0;
  // What an alert shows of it.
  virtual void write_alert_fields(event::AppFields& out, const EveOptions& options) const;
  // What a file's record shows of it; as for an alert, unless the protocol says otherwise.
  virtual void write_file_fields(event::AppFields& out, const EveOptions& options) const {
    write_alert_fields(out, options);
  }
  // The value of a header of the request, for protocols that have such; `name` in any case.
  [[nodiscard]] virtual std::string_view request_header(std::string_view) const { return {}; }
  // Rules have looked at everything there was: what they need not see again may go.
  virtual void looked_at(Direction) {}
  // Ready for the log before it is complete (TLS: when the handshake is done).
  [[nodiscard]] virtual bool ready_to_log() const { return false; }

  // Where Held puts itself.
  [[nodiscard]] HolderLink*& holders() { return holders_; }

 private:
  HolderLink* holders_ = nullptr;
};

}  // namespace bulkhead::app

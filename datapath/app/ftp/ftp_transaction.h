// A command of FTP with its reply, and the file of a data connection.
//
// Progress both directions at once: waits for its reply, or done.
// Limits   FtpSettings.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "datapath/app/ftp/ftp_settings.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::ftp {

namespace stage {
inline constexpr std::uint8_t kOpen = 1, kComplete = 2;
}

enum class FtpEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/ftp/ftp_events.def"
#undef X
  kCount
};

class FtpTransaction final : public Transaction {
 public:
  explicit FtpTransaction(const FtpSettings& settings) : settings_(&settings) {}
  ~FtpTransaction() override;

  std::string_view command;  // of the table of known ones; empty: none, or not known
  std::string data;          // behind it
  bool command_cut = false, reply_cut = false, reply_seen = false, active = false;
  bool names_other_host = false;  // PORT with an address that is not the client's
  std::uint16_t data_port = 0;
  std::vector<std::string> codes, replies;

  // Takes a copy while all FTP transactions together stay below the memcap; else empty, counted.
  [[nodiscard]] std::string keep(std::string_view text);
  [[nodiscard]] static std::uint64_t kept_in_all() { return kept_in_all_.load(std::memory_order_relaxed); }
  void note(FtpEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;

 private:
  static std::atomic<std::uint64_t> kept_in_all_;
  const FtpSettings* settings_;
  std::uint64_t kept_ = 0;
};

// The file of a data connection.
class FtpDataTransaction final : public Transaction {
 public:
  std::string command, file_name;
  void looked_at(Direction d) override;
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_file_fields(event::AppFields&, const EveOptions&) const override {}
};

}  // namespace bulkhead::app::ftp

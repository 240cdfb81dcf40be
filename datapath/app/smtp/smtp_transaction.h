// One mail transaction: envelope, mail, attachments.
//
// Progress both directions at once: it is open, or done (the mail has ended, RSET was accepted, TLS begins).
// Limits   256 recipients; MimeParser's for the mail; SmtpSettings::content for what rules see of a file.
// Tests    tests/unit/datapath/app/smtp/smtp_parser_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datapath/app/mime/mime_parser.h"
#include "datapath/app/smtp/smtp_settings.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::smtp {

namespace stage {
inline constexpr std::uint8_t kOpen = 1, kComplete = 2;
}

enum class SmtpEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/smtp/smtp_events.def"
#undef X
  kCount
};

class SmtpTransaction final : public Transaction {
 public:
  explicit SmtpTransaction(const SmtpSettings& settings) : settings_(&settings) {}

  std::string helo;  // of the session; before the first, empty and not there
  bool has_helo = false;
  std::optional<std::string> mail_from;
  std::vector<std::string> recipients;
  std::unique_ptr<mime::MimeParser> mail;  // from DATA on
  bool data_seen = false;
  bool done = false;

  void note(SmtpEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  [[nodiscard]] const SmtpSettings& settings() const { return *settings_; }
  void looked_at(Direction d) override;
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;

 private:
  const SmtpSettings* settings_;
};

}  // namespace bulkhead::app::smtp

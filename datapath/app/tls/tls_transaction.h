// One TLS conversation: what both hellos and the certificates say. A flow has one of it.
//
// Progress (each direction): the message that has been seen; what came before it will not change.
// Limits   TlsSettings: bytes of a message, number of certificates.
// Tests    tests/unit/datapath/app/tls/tls_parser_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/tls/tls_certificate.h"
#include "datapath/app/tls/tls_hello.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::tls {

namespace stage {
// kDone: the handshake is over, or nothing of it can be read any more.
inline constexpr std::uint8_t kHello = 1, kCertificate = 2, kDone = 3, kFinished = 4;
}  // namespace stage

// Which message was the last one that `ssl_state` has a word for.
namespace state {
inline constexpr std::uint8_t kClientHello = 1, kServerHello = 2, kClientKeyExchange = 4, kServerKeyExchange = 8,
                              kUnknown = 16;
}

struct TlsSide {
  std::uint16_t version = 0;  // 0: nothing of this side has been read
  std::optional<Hello> hello;
  std::vector<std::string> certificates;   // DER, the side's own first
  std::optional<Certificate> certificate;  // the first one, if it could be read
};

class TlsTransaction final : public Transaction {
 public:
  [[nodiscard]] TlsSide& side(Direction d) { return sides_[bulkhead::index_of(d)]; }
  [[nodiscard]] const TlsSide& side(Direction d) const { return sides_[bulkhead::index_of(d)]; }
  [[nodiscard]] const TlsSide& client() const { return sides_[0]; }
  [[nodiscard]] const TlsSide& server() const { return sides_[1]; }

  std::uint8_t last_messages = 0;  // state::..., of the bytes that came last
  bool session_resumed = false;
  bool certificate_requested = false, client_certificate_seen = false;
  bool handshake_done = false;
  std::int64_t certificate_time = 0;  // when the last certificate was seen, seconds since 1970
  std::string_view before;            // the protocol that changed to TLS, or ""
  struct Fingerprint {
    std::string text, hash;
  };
  Fingerprint ja3, ja3s;  // empty: not asked for
  std::string ja4;

  void note(TlsEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  // Something that rules of either direction can see.
  void touch_both() {
    touch(Direction::kToServer);
    touch(Direction::kToClient);
  }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields& out, const EveOptions& options) const override;
  // As soon as the certificates are there, or never will be.
  [[nodiscard]] bool ready_to_log() const override {
    const bool certificates = server().certificate && (!certificate_requested || client_certificate_seen);
    return handshake_done || certificates;
  }

 private:
  std::array<TlsSide, 2> sides_;  // by Direction
};

}  // namespace bulkhead::app::tls

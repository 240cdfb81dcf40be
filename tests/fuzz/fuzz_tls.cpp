// TLS on arbitrary bytes of both directions, in pieces, and certificates on arbitrary bytes: they always move on, and
// what they keep is bounded.
#include "datapath/app/tls/tls_certificate.h"
#include "tests/support/drive_parser.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan input(data + 1, size - 1);
  if (data[0] % 3 == 2) {
    app::tls::Certificate certificate;
    static_cast<void>(app::tls::read_certificate(input, certificate));
    BULKHEAD_CHECK(certificate.subject.size() <= app::tls::kMaxNameBytes * 8);
    return 0;
  }
  test::Drive drive;
  drive.settings.tls.ja3 = drive.settings.tls.ja4 = app::Fingerprints::kYes;
  drive.settings.eve.tls_custom = {"certificate", "chain", "client", "client_chain", "version", "ja3"};
  drive.max_left = 0x8000;  // an SSL 2 hello
  test::drive_parser(app::AppProtocol::tls, input, drive);
  return 0;
}

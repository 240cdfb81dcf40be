// SMTP and the mails in it on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is
// bounded.
#include "tests/support/drive_parser.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::Drive drive;
  app::AppSettings& settings = drive.settings;
  settings.smtp.mime.body_md5 = true;
  settings.smtp.mime.schemes = {"http", "mailto"};
  settings.eve.smtp_extended = settings.eve.smtp_body_md5 = settings.eve.smtp_subject_md5 = true;
  drive.max_left = 8192;
  drive.each = [&](const app::Transaction& tx) {
    for (const auto& file : tx.files[0]) BULKHEAD_CHECK(file->content().bytes().size() <= settings.smtp.content.limit);
  };
  test::drive_parser(app::AppProtocol::smtp, {data, size}, drive);
  return 0;
}

// Reports of scanners come from others: any bytes are read to the end, and what comes out is within its limits.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "datapath/base/check.h"
#include "signatures/patches/advice.h"
#include "signatures/patches/patch_book.h"

using namespace bulkhead;
using namespace bulkhead::patches;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<SourceFile>("report", std::string(reinterpret_cast<const char*>(data), size));
  PatchBook book;
  book.use(parse_exploited(file, diagnostics));
  std::size_t left_out = 0;
  if (auto report = parse_report(file, diagnostics, left_out)) {
    BULKHEAD_CHECK(!report->digests.empty());
    for (const Vulnerability& found : report->vulnerabilities) {
      BULKHEAD_CHECK(!found.id.empty() && found.id.size() <= 64 && found.title.size() <= 240);
      BULKHEAD_CHECK(found.cvss >= 0 && found.cvss <= 10);
      BULKHEAD_CHECK(!is_graver(book, found, found));
      BULKHEAD_CHECK(advice(found, book.exploited(found.id), {}, false).size() >= 3);
    }
    const std::string digest = report->digests.front();
    BULKHEAD_CHECK(digest_of("x@" + digest) == digest);
    BULKHEAD_CHECK(book.add(std::move(*report)));
    BULKHEAD_CHECK(book.report(digest) != nullptr);
  }
  for (const std::string& cve : cves_in(file->text())) {
    BULKHEAD_CHECK(cve.size() >= 13 && cves_in(cve) == std::vector<std::string>{cve});
  }
  return 0;
}

// URLs in the text of a mail: what stands behind "http://" (and the other schemes asked for) up to a blank, quote or
// bracket, in lower case.
//
// Thread   the worker owning the flow.
// In       decoded text in any pieces; lines end with LF.
// Limits   4 KB of a line are looked at in one piece; 256 different URLs, 2 KB each, are kept.
// Tests    tests/unit/datapath/app/mime/url_finder_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/mime/mime_settings.h"
#include "datapath/base/byte_reader.h"

namespace bulkhead::app::mime {

class UrlFinder {
 public:
  void write(ByteSpan text, const MimeSettings& settings);
  void finish(const MimeSettings& settings);
  [[nodiscard]] const std::vector<std::string>& urls() const { return urls_; }  // in order of appearance

 private:
  void look(const MimeSettings& settings);
  std::string line_;
  std::vector<std::string> urls_;
};

// What is told of a mail's URLs as a whole.
[[nodiscard]] bool names_program(std::string_view url);  // ends in .exe, or has it before its query
[[nodiscard]] bool has_ipv4_host(std::string_view url);
[[nodiscard]] bool has_ipv6_host(std::string_view url);

}  // namespace bulkhead::app::mime

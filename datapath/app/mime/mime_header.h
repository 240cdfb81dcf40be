// The fields of a mail's header and their parameters (RFC 5322 2.2, RFC 2045 5.1, RFC 2231).
//
// Thread   pure functions.
// Tests    tests/unit/datapath/app/mime/mime_header_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::app::mime {

struct Field {
  std::string name;  // lower case
  std::string value;
};

// "text/html" of "Text/HTML; charset=x": what stands before the parameters, lower case, without blanks around it.
[[nodiscard]] std::string leading_word(std::string_view value);

// The value of a parameter: name="x", name=x, name*0="x"; name*1="y", name*=charset'lang'%41.
struct Parameter {
  bool found = false;
  std::string value;
};
[[nodiscard]] Parameter parameter(std::string_view value, std::string_view name);

// Addresses of a field, parted by commas that stand in no quotes.
[[nodiscard]] std::vector<std::string_view> addresses(std::string_view value);

}  // namespace bulkhead::app::mime

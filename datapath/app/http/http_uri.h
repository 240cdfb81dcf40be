// The URI of a request, brought into the one form that rules are written for.
//
//   http://User@Host:80/%41/./b/..//c?q=%31#f   ->   /A/c?q=1#f
//
// Path     %XX and %uXXXX are decoded once (twice if told so), '\' is '/', repeated '/' are one, dot segments are
//          resolved, UTF-8 becomes Latin-1 where it fits and '?' where not.
// Query    %XX is decoded; '+' stays.
// Thread   pure functions.
// Source   RFC 3986; what servers make of it, as the reference engine's "IDS" personality has it (measured)
// Tests    tests/unit/datapath/app/http/http_uri_test.cpp
#pragma once

#include <string>
#include <string_view>

#include "datapath/app/http/http_settings.h"

namespace bulkhead::app::http {

struct UriParts {
  std::string_view scheme, authority, path, query, fragment;  // as written; authority without user and password
  bool has_authority = false, has_query = false, has_fragment = false;
};
[[nodiscard]] UriParts split_uri(std::string_view target);

struct NormalUri {
  std::string text;           // path, query, fragment
  std::size_t path_size = 0;  // of the text
  bool double_encoded = false;
};
[[nodiscard]] NormalUri normalise(const UriParts& parts, const HttpSettings& settings);

}  // namespace bulkhead::app::http

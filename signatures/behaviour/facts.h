// What transactions say that behaviour is made of: the shape of a request, how it ended, names in DNS.
//
// Shapes   keep what a program decides and drop what its data decides: numbers and identifiers in paths become *, SQL
//          keeps its keywords. So an application has few shapes and an attack has new ones.
// Thread   the worker owning the flow. Limits  four segments of a path, eight keywords of a statement.
// Tests    tests/unit/signatures/behaviour/facts_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/app_flow.h"
#include "signatures/behaviour/observation.h"

namespace bulkhead::behaviour {

struct Fact {
  FactKind kind = FactKind::kVerb;
  std::string text;
  IpAddress address;
};

// "GET /api/items/*"
[[nodiscard]] std::string request_shape(std::string_view method, std::string_view uri);
// What a header's value holds of templates, shells and markup: "${"; "" for nothing of the kind.
[[nodiscard]] std::string_view code_in(std::string_view value);
// "COPY FROM PROGRAM"; "?" for a text without keywords
[[nodiscard]] std::string statement_shape(std::string_view sql);

// Is all there that facts_of() looks at? `at_end`: no more will come.
[[nodiscard]] bool is_ready(const app::AppFlow& application, const app::Transaction& transaction, bool at_end);
void facts_of(const app::AppFlow& application, const app::Transaction& transaction, std::vector<Fact>& out);

}  // namespace bulkhead::behaviour

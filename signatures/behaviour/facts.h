// What transactions say that behaviour is made of: the shape of a request, how it ended, names in DNS.
//
// Shapes   keep what a program decides and drop what its data decides: numbers and identifiers in paths become *, SQL
//          keeps its keywords. So an application has few shapes and an attack has new ones.
// Thread   the worker owning the flow. Limits  four segments of a path, eight keywords of a statement.
// Tests    tests/unit/signatures/behaviour/facts_test.cpp
#pragma once

#include <string>
#include <string_view>

#include "datapath/app/app_flow.h"
#include "signatures/behaviour/observation.h"

namespace bulkhead::behaviour {

// Who is told them, one at a time; a text is theirs until the next.
class FactSink {
 public:
  FactSink() = default;
  FactSink(const FactSink&) = delete;
  FactSink& operator=(const FactSink&) = delete;
  virtual ~FactSink() = default;
  // `type`: of the question for a name (RFC 1035 3.2.2).
  virtual void fact(FactKind kind, std::string_view text, const IpAddress& address, std::uint16_t type) = 0;
  void fact(FactKind kind, std::string_view text) { fact(kind, text, {}, 0); }
  // What was asked, its shape for somebody else to make (finish_text). False: make it here.
  virtual bool asked(TextForm, std::string_view, std::string_view) { return false; }
  std::string made;  // for texts that are put together
};

// "GET /api/items/*"
[[nodiscard]] std::string request_shape(std::string_view method, std::string_view uri);
void request_shape(std::string_view method, std::string_view uri, std::string& out);
// What a header's value holds of templates, shells and markup: "${"; "" for nothing of the kind.
[[nodiscard]] std::string_view code_in(std::string_view value);
// Is code_in() worth asking? Nearly all headers hold nothing, which this says in a few steps.
[[nodiscard]] bool may_hold_code(std::string_view text);
// "COPY FROM PROGRAM"; "?" for a text without keywords
[[nodiscard]] std::string statement_shape(std::string_view sql);
void statement_shape(std::string_view sql, std::string& out);

// Makes the shape of a text that came without (TextForm), on the thread that reads the record.
void finish_text(Observation& told);

// Is all there that facts_of() looks at? `at_end`: no more will come.
[[nodiscard]] bool is_ready(const app::AppFlow& application, const app::Transaction& transaction, bool at_end);
void facts_of(const app::AppFlow& application, const app::Transaction& transaction, FactSink& out);

}  // namespace bulkhead::behaviour

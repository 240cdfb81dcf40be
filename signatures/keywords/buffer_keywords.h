// Keywords of the buffers of application protocols: each row of a protocol's table of buffers is a sticky keyword
// and, where the row names one, a content modifier of the old form.
//
//   http.uri; content:"/x";        content:"/x"; http_uri;
//
// Thread   control thread.
// Tests    tests/unit/signatures/keywords/buffer_keywords_test.cpp
#pragma once

#include <vector>

#include "datapath/app/protocol_table.h"
#include "signatures/compile/signature.h"
#include "signatures/keywords/keyword.h"

namespace bulkhead::signatures {

[[nodiscard]] constexpr BufferId buffer_id(app::BufferNumber number) {
  return static_cast<BufferId>(static_cast<unsigned>(BufferId::kFirstApplication) + number - 1);
}
[[nodiscard]] constexpr bool is_application_buffer(BufferId id) {
  return id >= BufferId::kFirstApplication && id != BufferId{0xffff};
}
[[nodiscard]] constexpr app::BufferNumber buffer_number(BufferId id) {
  return static_cast<app::BufferNumber>(static_cast<unsigned>(id) - static_cast<unsigned>(BufferId::kFirstApplication) +
                                        1);
}

[[nodiscard]] const std::vector<Keyword>& buffer_keywords();

}  // namespace bulkhead::signatures

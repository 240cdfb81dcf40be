// Which hashes of files somebody asks for: records, or rules.
#pragma once

namespace bulkhead::app {

struct HashNeeds {
  bool md5 = false, sha1 = false, sha256 = false;
};

}  // namespace bulkhead::app

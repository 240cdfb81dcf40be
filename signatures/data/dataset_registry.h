// All datasets by name: rules of one load share a set by naming it, and a reload finds the sets that rules have
// filled again.
//
// Files    `load` is read beside the rule file, else in the working directory; `save` and `state` live in the data
//          directory. A file of `state` need not exist yet.
// Thread   control thread.
// Errors   signature.dataset.{undefined,type,file,value,reputation} at the option or line.
// Tests    tests/unit/signatures/data/dataset_registry_test.cpp
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/result.h"
#include "signatures/data/dataset.h"

namespace bulkhead::signatures {

// What a rule says of a set.
struct DatasetRequest {
  std::string name;
  std::optional<DatasetType> type;  // nullopt: the set must be there already
  std::string load, save;           // file names; equal for `state`
  std::uint64_t memcap_bytes = 0;
  bool with_reputation = false;
};

class DatasetRegistry {
 public:
  explicit DatasetRegistry(std::string data_directory = ".") : data_directory_(std::move(data_directory)) {}

  // A new load of rules: sets that are only read are read again when next asked for.
  void begin_load();
  // Null after an error. `rule_file` is the name of the file that the rule stands in.
  [[nodiscard]] DatasetPtr open(const DatasetRequest& request, const std::string& rule_file, const SourceSpan& span,
                                Diagnostics& out);
  // Writes every set that has a file to save to; the files that could not be written.
  [[nodiscard]] std::vector<Error> save() const;

 private:
  struct Entry {
    DatasetPtr set;
    std::string save;  // path, or empty
    bool with_reputation = false;
    bool fresh = true;  // asked for in this load
  };
  [[nodiscard]] std::string in_data_directory(const std::string& name) const;
  [[nodiscard]] bool read(Entry& entry, const DatasetRequest& request, const std::string& rule_file,
                          const SourceSpan& span, Diagnostics& out) const;

  std::string data_directory_;
  std::map<std::string, Entry, std::less<>> sets_;
};

}  // namespace bulkhead::signatures

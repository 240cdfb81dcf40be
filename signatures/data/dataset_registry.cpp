#include "signatures/data/dataset_registry.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "datapath/base/private_file.h"

namespace bulkhead::signatures {
namespace {

SourceFilePtr read_file(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return nullptr;  // a device would never end
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  std::ostringstream text;
  text << in.rdbuf();
  return std::make_shared<SourceFile>(path, std::move(text).str());
}

// What an earlier run saved. A set that somebody else may have filled begins empty.
SourceFilePtr read_state(const std::string& path, const SourceSpan& span, Diagnostics& out) {
  auto text = read_private(path);
  if (text) return std::make_shared<SourceFile>(path, std::move(*text));
  if (is_distrust(text.error())) {
    out.warning(
        span, "signature.dataset.distrusted",
        "what was saved is not believed, the set begins empty: " + text.error().object + ": " + text.error().text);
  }
  return nullptr;
}

std::string beside(const std::string& rule_file, const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(rule_file).parent_path() / name;
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? path.string() : name;
}

}  // namespace

void DatasetRegistry::begin_load() {
  for (auto& [name, entry] : sets_) entry.fresh = false;
}

std::string DatasetRegistry::in_data_directory(const std::string& name) const {
  return (std::filesystem::path(data_directory_) / name).string();
}

bool DatasetRegistry::read(Entry& entry, const DatasetRequest& request, const std::string& rule_file,
                           const SourceSpan& span, Diagnostics& out) const {
  if (request.load.empty()) return true;
  const bool state = request.load == request.save;
  const SourceFilePtr file =
      state ? read_state(in_data_directory(request.load), span, out) : read_file(beside(rule_file, request.load));
  if (file) {
    entry.set->load(file, request.with_reputation, out);
  } else if (!state) {
    out.error(span, "signature.dataset.file", request.load + " cannot be read");
    return false;
  }
  return true;
}

DatasetPtr DatasetRegistry::open(const DatasetRequest& request, const std::string& rule_file, const SourceSpan& span,
                                 Diagnostics& out) {
  const auto known = sets_.find(request.name);
  const bool stale = known != sets_.end() && !known->second.fresh;
  if (known != sets_.end() && (!stale || known->second.set->changes())) {
    Entry& entry = known->second;
    entry.fresh = true;
    if (request.type && *request.type != entry.set->type()) {
      out.error(span, "signature.dataset.type",
                "set " + request.name + " has type " + std::string(name_of(entry.set->type())));
      return nullptr;
    }
    return entry.set;
  }
  if (!request.type) {
    out.error(span, "signature.dataset.undefined", "set " + request.name + " is not defined",
              "its first use says its type: type string");
    return nullptr;
  }
  Entry entry;
  entry.set = std::make_shared<Dataset>(request.name, *request.type);
  entry.set->set_memcap(request.memcap_bytes);
  entry.with_reputation = request.with_reputation;
  if (!request.save.empty()) entry.save = in_data_directory(request.save);
  if (!read(entry, request, rule_file, span, out)) return nullptr;
  return (sets_[request.name] = std::move(entry)).set;
}

std::vector<Error> DatasetRegistry::save() const {
  std::vector<Error> failed;
  for (const auto& [name, entry] : sets_) {
    if (entry.save.empty()) continue;
    if (const Status written = write_private(entry.save, entry.set->text(entry.with_reputation)); !written)
      failed.push_back(written.error());
  }
  return failed;
}

}  // namespace bulkhead::signatures

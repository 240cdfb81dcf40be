#include "signatures/keywords/dataset_options.h"

#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

// "10mb": a number and perhaps kb, mb, gb.
std::optional<std::uint64_t> size_of(std::string_view text) {
  std::uint64_t unit = 1;
  const std::string word = to_lower(text);
  for (const auto& [suffix, factor] : {std::pair{"kb", 1ULL << 10}, {"mb", 1ULL << 20}, {"gb", 1ULL << 30}}) {
    if (!word.ends_with(suffix)) continue;
    unit = factor;
    text.remove_suffix(2);
    break;
  }
  const auto number = parse_number<std::uint64_t>(trim_blanks(text));
  if (!number || *number > UINT64_MAX / unit) return std::nullopt;
  return *number * unit;
}

bool check_path(RuleBuilder& builder, std::string_view path) {
  if (path.starts_with('/')) {
    return builder.error(path, "signature.dataset.absolute", "a file that rules write has a relative name",
                         "it is put into the data directory");
  }
  if (path == ".." || path.starts_with("../") || path.find("/../") != path.npos || path.ends_with("/..")) {
    return builder.error(path, "signature.dataset.traversal", "the name of a file that rules write may not go up");
  }
  return true;
}

class Options {
 public:
  Options(RuleBuilder& builder, DatasetRequest& request) : builder_(builder), request_(request) {}

  bool take(std::string_view text) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    const std::string_view value = blank == text.npos ? std::string_view() : trim_blanks(text.substr(blank + 1));
    if (word == "type") return take_type(text, value);
    if (word == "load") return take_file(text, value, request_.load, false);
    if (word == "save") return take_file(text, value, request_.save, true);
    if (word == "state") return take_file(text, value, request_.save, true) && assign(request_.load, value);
    if (word == "memcap" || word == "hashsize") return take_size(text, word, value);
    builder_.warning(text, "signature.dataset.option", "\"" + printable(word) + "\" means nothing for a set");
    return true;
  }

 private:
  static bool assign(std::string& to, std::string_view value) {
    to = value;
    return true;
  }
  bool take_type(std::string_view text, std::string_view value) {
    request_.type = dataset_type(value);
    if (request_.type) return true;
    return builder_.error(text, "signature.dataset.type", "expected type string, md5, sha256, ipv4 or ip");
  }
  bool take_file(std::string_view text, std::string_view value, std::string& to, bool written) {
    if (value.empty()) return builder_.error(text, "signature.dataset.file", "expected the name of a file");
    return (!written || check_path(builder_, value)) && assign(to, value);
  }
  bool take_size(std::string_view text, std::string_view word, std::string_view value) {
    const auto size = size_of(value);
    if (!size) return builder_.error(text, "signature.dataset.size", "expected a number, perhaps with kb, mb or gb");
    if (word == "memcap") request_.memcap_bytes = *size;
    return true;
  }

  RuleBuilder& builder_;
  DatasetRequest& request_;
};

}  // namespace

DatasetPtr open_dataset(RuleBuilder& builder, const Option& option, std::string_view name,
                        std::span<const std::string_view> options, bool with_reputation) {
  if (builder.buffer() == BufferId::kPayload || builder.buffer() == BufferId::kBase64Data) {
    builder.error(option.text, "signature.dataset.no_buffer",
                  std::string(option.name) + " needs a sticky buffer before it");
    return nullptr;
  }
  if (builder.buffer() == RuleBuilder::kUnbuilt) return nullptr;  // reported already
  if (name.empty() || name.find(' ') != name.npos) {
    builder.error(name.empty() ? option.value : name, "signature.dataset.name", "expected the name of a set");
    return nullptr;
  }
  DatasetRequest request;
  request.name = name;
  request.with_reputation = with_reputation;
  Options reader(builder, request);
  for (const std::string_view text : options) {
    if (!reader.take(text.empty() ? option.value : text)) return nullptr;
  }
  return builder.open_dataset(request, option);
}

}  // namespace bulkhead::signatures

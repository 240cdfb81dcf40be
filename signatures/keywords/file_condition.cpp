#include "signatures/keywords/file_condition.h"

#include <filesystem>
#include <fstream>

namespace bulkhead::signatures {

namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nullopt: the line does not begin with so many digits.
std::optional<std::string> raw_digest(const std::string& line, std::size_t digits) {
  if (line.size() < digits) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < digits; i += 2) {
    const int high = digit_of(line[i]), low = digit_of(line[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace

Digests read_digests(RuleBuilder& builder, const Option& option, std::size_t digits) {
  const std::filesystem::path named{std::string(option.argument)};
  std::ifstream in(named);
  if (!in && named.is_relative()) {
    const SourceSpan span = builder.span(option.text);
    if (span.file) in.open(std::filesystem::path(span.file->name()).parent_path() / named);
  }
  if (!in) {
    builder.error(option.argument, "signature.file_hash.unreadable", "the list of digests cannot be read");
    return nullptr;
  }
  auto digests = std::make_shared<std::set<std::string>>();
  for (std::string line; std::getline(in, line);) {
    if (auto digest = raw_digest(line, digits)) digests->insert(std::move(*digest));
  }
  if (digests->empty()) {
    builder.error(
        option.argument, "signature.file_hash.empty",
        "the list holds no digest of " + std::to_string(digits) + " hexadecimal digits at the start of a line");
    return nullptr;
  }
  return digests;
}

FileAnswer digest_answer(const app::File& file, const std::string& digest, const std::set<std::string>& wanted,
                         bool negated) {
  if (!file.ended()) return FileAnswer::kNotYet;
  if (digest.empty() || file.state != app::FileState::kClosed) return FileAnswer::kNo;  // pieces are not the file
  return file_answer(wanted.contains(digest) != negated);
}

}  // namespace bulkhead::signatures

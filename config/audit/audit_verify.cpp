#include "config/audit/audit_verify.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "config/audit/audit_log.h"

namespace bulkhead::config::audit {

namespace {

// The parts of a line, as the writer makes it; nothing else is accepted.
struct Line {
  std::uint64_t number = 0;
  std::string_view covered;  // by the hash
  std::string_view previous, hash, type, signature, key;
};

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// A quoted string of hex digits.
bool take_hex(std::string_view& text, std::size_t digits, std::string_view& out) {
  if (text.size() < digits + 1 || text[digits] != '"') return false;
  out = text.substr(0, digits);
  text.remove_prefix(digits + 1);
  return out.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Why the line is no record; empty: it is one.
std::string read_line(std::string_view line, Line& out) {
  std::string_view rest = line;
  if (!take(rest, "{\"n\":")) return "this is no audit record";
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.number);
  if (error != std::errc()) return "the record has no number";
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  const std::size_t type = rest.find(",\"type\":\"");
  // From behind: what stands in the data may look like anything.
  const std::size_t hash = line.rfind(",\"hash\":\"");
  if (type == std::string_view::npos || hash == std::string_view::npos) return "the record is cut or changed";
  out.type = rest.substr(type + 9);
  out.type = out.type.substr(0, out.type.find('"'));
  out.covered = line.substr(0, hash);
  constexpr std::size_t kPrevious = 9 + 64 + 1;  // ,"prev":"..."
  if (out.covered.size() < kPrevious) return "the record is cut or changed";
  std::string_view previous = out.covered.substr(out.covered.size() - kPrevious);
  if (!take(previous, ",\"prev\":\"") || !take_hex(previous, 64, out.previous)) return "the record is cut or changed";
  std::string_view tail = line.substr(hash + 9);
  if (!take_hex(tail, 64, out.hash)) return "the record is cut or changed";
  if (take(tail, ",\"sig\":\"") && !take_hex(tail, 128, out.signature)) return "the signature is cut or changed";
  if (tail != "}") return "there is something behind the record";
  if (const std::size_t key = out.covered.find("\"data\":{\"key\":\""); key != std::string_view::npos) {
    out.key = out.covered.substr(key + 15, 64);
  }
  return {};
}

}  // namespace

AuditReport verify_audit(const std::vector<AuditInput>& files, const std::string& public_key, const std::string& head) {
  AuditReport out;
  out.key = public_key;
  std::string previous, text;
  for (const AuditInput& file : files) {
    std::uint64_t number = 0;
    const auto fault = [&](std::uint64_t record, std::string problem) {
      out.fault = AuditFault{file.name, number, record, std::move(problem)};
      return out;
    };
    while (std::getline(*file.text, text)) {
      ++number;
      Line line;
      if (std::string problem = read_line(text, line); !problem.empty()) {
        return fault(line.number != 0 ? line.number : out.last + 1, std::move(problem));
      }
      if (file.text->eof()) return fault(line.number, "the record has no line end: it is cut off");
      if (out.records == 0) {
        out.first = line.number;
        if (line.number == 1 && line.previous != kFirstPrevious) return fault(1, "the first record has a predecessor");
      } else if (line.number != out.last + 1) {
        return fault(out.last + 1, "record " + std::to_string(out.last + 1) + " should stand here, and " +
                                       std::to_string(line.number) + " does");
      } else if (line.previous != previous) {
        return fault(line.number, "it does not follow from the record before it");
      }
      if (sha256_hex(line.covered) != line.hash) return fault(line.number, "its content does not have its hash");
      if (line.type == "checkpoint") {
        if (line.signature.empty()) return fault(line.number, "the checkpoint is not signed");
        if (out.key.empty()) out.key = line.key;
        if (line.key != out.key) return fault(line.number, "the checkpoint is signed with another key");
        if (!SigningKey::verify(out.key, line.hash, line.signature))
          return fault(line.number, "its signature is wrong");
        ++out.checkpoints;
        out.signed_to = line.number;
      } else if (!line.signature.empty()) {
        return fault(line.number, "only checkpoints are signed");
      }
      previous = line.hash;
      out.last = line.number;
      out.last_hash = previous;
      ++out.records;
    }
  }
  if (head.size() >= 85) {
    std::uint64_t last = 0;
    std::from_chars(head.data(), head.data() + 20, last);
    const std::string name = files.empty() ? "" : files.back().name;
    if (last > out.last) {
      out.fault = AuditFault{name, 0, out.last + 1,
                             "records " + std::to_string(out.last + 1) + " to " + std::to_string(last) +
                                 " were written and are not there"};
    } else if (last == out.last && head.substr(21, 64) != out.last_hash) {
      out.fault = AuditFault{name, 0, out.last, "it is not the record that was written last"};
    }
  }
  return out;
}

std::vector<std::string> audit_files(const std::string& path) {
  std::vector<std::pair<std::uint64_t, std::string>> rotated;
  const std::filesystem::path whole(path);
  const std::string prefix = whole.filename().string() + ".";
  std::error_code error;
  const auto folder = whole.has_parent_path() ? whole.parent_path() : std::filesystem::path(".");
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    const char* begin = name.data() + prefix.size();
    const auto [end, wrong] = std::from_chars(begin, name.data() + name.size(), number);
    if (wrong == std::errc() && end == name.data() + name.size()) rotated.emplace_back(number, entry.path().string());
  }
  std::sort(rotated.begin(), rotated.end());
  std::vector<std::string> out;
  for (auto& [number, name] : rotated) out.push_back(std::move(name));
  if (std::filesystem::exists(whole, error)) out.push_back(path);
  return out;
}

}  // namespace bulkhead::config::audit

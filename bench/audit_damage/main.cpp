// A long audit log, damaged in every way at random places: is each found, and the first bad record named?
//
// usage: audit_damage [RECORDS] [TIMES] [FOLDER]     1,000,000 records, 10 times each kind
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <random>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "config/audit/audit_log.h"
#include "config/audit/audit_verify.h"

namespace {

using namespace bulkhead::config;

// Reads pieces of a text one behind the other, so that a damaged log is no copy.
class Pieces final : public std::streambuf {
 public:
  explicit Pieces(std::vector<std::string_view> pieces) : pieces_(std::move(pieces)) {}

 protected:
  int_type underflow() override {
    while (next_ < pieces_.size() && pieces_[next_].empty()) ++next_;
    if (next_ == pieces_.size()) return traits_type::eof();
    char* begin = const_cast<char*>(pieces_[next_].data());  // read only
    setg(begin, begin, begin + pieces_[next_].size());
    ++next_;
    return traits_type::to_int_type(*gptr());
  }

 private:
  std::vector<std::string_view> pieces_;
  std::size_t next_ = 0;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Damage {
  const char* name;
  std::vector<std::string_view> pieces;
  std::size_t line;  // of the first bad record, from 1; 0: what is missing lies behind the last
  std::string changed;
};

class Trial {
 public:
  Trial(std::size_t records, const std::string& folder) {
    audit::AuditSettings settings;
    settings.path = folder + "/audit.log";
    settings.max_bytes = 0;
    {
      auto log = audit::AuditLog::open(settings);
      if (!log) {
        std::fprintf(stderr, "%s\n", log.error().to_string().c_str());
        std::exit(1);
      }
      for (std::size_t i = 0; i < records; ++i) {
        (*log)->append("block", {{"kind", "flow"}, {"src_ip", "10.0.0." + std::to_string(i % 250)}, {"i", i}});
      }
    }
    text_ = read(settings.path);
    key_ = read(settings.path + ".pub").substr(0, 64);
    head_ = read(settings.path + ".head");
    for (std::size_t at = 0; at < text_.size(); at = text_.find('\n', at) + 1) begins_.push_back(at);
    begins_.push_back(text_.size());
  }

  [[nodiscard]] std::size_t records() const { return begins_.size() - 1; }
  [[nodiscard]] std::size_t bytes() const { return text_.size(); }
  [[nodiscard]] audit::AuditReport verify(std::vector<std::string_view> pieces) const {
    Pieces buffer(std::move(pieces));
    std::istream in(&buffer);
    return audit::verify_audit({{"audit.log", &in}}, key_, head_);
  }
  [[nodiscard]] audit::AuditReport verify() const { return verify({text_}); }

  [[nodiscard]] Damage make(std::size_t kind, std::mt19937_64& random) const {
    const std::string_view text = text_;
    const std::size_t r = random() % (records() - 2);
    const auto line = [&](std::size_t i) { return text.substr(begins_[i], begins_[i + 1] - begins_[i]); };
    const auto from = [&](std::size_t i) { return text.substr(begins_[i]); };
    const std::string_view before = text.substr(0, begins_[r]);
    switch (kind) {
      case 0: {
        Damage out{"flipped", {}, r + 1, std::string(line(r))};
        char& byte = out.changed[random() % out.changed.size()];
        byte = static_cast<char>(byte ^ (1U << random() % 8));
        return out;
      }
      case 1: return {"deleted", {before, from(r + 1)}, r + 1, {}};
      case 2: return {"reordered", {before, line(r + 1), line(r), from(r + 2)}, r + 1, {}};
      case 3: return {"repeated", {before, line(r), from(r)}, r + 2, {}};
      case 4: return {"cut inside", {before, line(r).substr(0, 1 + random() % (line(r).size() - 1))}, r + 1, {}};
      case 5: return {"cut between", {before}, 0, {}};
      default: {
        const std::size_t other = random() % records();
        return {"moved", {before, line(other == r ? r + 1 : other), from(r + 1)}, r + 1, {}};
      }
    }
  }
  // The pieces with what was changed, which must stay where it is.
  [[nodiscard]] std::vector<std::string_view> pieces_of(const Damage& damage) const {
    if (damage.changed.empty()) return damage.pieces;
    const std::string_view text = text_;
    const std::size_t r = damage.line - 1;
    return {text.substr(0, begins_[r]), damage.changed, text.substr(begins_[r + 1])};
  }

 private:
  std::string text_, key_, head_;
  std::vector<std::size_t> begins_;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t kKinds = 7;
  const std::size_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::size_t times = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10;
  const std::string folder =
      (argc > 3 ? std::filesystem::path(argv[3]) : std::filesystem::temp_directory_path()) / "bulkhead-audit-damage";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto begin = std::chrono::steady_clock::now();
  const Trial trial(wanted, folder);
  std::filesystem::remove_all(folder);
  std::printf("%zu records, %zu MB, written in %.1f s\n", trial.records(), trial.bytes() >> 20, seconds_since(begin));
  begin = std::chrono::steady_clock::now();
  const audit::AuditReport whole = trial.verify();
  std::printf("verified in %.1f s: %s\n", seconds_since(begin), whole.fault ? whole.fault->problem.c_str() : "whole");
  std::mt19937_64 random(1);  // NOLINT(cert-msc51-cpp): the same damage each time
  std::size_t missed = whole.fault ? 1 : 0, misnamed = 0;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    std::size_t found = 0, named = 0;
    const char* name = "";
    for (std::size_t i = 0; i < times; ++i) {
      const Damage damage = trial.make(kind, random);
      name = damage.name;
      const audit::AuditReport report = trial.verify(trial.pieces_of(damage));
      found += report.fault ? 1 : 0;
      named += report.fault && (damage.line == 0 || report.fault->line == damage.line) ? 1 : 0;
      if (report.fault && damage.line != 0 && report.fault->line != damage.line) {
        std::printf("  %s: line %zu, named %llu: %s\n", name, damage.line,
                    static_cast<unsigned long long>(report.fault->line), report.fault->problem.c_str());
      }
    }
    std::printf("%-12s %zu of %zu found, %zu named where they begin\n", name, found, times, named);
    missed += times - found;
    misnamed += found - named;
  }
  return missed == 0 && misnamed == 0 ? 0 : 1;
}

#include "signatures/patches/patch_book.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>
#include <utility>

namespace bulkhead::patches {

namespace fs = std::filesystem;

namespace {

SourceFilePtr read_file(const std::string& path, Diagnostics& diagnostics) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) {
    diagnostics.warning({std::make_shared<SourceFile>(path, ""), 0, 0, 0}, "patches.file.unreadable",
                        "cannot be read" + (error ? ": " + error.message() : std::string()));
    return nullptr;
  }
  std::string text(static_cast<std::size_t>(std::min<std::uintmax_t>(size, kMostReportBytes + 1)), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return std::make_shared<SourceFile>(path, std::move(text));
}

// Newest first, so that the first report of an image is the one that counts.
std::vector<fs::path> report_files(const std::string& directory, Diagnostics& diagnostics) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
    std::error_code ignored;
    const std::string name = i->path().filename().string();
    if (name.starts_with('.') || i->path().extension() != ".json" || !i->is_regular_file(ignored)) continue;
    found.emplace_back(i->last_write_time(ignored), i->path());
  }
  if (error) {
    diagnostics.warning({std::make_shared<SourceFile>(directory, ""), 0, 0, 0}, "patches.file.unreadable",
                        "cannot be read: " + error.message(), "setting patches.reports names a directory");
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<fs::path> out;
  out.reserve(found.size());
  for (auto& [time, path] : found) out.push_back(std::move(path));
  return out;
}

}  // namespace

bool PatchBook::add(ImageReport report) {
  const bool known = std::any_of(report.digests.begin(), report.digests.end(),
                                 [&](const std::string& digest) { return by_digest_.contains(digest); });
  if (known || reports_.size() >= kMostReports) return false;
  for (const std::string& digest : report.digests) by_digest_.emplace(digest, reports_.size());
  reports_.push_back(std::make_shared<const ImageReport>(std::move(report)));
  return true;
}

const ImageReport* PatchBook::report(std::string_view digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : reports_[found->second].get();
}

const KnownExploited* PatchBook::exploited(std::string_view cve) const {
  const auto found = exploited_.find(cve);
  return found == exploited_.end() ? nullptr : &found->second;
}

PatchBookPtr load_patch_book(const PatchSettings& settings, Diagnostics& diagnostics) {
  auto out = std::make_shared<PatchBook>();
  for (const fs::path& path : report_files(settings.reports, diagnostics)) {
    const SourceFilePtr file = read_file(path.string(), diagnostics);
    if (file == nullptr) continue;
    std::size_t left_out = 0;
    auto report = parse_report(file, diagnostics, left_out);
    if (left_out != 0) {
      diagnostics.warning({file, 1, 1, 1}, "patches.report.entries",
                          std::to_string(left_out) + " entries have no id, or are beyond the limit",
                          "they are left out");
    }
    if (report) static_cast<void>(out->add(std::move(*report)));
  }
  if (!settings.exploited.empty()) {
    if (const SourceFilePtr file = read_file(settings.exploited, diagnostics)) {
      out->use(parse_exploited(file, diagnostics));
    }
  }
  return out;
}

bool is_graver(const PatchBook& book, const Vulnerability& a, const Vulnerability& b) {
  const auto rank = [&](const Vulnerability& of) {
    const KnownExploited* known = book.exploited(of.id);
    return std::tuple(known != nullptr && known->ransomware, known != nullptr, of.grade, of.cvss);
  };
  const auto left = rank(a), right = rank(b);
  return left != right ? left > right : std::tie(a.id, a.package) < std::tie(b.id, b.package);
}

}  // namespace bulkhead::patches

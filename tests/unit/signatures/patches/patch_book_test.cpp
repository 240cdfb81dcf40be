#include "signatures/patches/patch_book.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::patches {
namespace {

namespace fs = std::filesystem;

class PatchBookTest : public testing::Test {
 protected:
  PatchBookTest() : directory(testing::TempDir() + "bulkhead_patches_" + std::to_string(::getpid())) {
    fs::create_directories(directory);
    settings.reports = directory;
  }
  ~PatchBookTest() override { fs::remove_all(directory); }
  void report(const std::string& file, char image, const std::string& cve, int hours_old) const {
    const std::string path = directory + "/" + file;
    std::ofstream(path) << R"({"SchemaVersion":2,"ArtifactName":")" << file << R"(","Metadata":{"ImageID":"sha256:)"
                        << std::string(64, image) << R"("},"Results":[{"Vulnerabilities":[{"VulnerabilityID":")" << cve
                        << "\"}]}]}";
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours_old));
  }
  std::string directory;
  PatchSettings settings;
  Diagnostics diagnostics;
};

TEST_F(PatchBookTest, TheNewestReportOfAnImageCounts) {
  report("a.json", 'a', "CVE-2020-1111", 5);
  report("b.json", 'a', "CVE-2020-2222", 1);
  report("c.json", 'c', "CVE-2020-3333", 9);
  report(".hidden.json", 'd', "CVE-2020-4444", 0);
  std::ofstream(directory + "/notes.txt") << "no report";
  const PatchBookPtr book = load_patch_book(settings, diagnostics);
  EXPECT_EQ(book->reports().size(), 2U);
  const ImageReport* found = book->report("sha256:" + std::string(64, 'a'));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->vulnerabilities[0].id, "CVE-2020-2222");
  EXPECT_EQ(book->report("sha256:" + std::string(64, 'd')), nullptr);
  EXPECT_EQ(book->report(""), nullptr);
  EXPECT_TRUE(diagnostics.all().empty());
}

TEST_F(PatchBookTest, WhatCannotBeReadIsSaidAndTheOthersCount) {
  report("a.json", 'a', "CVE-2020-1111", 0);
  std::ofstream(directory + "/cut.json") << "{\"Schema";
  settings.exploited = directory + "/none.json";
  const PatchBookPtr book = load_patch_book(settings, diagnostics);
  EXPECT_EQ(book->reports().size(), 1U);
  ASSERT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.all()[0].code, "patches.report.json");
  EXPECT_EQ(diagnostics.all()[1].code, "patches.file.unreadable");
  EXPECT_FALSE(diagnostics.has_errors());
  settings.reports = directory + "/none";
  EXPECT_EQ(load_patch_book(settings, diagnostics)->reports().size(), 0U);
}

}  // namespace
}  // namespace bulkhead::patches

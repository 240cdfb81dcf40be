// Which weaknesses of the workloads that run are watched for, and by which rules: what operators read.
//
// Order    workloads by name; weaknesses of each as is_graver() says: exploited ones first.
// Thread   pure. Tests  tests/unit/signatures/patches/overlay_test.cpp
#pragma once

#include <string>
#include <vector>

#include "signatures/patches/overlay.h"

namespace bulkhead::patches {

struct CoveringRule {
  std::uint32_t sid = 0;
  bool enabled_here = false;  // commented out in its file, on for this
  bool drops = false;
  std::string message;
};

struct CoveredWeakness {
  const Vulnerability* vulnerability = nullptr;  // the gravest of its CVE; owned by the book
  const KnownExploited* exploited = nullptr;     // owned by the book
  std::vector<std::string> packages;             // "log4j-core 2.14.1"
  std::vector<CoveringRule> rules;               // empty: nothing watches for it
  std::vector<std::string> advice;
};

struct CoveredWorkload {
  std::string name, image, digest;
  const ImageReport* report = nullptr;  // null: nobody has scanned the image
  bool is_protected = false;
  std::vector<CoveredWeakness> weaknesses;
  [[nodiscard]] std::size_t covered() const;
  [[nodiscard]] std::size_t exploited() const;
};

struct Coverage {
  PatchBookPtr book;  // keeps what the pointers mean
  std::vector<CoveredWorkload> workloads;
};

[[nodiscard]] Coverage coverage_of(PatchBookPtr book, const signatures::SignatureDb* db, const RuleKeys& only_here,
                                   const std::vector<PatchedWorkload>& workloads, const PatchSettings& settings);

}  // namespace bulkhead::patches

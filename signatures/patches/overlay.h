// One signature database, as it is for each workload: what its image is vulnerable to counts more, the rest says so.
//
//   vulnerable       severity 1, metadata exposure=vulnerable with CVE and package; a drop, where the workload is
//                    protected and the weakness is grave or known to be exploited
//   not vulnerable   as it is, metadata exposure=not-vulnerable: an attempt, never left out
//   not known        as it is: nobody scanned the image, or the address is nobody's
//   only here        a rule that was commented out is on for workloads that need it and silent for all others
//
// Whose    the end that the rule's `target` names; else the server of what goes to it, the client of what comes back.
// Thread   built on the control thread, immutable, shared by all workers.
// Limits   the images of running workloads times the rules that name one of their CVEs.
// Tests    tests/unit/signatures/patches/overlay_test.cpp, tests/golden/signatures/virtual-patch/
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datapath/base/ip_address.h"
#include "signatures/compile/signature_db.h"
#include "signatures/patches/patch_book.h"

namespace bulkhead::patches {

struct PatchedWorkload {
  std::string name;    // "shop/api"
  std::string image;   // as it was started
  std::string digest;  // "sha256:..."; empty: not known
  std::vector<IpAddress> addresses;
};

using RuleKey = std::pair<std::uint32_t, std::uint32_t>;  // gid, sid
using RuleKeys = std::set<RuleKey>;

// CVEs that a rule names in its references, its metadata or its message.
[[nodiscard]] std::vector<std::string> cves_of(const event::SignatureInfo& rule);

// "shop/api" is one of "shop/api", "shop/*", "*".
[[nodiscard]] bool is_named(const std::vector<std::string>& patterns, std::string_view name);

class Overlay {
 public:
  struct Vulnerable {
    event::SignatureInfoPtr signature;  // raised
    bool may_drop = false;
  };
  struct Rule {
    bool only_here = false;
    event::SignatureInfoPtr not_vulnerable;
    std::unordered_map<const ImageReport*, Vulnerable> by_report;
  };
  struct Host {
    const ImageReport* report = nullptr;
    bool is_protected = false;
  };

  // `only_here`: rules of the database that are on for this overlay's sake alone.
  Overlay(PatchBookPtr book, signatures::SignatureDbPtr db, const RuleKeys& only_here,
          const std::vector<PatchedWorkload>& workloads, const PatchSettings& settings);

  // Null: the rule names no CVE that matters here.
  [[nodiscard]] const Rule* rule(const event::SignatureInfo* signature) const;
  // Null: nobody's, or nobody scanned its image.
  [[nodiscard]] const Host* host(const IpAddress& address) const;

  [[nodiscard]] std::size_t rules() const { return rules_.size(); }
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }

 private:
  struct AddressHash {
    std::size_t operator()(const IpAddress& a) const noexcept {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(a.bytes().data()), a.bytes().size()});
    }
  };
  PatchBookPtr book_;
  signatures::SignatureDbPtr db_;  // whose rules are the keys
  std::unordered_map<const event::SignatureInfo*, Rule> rules_;
  std::unordered_map<IpAddress, Host, AddressHash> hosts_;
};
using OverlayPtr = std::shared_ptr<const Overlay>;

}  // namespace bulkhead::patches

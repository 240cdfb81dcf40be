#include "signatures/patches/advice.h"

#include <algorithm>
#include <array>

namespace bulkhead::patches {

namespace {

constexpr std::string_view kCode = "commands of the attacker run in the container";
constexpr std::string_view kNarrow = "allow in only the clients that need it, and out only what it calls";
constexpr std::string_view kOut = "deny what it opens to the outside: what was brought in cannot call home";
constexpr std::string_view kStop = "the service stops answering";
constexpr std::string_view kLimit = "limit the rate of its clients, and give the container limits of memory and CPU";

constexpr std::array kWeaknesses = {
    Weakness{"CWE-20", "input is not checked", "what follows depends on the input", kNarrow},
    Weakness{"CWE-22", "path traversal", "files of the container are read or written",
             "mount secrets only where they are used; allow in only the clients that need it"},
    Weakness{"CWE-74", "injection", kCode, kOut},
    Weakness{"CWE-77", "command injection", kCode, kOut},
    Weakness{"CWE-78", "command injection", kCode, kOut},
    Weakness{"CWE-79", "script in pages", "scripts of the attacker run in browsers of its users",
             "nothing on the network between containers helps; update"},
    Weakness{"CWE-89", "SQL injection", "the database is read or changed",
             "give the service an account of its own that may do only what it does"},
    Weakness{"CWE-94", "code injection", kCode, kOut},
    Weakness{"CWE-116", "output is not escaped", "what follows depends on who reads it", kNarrow},
    Weakness{"CWE-119", "memory is overwritten", kCode, kNarrow},
    Weakness{"CWE-120", "memory is overwritten", kCode, kNarrow},
    Weakness{"CWE-125", "memory is read beyond its end", "secrets in memory leak, or it crashes", kNarrow},
    Weakness{"CWE-190", "a number overflows", "it crashes, or memory is overwritten", kNarrow},
    Weakness{"CWE-200", "information leaks", "secrets leak", kNarrow},
    Weakness{"CWE-269", "rights are given away", "somebody in the container gains rights of another",
             "run it without privileges and with no-new-privileges"},
    Weakness{"CWE-273", "rights are not dropped", "somebody in the container gains rights of another",
             "run it without privileges and with no-new-privileges"},
    Weakness{"CWE-284", "access is not checked", "it is used without the right to", kNarrow},
    Weakness{"CWE-287", "who it is is not checked", "it is used without a login", kNarrow},
    Weakness{"CWE-295", "certificates are not checked", "somebody between both ends reads and changes",
             "the guard of ports keeps others from answering in its name (guard.enabled)"},
    Weakness{"CWE-306", "no login is asked for", "it is used without a login", kNarrow},
    Weakness{"CWE-330", "random numbers can be guessed", "keys can be guessed", "renew keys after the update"},
    Weakness{"CWE-352", "requests of others' pages are taken", "browsers of its users act for the attacker",
             "nothing on the network between containers helps; update"},
    Weakness{"CWE-400", "resources run out", kStop, kLimit},
    Weakness{"CWE-416", "memory is used after its end", kCode, kNarrow},
    Weakness{"CWE-434", "files of any kind are taken", kCode, kOut},
    Weakness{"CWE-476", "a null pointer is followed", kStop, kLimit},
    Weakness{"CWE-502", "objects are made from what strangers send", kCode, kOut},
    Weakness{"CWE-601", "it sends users elsewhere", "users end at a page of the attacker", "update"},
    Weakness{"CWE-611", "XML reads other files", "files are read, hosts behind it are asked", kOut},
    Weakness{"CWE-668", "a resource is open to others", "secrets leak", kNarrow},
    Weakness{"CWE-770", "resources run out", kStop, kLimit},
    Weakness{"CWE-787", "memory is overwritten", kCode, kNarrow},
    Weakness{"CWE-798", "a password stands in the program", "it is used by who knows the password", kNarrow},
    Weakness{"CWE-835", "a loop does not end", kStop, kLimit},
    Weakness{"CWE-862", "access is not checked", "it is used without the right to", kNarrow},
    Weakness{"CWE-863", "access is checked wrongly", "it is used without the right to", kNarrow},
    Weakness{"CWE-917", "expressions of strangers are evaluated", kCode, kOut},
    Weakness{"CWE-918", "it asks other hosts for strangers", "services behind it are reached through it",
             "allow out only what it calls; metadata services are denied by default (policy metadata)"},
    Weakness{"CWE-1321", "objects are changed through their prototype", kCode, kOut},
};

std::string listed(const std::vector<std::uint32_t>& rules) {
  constexpr std::size_t kShown = 6;
  std::string out;
  for (std::size_t i = 0; i < std::min(rules.size(), kShown); ++i)
    out += (i == 0 ? "" : ", ") + std::to_string(rules[i]);
  if (rules.size() > kShown) out += " and " + std::to_string(rules.size() - kShown) + " more";
  return out;
}

}  // namespace

const Weakness* find_weakness(std::string_view cwe) {
  const auto* const found =
      std::find_if(kWeaknesses.begin(), kWeaknesses.end(), [&](const Weakness& w) { return w.id == cwe; });
  return found == kWeaknesses.end() ? nullptr : found;
}

std::vector<std::string> advice(const Vulnerability& of, const KnownExploited* known,
                                const std::vector<std::uint32_t>& rules, bool dropping) {
  std::vector<std::string> out;
  const auto weakness = std::find_if(of.weaknesses.begin(), of.weaknesses.end(),
                                     [](const std::string& id) { return find_weakness(id) != nullptr; });
  const Weakness* kind = weakness == of.weaknesses.end() ? nullptr : find_weakness(*weakness);
  if (kind != nullptr) out.push_back(std::string(kind->name) + " (" + *weakness + "): " + std::string(kind->gains));
  const std::string what = of.package + " " + of.installed + (of.path.empty() ? "" : " in " + of.path);
  out.push_back(of.fixed.empty()
                    ? "there is no fixed version of " + what + " yet: replace it, or leave it out"
                    : "update " + what + " to " + of.fixed + ", build the image anew, replace the containers");
  if (known != nullptr) {
    out.push_back("it is exploited in the wild since " + known->added +
                  (known->ransomware ? ", by ransomware as well" : "") + "; CISA's date is " + known->due);
  }
  if (rules.empty()) {
    out.emplace_back("no rule watches for it");
  } else {
    out.push_back(
        "watched for by sid " + listed(rules) +
        (dropping ? "; what matches is dropped" : "; what matches is reported, not dropped (patches.protect)"));
  }
  out.push_back("until then: " + std::string(kind == nullptr ? kNarrow : kind->until));
  return out;
}

}  // namespace bulkhead::patches

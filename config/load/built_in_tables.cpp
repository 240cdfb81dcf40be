// Classtypes and reference systems that rule sets take for granted: the names, texts and priorities that the
// common classification.config and reference.config files agree on.
#include "config/load/signature_loader.h"

namespace bulkhead::config {

namespace {

struct ClassRow {
  const char* name;
  const char* text;
  std::uint8_t priority;
};

constexpr ClassRow kClasses[] = {
    {"attempted-admin", "Attempted Administrator Privilege Gain", 1},
    {"attempted-dos", "Attempted Denial of Service", 2},
    {"attempted-recon", "Attempted Information Leak", 2},
    {"attempted-user", "Attempted User Privilege Gain", 1},
    {"bad-unknown", "Potentially Bad Traffic", 2},
    {"coin-mining", "Crypto Currency Mining Activity Detected", 2},
    {"command-and-control", "Malware Command and Control Activity Detected", 1},
    {"credential-theft", "Successful Credential Theft Detected", 1},
    {"default-login-attempt", "Attempt to login by a default username and password", 2},
    {"denial-of-service", "Detection of a Denial of Service Attack", 2},
    {"domain-c2", "Domain Observed Used for C2 Detected", 1},
    {"exploit-kit", "Exploit Kit Activity Detected", 1},
    {"external-ip-check", "Device Retrieving External IP Address Detected", 2},
    {"icmp-event", "Generic ICMP event", 3},
    {"inappropriate-content", "Inappropriate Content was Detected", 1},
    {"misc-activity", "Misc activity", 3},
    {"misc-attack", "Misc Attack", 2},
    {"network-scan", "Detection of a Network Scan", 3},
    {"non-standard-protocol", "Detection of a non-standard protocol or event", 2},
    {"not-suspicious", "Not Suspicious Traffic", 3},
    {"policy-violation", "Potential Corporate Privacy Violation", 1},
    {"protocol-command-decode", "Generic Protocol Command Decode", 3},
    {"pup-activity", "Possibly Unwanted Program Detected", 2},
    {"rpc-portmap-decode", "Decode of an RPC Query", 2},
    {"shellcode-detect", "Executable code was detected", 1},
    {"social-engineering", "Possible Social Engineering Attempted", 2},
    {"string-detect", "A suspicious string was detected", 3},
    {"successful-admin", "Successful Administrator Privilege Gain", 1},
    {"successful-dos", "Denial of Service", 2},
    {"successful-recon-largescale", "Large Scale Information Leak", 2},
    {"successful-recon-limited", "Information Leak", 2},
    {"successful-user", "Successful User Privilege Gain", 1},
    {"suspicious-filename-detect", "A suspicious filename was detected", 2},
    {"suspicious-login", "An attempted login using a suspicious username was detected", 2},
    {"system-call-detect", "A system call was detected", 2},
    {"targeted-activity", "Targeted Malicious Activity was Detected", 1},
    {"tcp-connection", "A TCP connection was detected", 4},
    {"trojan-activity", "A Network Trojan was detected", 1},
    {"unknown", "Unknown Traffic", 3},
    {"unsuccessful-user", "Unsuccessful User Privilege Gain", 1},
    {"unusual-client-port-connection", "A client was using an unusual port", 2},
    {"web-application-activity", "access to a potentially vulnerable web application", 2},
    {"web-application-attack", "Web Application Attack", 1},
};

struct ReferenceRow {
  const char* name;
  const char* prefix;
};

constexpr ReferenceRow kReferences[] = {
    {"arachnids", "http://www.whitehats.com/info/IDS"},
    {"bid", "http://www.securityfocus.com/bid/"},
    {"bugtraq", "http://www.securityfocus.com/bid/"},
    {"cve", "http://cve.mitre.org/cgi-bin/cvename.cgi?name="},
    {"et", "http://doc.emergingthreats.net/"},
    {"etpro", "http://doc.emergingthreatspro.com/"},
    {"exploitdb", "http://www.exploit-db.com/exploits/"},
    {"mcafee", "http://vil.nai.com/vil/content/v_"},
    {"md5", "http://www.threatexpert.com/report.aspx?md5="},
    {"msft", "http://technet.microsoft.com/security/bulletin/"},
    {"nessus", "http://cgi.nessus.org/plugins/dump.php3?id="},
    {"openpacket", "https://www.openpacket.org/capture/grab/"},
    {"osvdb", "http://osvdb.org/show/osvdb/"},
    {"secunia", "http://www.secunia.com/advisories/"},
    {"securitytracker", "http://securitytracker.com/id?"},
    {"telus", "http://"},
    {"threatexpert", "http://www.threatexpert.com/report.aspx?md5="},
    {"url", "http://"},
    {"xforce", "http://xforce.iss.net/xforce/xfdb/"},
};

}  // namespace

signatures::ClassificationTable built_in_classifications() {
  signatures::ClassificationTable table;
  for (const auto& row : kClasses) table.add({row.name, row.text, row.priority, {}});
  return table;
}

signatures::ReferenceTable built_in_references() {
  signatures::ReferenceTable table;
  for (const auto& row : kReferences) table.add({row.name, row.prefix, {}});
  return table;
}

}  // namespace bulkhead::config

#include "datapath/output/syslog_framing.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace bulkhead::output {

namespace {

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7"};

// PRINTUSASCII, at most `most`; "-" is nothing.
std::string header_word(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) out += c > ' ' && c < 0x7f ? c : '_';
  return out.empty() ? "-" : out;
}

void append_time(Timestamp time, std::string& out) {
  const std::time_t seconds = time.seconds();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto micros = static_cast<unsigned>((time.ns % 1'000'000'000 + 1'000'000'000) % 1'000'000'000 / 1000);
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", parts.tm_year + 1900,
                                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, micros);
  out.append(text.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), text.size() - 1));
}

}  // namespace

std::uint8_t syslog_facility(std::string_view name) {
  const auto at = std::find(kFacilities.begin(), kFacilities.end(), name);
  return at == kFacilities.end() ? 255 : static_cast<std::uint8_t>(at - kFacilities.begin());
}

SyslogFraming::SyslogFraming(std::uint8_t facility, std::string_view host, std::string_view app_name,
                             std::uint32_t process)
    : facility_(facility),
      names_(" " + header_word(host, 255) + " " + header_word(app_name, 48) + " " + std::to_string(process) + " - - ") {
}

void SyslogFraming::frame(const OutputRecord& record, bool datagram, std::string& out) {
  message_ = "<" + std::to_string(facility_ * 8 + std::min<std::uint8_t>(record.severity, 7)) + ">1 ";
  append_time(record.time, message_);
  message_ += names_;
  message_ += record.json();
  if (!datagram) out += std::to_string(message_.size()) + " ";
  out += message_;
}

}  // namespace bulkhead::output

#include "datapath/base/timestamp.h"

#include <algorithm>
#include <ctime>

namespace bulkhead {

namespace {
void put_digits(char* out, int count, std::int64_t value) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}
}  // namespace

Timestamp wall_clock() {
  return {std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

void write_iso8601(Timestamp time, char* out) {
  constexpr std::int64_t kYear0 = -62167219200;     // 0000-01-01T00:00:00Z
  constexpr std::int64_t kYear9999 = 253402300799;  // 9999-12-31T23:59:59Z
  const std::time_t seconds = std::clamp(time.seconds(), kYear0, kYear9999);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  put_digits(out, 4, parts.tm_year + 1900);
  out[4] = '-';
  put_digits(out + 5, 2, parts.tm_mon + 1);
  out[7] = '-';
  put_digits(out + 8, 2, parts.tm_mday);
  out[10] = 'T';
  put_digits(out + 11, 2, parts.tm_hour);
  out[13] = ':';
  put_digits(out + 14, 2, parts.tm_min);
  out[16] = ':';
  put_digits(out + 17, 2, parts.tm_sec);
  out[19] = '.';
  put_digits(out + 20, 6, time.microseconds_part());
  const char* zone = "+0000";
  std::copy(zone, zone + 5, out + 26);
}

std::string to_iso8601(Timestamp time) {
  std::string out(kIso8601Length, ' ');
  write_iso8601(time, out.data());
  return out;
}

}  // namespace bulkhead

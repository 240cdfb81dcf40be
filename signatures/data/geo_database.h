// The country of an address, from a database in MaxMind's format (GeoLite2-Country.mmdb and its like). For `geoip`.
//
// Thread   opened on the control thread; country() from any worker: the file is mapped and never written.
// Errors   open(): the library's text. An address that the database does not know has no country.
// Source   libmaxminddb (Apache-2.0)
// Tests    tests/unit/signatures/data/geo_database_test.cpp
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "datapath/base/ip_address.h"
#include "datapath/base/result.h"

struct MMDB_s;

namespace bulkhead::signatures {

class GeoDatabase {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const GeoDatabase>> open(const std::string& path);
  // Two letters (ISO 3166-1): "DE".
  [[nodiscard]] std::optional<std::string> country(const IpAddress& address) const;

 private:
  std::shared_ptr<MMDB_s> database_;
};
using GeoDatabasePtr = std::shared_ptr<const GeoDatabase>;
// Built with libmaxminddb?
[[nodiscard]] bool geo_lookup_is_built();

}  // namespace bulkhead::signatures

#include "signatures/data/geo_database.h"

#ifdef BULKHEAD_GEOIP
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace bulkhead::signatures {

bool geo_lookup_is_built() {
  return true;
}

Result<std::shared_ptr<const GeoDatabase>> GeoDatabase::open(const std::string& path) {
  auto database = std::make_shared<GeoDatabase>();
  auto* handle = new MMDB_s{};
  const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, handle);
  if (status != MMDB_SUCCESS) {
    delete handle;
    return Error{"open", path, 0, MMDB_strerror(status)};
  }
  database->database_ = std::shared_ptr<MMDB_s>(handle, [](MMDB_s* open) {
    MMDB_close(open);
    delete open;
  });
  return std::shared_ptr<const GeoDatabase>(std::move(database));
}

std::optional<std::string> GeoDatabase::country(const IpAddress& address) const {
  sockaddr_storage storage{};
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    std::memcpy(&in.sin_addr, address.bytes().data(), 4);
    std::memcpy(&storage, &in, sizeof in);
  } else if (address.is_v6()) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    std::memcpy(&in.sin6_addr, address.bytes().data(), 16);
    std::memcpy(&storage, &in, sizeof in);
  } else {
    return std::nullopt;
  }
  int error = 0;
  MMDB_lookup_result_s found =
      MMDB_lookup_sockaddr(database_.get(), reinterpret_cast<const sockaddr*>(&storage), &error);
  if (error != MMDB_SUCCESS || !found.found_entry) return std::nullopt;
  MMDB_entry_data_s code{};
  if (MMDB_get_value(&found.entry, &code, "country", "iso_code", nullptr) != MMDB_SUCCESS || !code.has_data ||
      code.type != MMDB_DATA_TYPE_UTF8_STRING) {
    return std::nullopt;
  }
  return std::string(code.utf8_string, code.data_size);
}

}  // namespace bulkhead::signatures

#else

namespace bulkhead::signatures {

bool geo_lookup_is_built() {
  return false;
}

Result<std::shared_ptr<const GeoDatabase>> GeoDatabase::open(const std::string& path) {
  return Error{"open", path, 0, "this program was built without libmaxminddb"};
}

std::optional<std::string> GeoDatabase::country(const IpAddress&) const {
  return std::nullopt;
}

}  // namespace bulkhead::signatures

#endif

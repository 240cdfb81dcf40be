#include "config/daemon/safe_addresses.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bulkhead::config {
namespace {

std::string text_of(const std::vector<IpAddress>& addresses) {
  std::string out;
  for (const IpAddress& each : addresses) out += each.to_string() + " ";
  return out;
}

TEST(SafeAddresses, ReadsWhatTheKernelAndTheResolverSay) {
  std::istringstream routes4(
      "Iface\tDestination\tGateway \tFlags\n"
      "eth0\t00000000\t0101A8C0\t0003\n"
      "eth0\t0001A8C0\t00000000\t0001\nshort\neth0\t00000000\tNOTAHEXX\t0003\n");
  EXPECT_EQ(text_of(gateways4(routes4)), "192.168.1.1 ");
  std::istringstream routes6(
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 "
      "00000400\n"
      "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 "
      "00000100\n");
  EXPECT_EQ(text_of(gateways6(routes6)), "fe80::1 ");
  std::istringstream names(
      "# nameserver 9.9.9.9\nnameserver 10.0.0.53\nnameserver fe80::2%eth0\nsearch a b\nnameserver\n");
  EXPECT_EQ(text_of(resolvers(names)), "10.0.0.53 fe80::2 ");
}

}  // namespace
}  // namespace bulkhead::config

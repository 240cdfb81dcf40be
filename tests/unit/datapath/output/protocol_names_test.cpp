#include "datapath/output/protocol_names.h"

#include <gtest/gtest.h>

namespace bulkhead::output {
namespace {

TEST(ProtocolNames, AsSuricataPrintsThem) {
  const std::pair<int, std::string_view> cases[] = {
      {0, "HOPOPT"}, {1, "ICMP"},       {2, "IGMP"},  {4, "IP-in-IP"}, {6, "TCP"},        {17, "UDP"},
      {41, "IPv6"},  {47, "GRE"},       {50, "ESP"},  {51, "AH"},      {58, "IPv6-ICMP"}, {89, "OSPF"},
      {132, "SCTP"}, {143, "Ethernet"}, {144, "144"}, {200, "200"},    {255, "255"}};
  for (const auto& [number, name] : cases) {
    NumberText buffer;
    EXPECT_EQ(protocol_name(static_cast<std::uint8_t>(number), buffer), name);
  }
}

TEST(ProtocolNames, EveryNumberHasText) {
  for (int number = 0; number < 256; ++number) {
    NumberText buffer;
    EXPECT_FALSE(protocol_name(static_cast<std::uint8_t>(number), buffer).empty());
  }
}

}  // namespace
}  // namespace bulkhead::output

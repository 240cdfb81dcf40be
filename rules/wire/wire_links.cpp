#include "rules/wire/wire_links.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "datapath/netlink/attributes.h"
#include "rules/discovery/link_table.h"

namespace bulkhead::rules {

namespace {

using netlink::Attribute;
using netlink::AttributeReader;
using netlink::AttributeWriter;

constexpr auto kAnswerTimeout = std::chrono::milliseconds(5000);
constexpr std::string_view kAlias = "bulkhead wire of ";
constexpr std::string_view kIn = " in ";

// Of a port: what an operator sets. Everything else is state or costs a message that kernels of some age refuse.
constexpr std::uint16_t kSettable[] = {
    IFLA_BRPORT_PRIORITY,       IFLA_BRPORT_COST,           IFLA_BRPORT_MODE,     IFLA_BRPORT_GUARD,
    IFLA_BRPORT_PROTECT,        IFLA_BRPORT_FAST_LEAVE,     IFLA_BRPORT_LEARNING, IFLA_BRPORT_UNICAST_FLOOD,
    IFLA_BRPORT_MCAST_FLOOD,    IFLA_BRPORT_BCAST_FLOOD,    IFLA_BRPORT_PROXYARP, IFLA_BRPORT_PROXYARP_WIFI,
    IFLA_BRPORT_MCAST_TO_UCAST, IFLA_BRPORT_NEIGH_SUPPRESS, IFLA_BRPORT_ISOLATED, IFLA_BRPORT_MULTICAST_ROUTER,
    IFLA_BRPORT_LOCKED};

std::vector<Byte> message(std::uint16_t type, std::uint16_t flags, std::uint32_t index, unsigned change = 0,
                          unsigned state = 0) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(index);
  link.ifi_change = change;
  link.ifi_flags = state;
  std::vector<Byte> out(sizeof header + sizeof link);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &link, sizeof link);
  return out;
}

void silent(AttributeWriter& out) {
  const std::size_t spec = out.open(IFLA_AF_SPEC);
  const std::size_t inet6 = out.open(AF_INET6);
  out.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  out.close(inet6);
  out.close(spec);
}

std::string cut(const std::string& port, std::string_view ending) {
  return port.substr(0, IFNAMSIZ - 1 - ending.size()) + std::string(ending);
}

}  // namespace

std::string wire_inner_name(const std::string& port) {
  return cut(port, "-d");
}
std::string wire_port_name(const std::string& port) {
  return cut(port, "-w");
}

std::string WireAlias::to_string() const {
  return std::string(kAlias) + port + ' ' + std::to_string(index) + std::string(kIn) + bridge;
}

std::optional<WireAlias> WireAlias::parse(const std::string& alias) {
  if (!alias.starts_with(kAlias)) return std::nullopt;
  const std::string_view rest = std::string_view(alias).substr(kAlias.size());
  const std::size_t number = rest.find(' ');
  const std::size_t in = number == std::string_view::npos ? number : rest.find(kIn, number + 1);
  if (in == std::string_view::npos) return std::nullopt;
  WireAlias out;
  out.port = rest.substr(0, number);
  out.bridge = rest.substr(in + kIn.size());
  const char* end = rest.data() + in;
  const auto [stop, error] = std::from_chars(rest.data() + number + 1, end, out.index);
  if (error != std::errc() || stop != end || out.index == 0 || out.port.empty() || out.bridge.empty()) {
    return std::nullopt;
  }
  return out;
}

std::vector<Byte> settable_port_settings(ByteSpan attributes) {
  std::vector<Byte> out;
  AttributeWriter writer(out);
  AttributeReader reader(attributes);
  Attribute attribute;
  while (reader.next(attribute)) {
    if (std::find(std::begin(kSettable), std::end(kSettable), attribute.type) == std::end(kSettable)) continue;
    writer.bytes(attribute.type, attribute.value.data(), attribute.value.size());
  }
  return out;
}

std::optional<WireLink> parse_wire_link(ByteSpan bytes) {
  nlmsghdr header{};
  ifinfomsg head{};
  if (bytes.size() < sizeof header + sizeof head) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::memcpy(&head, bytes.data() + sizeof header, sizeof head);
  if (header.nlmsg_type != RTM_NEWLINK || head.ifi_family != AF_UNSPEC || head.ifi_index <= 0) return std::nullopt;
  WireLink link;
  link.index = static_cast<std::uint32_t>(head.ifi_index);
  link.up = (head.ifi_flags & IFF_UP) != 0;
  AttributeReader reader(bytes.subspan(sizeof header + sizeof head));
  Attribute attribute;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case IFLA_IFNAME: link.name = attribute.text(); break;
      case IFLA_IFALIAS: link.alias = attribute.text(); break;
      case IFLA_MTU: link.mtu = attribute.u32(); break;
      case IFLA_MASTER: link.master = attribute.u32(); break;
      case IFLA_ADDRESS:
        if (attribute.value.size() == 6) link.mac = MacAddress::from(attribute.value.data());
        break;
      case IFLA_LINKINFO: {
        link.kind = netlink::find_attribute(attribute.value, IFLA_INFO_KIND).text();
        if (netlink::find_attribute(attribute.value, IFLA_INFO_SLAVE_KIND).text() != "bridge") break;
        link.port = settable_port_settings(netlink::find_attribute(attribute.value, IFLA_INFO_SLAVE_DATA).value);
        break;
      }
      default: break;
    }
  }
  if (reader.broken()) return std::nullopt;
  return link;
}

Result<WireLinks> WireLinks::open() {
  auto socket = netlink::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return socket.error();
  if (const Status texts = socket->enable_error_texts(); !texts) return texts.error();
  return WireLinks(std::move(*socket));
}

Status WireLinks::ask(std::vector<Byte> request, const char* what, const std::string& object) {
  nlmsghdr header{};
  std::memcpy(&header, request.data(), sizeof header);
  header.nlmsg_len = static_cast<std::uint32_t>(request.size());
  header.nlmsg_seq = ++sequence_;
  header.nlmsg_flags |= NLM_F_ACK;
  std::memcpy(request.data(), &header, sizeof header);
  if (const Status sent = socket_.send(request); !sent) return sent;
  for (;;) {
    const auto got = socket_.receive_into(datagram_, kAnswerTimeout);
    if (!got) return got.error();
    if (!*got) return errno_error(what, object, ETIMEDOUT);
    const std::vector<Byte>& bytes = datagram_.bytes;
    nlmsgerr error{};
    if (bytes.size() < sizeof header + sizeof error) continue;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nlmsg_type != NLMSG_ERROR || header.nlmsg_seq != sequence_) continue;
    std::memcpy(&error, bytes.data() + sizeof header, sizeof error);
    if (error.error == 0) return ok();
    Error out = errno_error(what, object, -error.error);
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
      const std::string text =
          netlink::find_attribute(ByteSpan(bytes).subspan(sizeof header + sizeof error), NLMSGERR_ATTR_MSG).text();
      if (!text.empty()) out.text += "; " + text;
    }
    return out;
  }
}

Result<std::vector<WireLink>> WireLinks::list() {
  std::vector<Byte> request = message(RTM_GETLINK, NLM_F_DUMP, 0);
  nlmsghdr header{};
  std::memcpy(&header, request.data(), sizeof header);
  header.nlmsg_len = static_cast<std::uint32_t>(request.size());
  header.nlmsg_seq = ++sequence_;
  std::memcpy(request.data(), &header, sizeof header);
  if (const Status sent = socket_.send(request); !sent) return sent.error();
  std::vector<WireLink> out;
  for (;;) {
    const auto got = socket_.receive_into(datagram_, kAnswerTimeout);
    if (!got) return got.error();
    if (!*got) return errno_error("RTM_GETLINK", "all links", ETIMEDOUT);
    ByteSpan rest = datagram_.bytes;
    while (rest.size() >= sizeof header) {
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) break;
      if (header.nlmsg_seq == sequence_) {
        if (header.nlmsg_type == NLMSG_DONE) return out;
        if (header.nlmsg_type == NLMSG_ERROR) return errno_error("RTM_GETLINK", "all links", EIO);
        if (auto link = parse_wire_link(rest.first(header.nlmsg_len)); link) out.push_back(std::move(*link));
      }
      rest = rest.subspan(std::min<std::size_t>((std::size_t{header.nlmsg_len} + 3) & ~std::size_t{3}, rest.size()));
    }
  }
}

Status WireLinks::create(const std::string& inner, const std::string& port, std::uint32_t mtu,
                         const std::optional<MacAddress>& port_mac) {
  std::vector<Byte> request = message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
  AttributeWriter out(request);
  out.text(IFLA_IFNAME, inner);
  out.u32(IFLA_MTU, mtu);
  const std::size_t info = out.open(IFLA_LINKINFO);
  out.text(IFLA_INFO_KIND, "veth");
  const std::size_t data = out.open(IFLA_INFO_DATA);
  const std::size_t peer = out.open(VETH_INFO_PEER);
  const ifinfomsg none{};
  const auto* head = reinterpret_cast<const Byte*>(&none);
  request.insert(request.end(), head, head + sizeof none);
  out.text(IFLA_IFNAME, port);
  out.u32(IFLA_MTU, mtu);
  if (port_mac) out.bytes(IFLA_ADDRESS, port_mac->bytes.data(), port_mac->bytes.size());
  out.close(peer);
  out.close(data);
  out.close(info);
  return ask(std::move(request), "RTM_NEWLINK", inner + " and " + port);
}

Status WireLinks::bring_up(const std::string& name, const std::string& alias) {
  const std::uint32_t index = if_nametoindex(name.c_str());
  if (index == 0) return errno_error("interface", name, ENODEV);
  std::vector<Byte> request = message(RTM_NEWLINK, 0, index);
  AttributeWriter out(request);
  out.bytes(IFLA_IFALIAS, alias.data(), alias.size());
  silent(out);
  if (const Status set = ask(std::move(request), "RTM_NEWLINK", name + " (alias)"); !set) return set;
  return ask(message(RTM_NEWLINK, 0, index, IFF_UP, IFF_UP), "RTM_NEWLINK", name + " (up)");
}

Status WireLinks::move(std::uint32_t index, std::uint32_t bridge, const std::vector<Byte>& port) {
  const std::string object = "port " + std::to_string(index) + (bridge == 0 ? " out of its bridge" : " into a bridge");
  std::vector<Byte> request = message(RTM_NEWLINK, 0, index);
  AttributeWriter(request).u32(IFLA_MASTER, bridge);
  if (const Status moved = ask(std::move(request), "RTM_NEWLINK", object); !moved) return moved;
  if (bridge == 0 || port.empty()) return ok();
  request = message(RTM_NEWLINK, 0, index);
  AttributeWriter out(request);
  const std::size_t info = out.open(IFLA_LINKINFO);
  out.text(IFLA_INFO_SLAVE_KIND, "bridge");
  const std::size_t data = out.open(IFLA_INFO_SLAVE_DATA);
  request.insert(request.end(), port.begin(), port.end());
  out.close(data);
  out.close(info);
  return ask(std::move(request), "RTM_NEWLINK", object + " (settings)");
}

Status WireLinks::remove(std::uint32_t index) {
  return ask(message(RTM_DELLINK, 0, index), "RTM_DELLINK", "interface " + std::to_string(index));
}

}  // namespace bulkhead::rules

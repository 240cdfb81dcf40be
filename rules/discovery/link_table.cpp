#include "rules/discovery/link_table.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <charconv>
#include <cstring>
#include <utility>

#include "datapath/netlink/attributes.h"

namespace bulkhead::rules {

namespace {

using netlink::Attribute;
using netlink::AttributeReader;
using netlink::AttributeWriter;

// Walks the messages of a datagram; `broken` when one does not fit.
template <typename Visit>
void for_each_message(ByteSpan datagram, bool& broken, Visit visit) {
  while (!datagram.empty()) {
    nlmsghdr header{};
    if (datagram.size() >= sizeof header) std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) {
      broken = true;
      return;
    }
    visit(header, datagram.subspan(sizeof header, header.nlmsg_len - sizeof header));
    datagram =
        datagram.subspan(std::min<std::size_t>((std::size_t{header.nlmsg_len} + 3) & ~std::size_t{3}, datagram.size()));
  }
}

template <typename Head>
std::vector<Byte> request(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence, const Head& head) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  header.nlmsg_len = sizeof header + sizeof head;
  std::vector<Byte> out(sizeof header + sizeof head);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &head, sizeof head);
  return out;
}

std::optional<IpAddress> address_of(std::uint8_t family, ByteSpan bytes) {
  if (family == AF_INET && bytes.size() == 4) return IpAddress::v4(bytes.data());
  if (family == AF_INET6 && bytes.size() == 16) return IpAddress::v6(bytes.data());
  return std::nullopt;
}

const std::string kStandIn = "bulkhead wire in place of ";

std::uint32_t stood_for(const std::string& alias) {
  std::uint32_t index = 0;
  if (!alias.starts_with(kStandIn)) return 0;
  const char* end = alias.data() + alias.size();
  const auto [stop, error] = std::from_chars(alias.data() + kStandIn.size(), end, index);
  return error == std::errc() && stop == end ? index : 0;
}

}  // namespace

std::string stand_in_alias(std::uint32_t index) {
  return kStandIn + std::to_string(index);
}

bool LinkTable::apply_link(ByteSpan body, bool gone) {
  ifinfomsg head{};
  if (body.size() < sizeof head) return false;
  std::memcpy(&head, body.data(), sizeof head);
  // A bridge tells about its ports in messages of its own family: those say nothing about the link itself.
  if (head.ifi_family != AF_UNSPEC) return true;
  if (head.ifi_index <= 0) return false;
  Link link;
  link.index = static_cast<std::uint32_t>(head.ifi_index);
  link.up = (head.ifi_flags & IFF_UP) != 0;
  AttributeReader reader(body.subspan(sizeof head));
  Attribute attribute;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case IFLA_IFNAME: link.name = attribute.text(); break;
      case IFLA_ADDRESS:
        if (attribute.value.size() == 6) link.mac = MacAddress::from(attribute.value.data());
        break;
      case IFLA_MASTER: link.master = attribute.u32(); break;
      case IFLA_IFALIAS: link.stands_for = stood_for(attribute.text()); break;
      case IFLA_LINK: link.peer = attribute.u32(); break;
      case IFLA_LINK_NETNSID: link.peer_namespace = static_cast<std::int32_t>(attribute.u32()); break;
      case IFLA_LINKINFO: link.kind = netlink::find_attribute(attribute.value, IFLA_INFO_KIND).text(); break;
      default: break;
    }
  }
  if (reader.broken()) return false;
  if (gone) {
    forget(link.index);
    return true;
  }
  seen_links_.insert(link.index);
  Link& known = links_[link.index];
  if (known != link) {
    known = std::move(link);
    ++version_;
  }
  return true;
}

bool LinkTable::apply_address(ByteSpan body, bool gone) {
  ifaddrmsg head{};
  if (body.size() < sizeof head) return false;
  std::memcpy(&head, body.data(), sizeof head);
  std::optional<IpAddress> address;
  AttributeReader reader(body.subspan(sizeof head));
  Attribute attribute;
  while (reader.next(attribute)) {
    // On a point-to-point link IFA_ADDRESS is the other end's.
    if (attribute.type == IFA_LOCAL || (attribute.type == IFA_ADDRESS && !address)) {
      address = address_of(head.ifa_family, attribute.value);
    }
  }
  if (reader.broken()) return false;
  if (!address) return true;  // another family
  const AddressKey key{head.ifa_index, *address};
  if (gone ? addresses_.erase(key) != 0 : addresses_.insert(key).second) ++version_;
  if (!gone) seen_addresses_.insert(key);
  return true;
}

void LinkTable::forget(std::uint32_t index) {
  if (links_.erase(index) != 0) ++version_;
  if (std::erase_if(addresses_, [&](const AddressKey& key) { return key.first == index; }) != 0) ++version_;
}

LinkTable::End LinkTable::apply(ByteSpan datagram) {
  End end = End::kMore;
  bool broken = false;
  for_each_message(datagram, broken, [&](const nlmsghdr& header, ByteSpan body) {
    bool good = true;
    switch (header.nlmsg_type) {
      case RTM_NEWLINK: good = apply_link(body, false); break;
      case RTM_DELLINK: good = apply_link(body, true); break;
      case RTM_NEWADDR: good = apply_address(body, false); break;
      case RTM_DELADDR: good = apply_address(body, true); break;
      case NLMSG_DONE: end = End::kDone; break;
      case NLMSG_ERROR: {
        std::int32_t code = 0;
        good = body.size() >= sizeof code;
        if (good) std::memcpy(&code, body.data(), sizeof code);
        last_error_ = code == INT32_MIN ? INT32_MAX : -code;
        end = code == 0 ? End::kDone : End::kError;
        break;
      }
      default: break;
    }
    if (!good) ++broken_;
  });
  if (broken) ++broken_;
  return end;
}

const Link* LinkTable::find(std::uint32_t index) const {
  const auto found = links_.find(index);
  return found == links_.end() ? nullptr : &found->second;
}

const Link* LinkTable::find(std::string_view name) const {
  for (const auto& [index, link] : links_) {
    if (link.name == name) return &link;
  }
  return nullptr;
}

const Link* LinkTable::port_of(std::uint32_t master, std::int32_t id) const {
  const Link* only = nullptr;
  for (const auto& [index, link] : links_) {
    if (link.master != master || link.kind != "veth") continue;
    const Link* behind = link.stands_for != 0 ? find(link.stands_for) : &link;
    if (behind == nullptr || behind->peer_namespace != id) continue;
    if (only != nullptr) return nullptr;
    only = &link;
  }
  return only;
}

std::vector<const Link*> LinkTable::ports_to(std::int32_t id) const {
  std::vector<const Link*> out;
  for (const auto& [index, link] : links_) {
    if (link.kind != "veth" || link.peer_namespace != id) continue;
    const Link* instead = stand_in(index);
    out.push_back(instead == nullptr ? &link : instead);
  }
  return out;
}

const Link* LinkTable::stand_in(std::uint32_t index) const {
  for (const auto& [own, link] : links_) {
    if (link.stands_for == index && link.master != 0) return &link;
  }
  return nullptr;
}

std::vector<IpAddress> LinkTable::addresses() const {
  std::set<IpAddress> out;
  for (const auto& [index, address] : addresses_) out.insert(address);
  return {out.begin(), out.end()};
}

void LinkTable::begin_links() {
  seen_links_.clear();
}
void LinkTable::end_links() {
  std::vector<std::uint32_t> gone;
  for (const auto& [index, link] : links_) {
    if (!seen_links_.contains(index)) gone.push_back(index);
  }
  for (const std::uint32_t index : gone) forget(index);
  // An address may be told of before its link; one of a link that the whole list does not have is nobody's.
  if (std::erase_if(addresses_, [&](const AddressKey& key) { return !links_.contains(key.first); }) != 0) ++version_;
}
void LinkTable::begin_addresses() {
  seen_addresses_.clear();
}
void LinkTable::end_addresses() {
  if (std::erase_if(addresses_, [&](const AddressKey& key) { return !seen_addresses_.contains(key); }) != 0) ++version_;
}

std::vector<Byte> link_dump_request(std::uint32_t sequence) {
  return request(RTM_GETLINK, NLM_F_DUMP, sequence, ifinfomsg{});
}
std::vector<Byte> address_dump_request(std::uint32_t sequence) {
  return request(RTM_GETADDR, NLM_F_DUMP, sequence, ifaddrmsg{});
}
namespace {

std::vector<Byte> namespace_request(std::uint16_t attribute, std::int32_t value, std::uint32_t sequence) {
  // rtgenmsg is one byte; attributes begin at the next multiple of four.
  std::vector<Byte> out = request(RTM_GETNSID, 0, sequence, std::uint32_t{0});
  AttributeWriter(out).u32(attribute, static_cast<std::uint32_t>(value));
  const auto length = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &length, sizeof length);
  return out;
}

}  // namespace

std::vector<Byte> namespace_id_request(std::int32_t pid, std::uint32_t sequence) {
  return namespace_request(NETNSA_PID, pid, sequence);
}
std::vector<Byte> namespace_id_request_by_file(std::int32_t fd, std::uint32_t sequence) {
  return namespace_request(NETNSA_FD, fd, sequence);
}

std::optional<std::int32_t> parse_namespace_id(ByteSpan datagram) {
  std::optional<std::int32_t> out;
  bool broken = false;
  for_each_message(datagram, broken, [&](const nlmsghdr& header, ByteSpan body) {
    if (header.nlmsg_type != RTM_NEWNSID || body.size() < 4) return;
    const Attribute id = netlink::find_attribute(body.subspan(4), NETNSA_NSID);
    if (id.value.size() == 4) out = static_cast<std::int32_t>(id.u32());
  });
  return out && *out >= 0 ? out : std::nullopt;
}

}  // namespace bulkhead::rules

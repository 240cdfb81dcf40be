// Walks a packet through a ruleset as the kernel would: chains, verdict maps, interval sets, registers.
// Knows only what the renderer uses; anything else fails the test.
#pragma once

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules::testing {

struct FakePacket {
  Bytes link;       // Ethernet header
  Bytes network;    // IPv4 or IPv6 header
  Bytes transport;  // first bytes of the upper header
  bool v4 = true;
  std::uint8_t protocol = 0;
  std::string in_interface, out_interface;
  std::uint32_t ct_state = 8;  // new
  bool ct_confirmed = false;   // not the connection's first packet
  bool ct_reply = false;
};

enum class FakeOutcome : std::uint8_t { kAccept, kDrop, kReject };

inline std::uint32_t fake_interface_index(const std::string& name) {
  std::uint32_t out = 0;
  for (const char letter : name) out = out * 131 + static_cast<Byte>(letter);
  return out;
}

class NftEvaluator {
 public:
  explicit NftEvaluator(const NftTable& table) : table_(table) {
    for (const NftSet& set : table.sets) {
      auto& index = sets_[set.name];
      for (const NftElement& element : set.elements) index.emplace(element.key, &element);
    }
  }

  // What becomes of the packet in this base chain.
  FakeOutcome run(const std::string& base, const FakePacket& packet) {
    packet_ = &packet;
    counted_.clear();
    const NftChain* chain = table_.chain(base);
    EXPECT_NE(chain, nullptr) << base;
    if (chain == nullptr) return FakeOutcome::kAccept;
    Verdict verdict = run_chain(*chain, 0);
    if (verdict.rejected) return FakeOutcome::kReject;
    return verdict.code == NF_DROP ? FakeOutcome::kDrop : FakeOutcome::kAccept;
  }
  // Buckets of limits in sets whose names begin so are empty from here on.
  void exhaust(std::vector<std::string> prefixes) { empty_ = std::move(prefixes); }
  // Comments of the counted rules that matched in the last run.
  [[nodiscard]] const std::vector<std::string>& counted() const { return counted_; }

 private:
  struct Verdict {
    std::int32_t code = NFT_CONTINUE;
    std::string chain;
    bool rejected = false;
  };

  Verdict run_chain(const NftChain& chain, int depth) {
    EXPECT_LT(depth, 16) << "deeper than the kernel's jump stack";
    const NftChain* current = &chain;
    for (std::size_t i = 0; i < current->rules.size();) {
      Verdict verdict = run_rule(current->rules[i++]);
      switch (verdict.code) {
        case NFT_CONTINUE:
        case NFT_BREAK: continue;
        case NFT_RETURN: return {NFT_CONTINUE, "", false};
        case NFT_JUMP: {
          verdict = run_chain(*chain_named(verdict.chain), depth + 1);
          if (verdict.code != NFT_CONTINUE || verdict.rejected) return verdict;
          continue;
        }
        case NFT_GOTO:
          current = chain_named(verdict.chain);
          i = 0;
          continue;
        default: return verdict;
      }
    }
    return {NFT_CONTINUE, "", false};
  }

  const NftChain* chain_named(const std::string& name) {
    const NftChain* chain = table_.chain(name);
    EXPECT_NE(chain, nullptr) << "no chain " << name;
    static const NftChain kEmpty;
    return chain == nullptr ? &kEmpty : chain;
  }

  Verdict run_rule(const NftRule& rule) {
    registers_.fill(0);
    for (const Expression& expression : rule.expressions) {
      verdict_ = {};
      comment_ = &rule.comment;
      if (!std::visit([this](const auto& e) { return step(e); }, expression)) return {NFT_BREAK, "", false};
      if (verdict_.code != NFT_CONTINUE || verdict_.rejected) return verdict_;
    }
    return {};
  }

  Byte* at(Register slot) { return &registers_[static_cast<std::size_t>(slot) * 4]; }
  void store(Register slot, const Bytes& data) {
    std::memset(at(slot), 0, (data.size() + 3) & ~std::size_t{3});
    std::memcpy(at(slot), data.data(), data.size());
  }
  Bytes read(Register slot, std::size_t size) { return {at(slot), at(slot) + size}; }

  bool step(const ExprPayload& e) {
    const Bytes* source = e.base == NFT_PAYLOAD_NETWORK_HEADER     ? &packet_->network
                          : e.base == NFT_PAYLOAD_TRANSPORT_HEADER ? &packet_->transport
                          : e.base == NFT_PAYLOAD_LL_HEADER        ? &packet_->link
                                                                   : nullptr;
    if (source == nullptr || e.offset + e.length > source->size()) return false;
    store(e.dreg, {source->begin() + e.offset, source->begin() + e.offset + e.length});
    return true;
  }
  bool step(const ExprMeta& e) {
    switch (e.key) {
      case NFT_META_NFPROTO: store(e.dreg, {static_cast<Byte>(packet_->v4 ? NFPROTO_IPV4 : NFPROTO_IPV6)}); return true;
      case NFT_META_PROTOCOL: store(e.dreg, packet_->v4 ? Bytes{8, 0} : Bytes{0x86, 0xdd}); return true;
      case NFT_META_L4PROTO: store(e.dreg, {packet_->protocol}); return true;
      case NFT_META_IIFNAME:
      case NFT_META_OIFNAME: {
        const std::string& name = e.key == NFT_META_IIFNAME ? packet_->in_interface : packet_->out_interface;
        Bytes padded(16, 0);
        std::copy(name.begin(), name.end(), padded.begin());
        store(e.dreg, padded);
        return true;
      }
      case NFT_META_IIF: {  // a number for each name
        const std::uint32_t number = fake_interface_index(packet_->in_interface);
        Bytes index(4);
        std::memcpy(index.data(), &number, 4);
        store(e.dreg, index);
        return true;
      }
      default: ADD_FAILURE() << "meta key " << e.key; return false;
    }
  }
  bool step(const ExprCt& e) {
    if (e.key == NFT_CT_DIRECTION) {
      store(e.dreg, {static_cast<Byte>(packet_->ct_reply ? 1 : 0)});
      return true;
    }
    if (e.key == NFT_CT_STATUS) {
      store(e.dreg, {static_cast<Byte>(packet_->ct_confirmed ? 8 : 0), 0, 0, 0});
      return true;
    }
    EXPECT_EQ(e.key, static_cast<std::uint32_t>(NFT_CT_STATE));
    Bytes state(4);
    std::memcpy(state.data(), &packet_->ct_state, 4);
    store(e.dreg, state);
    return true;
  }
  bool step(const ExprBitwise& e) {
    Bytes data = read(e.sreg, e.mask.size());
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<Byte>((data[i] & e.mask[i]) ^ e.flip[i]);
    store(e.dreg, data);
    return true;
  }
  bool step(const ExprCmp& e) {
    const Bytes data = read(e.sreg, e.data.size());
    switch (e.op) {
      case NFT_CMP_EQ: return data == e.data;
      case NFT_CMP_NEQ: return data != e.data;
      default: ADD_FAILURE() << "cmp op " << e.op; return false;
    }
  }
  bool step(const ExprRange& e) {
    const Bytes data = read(e.sreg, e.from.size());
    return (e.from <= data && data <= e.to) == (e.op == NFT_RANGE_EQ);
  }
  bool step(const ExprLookup& e) {
    const NftSet* set = table_.set(e.set);
    EXPECT_NE(set, nullptr) << "no set " << e.set;
    if (set == nullptr) return false;
    const NftElement* found = find(*set, read(e.sreg, set->key_length()));
    if (e.dreg) {
      if (found == nullptr) return false;
      if (!found->data.empty()) {
        store(*e.dreg, found->data);
        return true;
      }
      verdict_ = {found->verdict->code, found->verdict->chain, false};
      return true;
    }
    return (found != nullptr) != e.invert;
  }
  const NftElement* find(const NftSet& set, const Bytes& key) {
    const auto& index = sets_[set.name];
    if (!set.interval) {
      const auto found = index.find(key);
      return found == index.end() ? nullptr : found->second;
    }
    const auto after = index.upper_bound(key);
    if (after == index.begin()) return nullptr;
    const NftElement* before = std::prev(after)->second;
    return before->interval_end ? nullptr : before;
  }
  bool step(const ExprVerdict& e) {
    verdict_ = {e.verdict.code, e.verdict.chain, false};
    return true;
  }
  bool step(const ExprCounter&) {
    counted_.push_back(*comment_);
    return true;
  }
  bool step(const ExprReject& e) {
    if (e.type == NFT_REJECT_TCP_RST && packet_->protocol != 6) ADD_FAILURE() << "a reset for another protocol";
    verdict_ = {NF_DROP, "", true};
    return true;
  }
  bool step(const ExprLog&) { return true; }
  bool step(const ExprLimit&) { return true; }
  bool step(const ExprDynset& e) {
    // Buckets named in `empty_` have nothing left.
    return !(e.limit || e.open) || std::none_of(empty_.begin(), empty_.end(),
                                                [&](const std::string& prefix) { return e.set.starts_with(prefix); });
  }
  bool step(const ExprConnlimit&) { return true; }
  bool step(const ExprExthdr& e) {
    ADD_FAILURE() << "extension header " << int{e.type};
    return false;
  }
  bool step(const ExprImmediate& e) {
    store(e.dreg, e.data);
    return true;
  }
  // The tables of inline queues are not what this evaluates.
  bool step(const ExprMetaSet& e) {
    ADD_FAILURE() << "sets meta key " << e.key;
    return false;
  }
  bool step(const ExprCtSet& e) {
    ADD_FAILURE() << "sets ct key " << e.key;
    return false;
  }
  bool step(const ExprForward&) {
    ADD_FAILURE() << "fwd";
    return false;
  }
  bool step(const ExprTarget& e) {
    ADD_FAILURE() << "target " << e.name;
    return false;
  }
  bool step(const ExprUnknown& e) {
    ADD_FAILURE() << "unknown expression " << e.name;
    return false;
  }

  const NftTable& table_;
  std::vector<std::string> empty_;
  std::map<std::string, std::map<Bytes, const NftElement*>> sets_;
  const FakePacket* packet_ = nullptr;
  std::array<Byte, 4 * 24> registers_{};
  Verdict verdict_;
  const std::string* comment_ = nullptr;
  std::vector<std::string> counted_;
};

}  // namespace bulkhead::rules::testing

// Slips that a compiler of policies could make, seeded one by one into what it made. Each must be caught by comparing
// verdicts: by the evaluator (unit test) and by real packets (network test).
#pragma once

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules::testing {

struct RulesetMutant {
  const char* slip;
  std::function<void(NftTable&)> seed;
};

inline bool is_program(const NftChain& chain) {
  return chain.name.starts_with("egress-") || chain.name.starts_with("ingress-");
}

// Calls change(expression) for every expression of one kind in the chains of programs.
template <typename Kind, typename Change>
void each_in_programs(NftTable& table, Change&& change) {
  for (NftChain& chain : table.chains) {
    if (!is_program(chain)) continue;
    for (NftRule& rule : chain.rules) {
      for (Expression& expression : rule.expressions) {
        if (auto* e = std::get_if<Kind>(&expression)) change(*e);
      }
    }
  }
}

template <typename Change>
void each_peer_set(NftTable& table, Change&& change) {
  for (NftSet& set : table.sets) {
    if (set.interval && set.name.starts_with("peers")) change(set);
  }
}

inline void step_key(Bytes& key, int by) {
  for (std::size_t i = key.size(); i-- > 0;) {
    key[i] = static_cast<Byte>(key[i] + by);
    if (key[i] != (by > 0 ? 0 : 255)) return;
  }
}

inline void verdicts_in_programs(NftTable& table, std::int32_t from, std::int32_t to) {
  each_in_programs<ExprVerdict>(table, [&](ExprVerdict& e) {
    if (e.verdict.code == from) e.verdict = {to, ""};
  });
}

inline NftChain* judge(NftTable& table) {
  const auto found = std::find_if(table.chains.begin(), table.chains.end(), [](auto& c) { return c.name == "judge"; });
  return found == table.chains.end() ? nullptr : &*found;
}

inline void drop_dispatch(NftTable& table, const std::string& map) {
  NftChain* chain = judge(table);
  if (chain == nullptr) return;
  std::erase_if(chain->rules, [&](const NftRule& rule) {
    return std::any_of(rule.expressions.begin(), rule.expressions.end(), [&](const Expression& e) {
      const auto* lookup = std::get_if<ExprLookup>(&e);
      return lookup != nullptr && lookup->set == map;
    });
  });
}

inline bool asks_version(const NftRule& rule, Byte nfproto, Byte ether_high) {
  const auto* cmp = rule.expressions.size() < 2 ? nullptr : std::get_if<ExprCmp>(&rule.expressions[1]);
  return cmp != nullptr && (cmp->data == Bytes{nfproto} || (cmp->data.size() == 2 && cmp->data[0] == ether_high));
}

inline const std::vector<RulesetMutant>& ruleset_mutants() {
  static const std::vector<RulesetMutant> kMutants = {
      {"the last interval of each set of peers is left out",
       [](NftTable& t) {
         each_peer_set(t, [](NftSet& s) {
           while (!s.elements.empty() && s.elements.back().interval_end) s.elements.pop_back();
           if (!s.elements.empty()) s.elements.pop_back();
         });
       }},
      {"intervals of peers end one address late",
       [](NftTable& t) {
         each_peer_set(t, [](NftSet& s) {
           for (std::size_t i = 0; i < s.elements.size(); ++i) {
             // Not into the next interval: the kernel would refuse it.
             Bytes later = s.elements[i].key;
             step_key(later, 1);
             const bool room = i + 1 == s.elements.size() || later < s.elements[i + 1].key;
             if (s.elements[i].interval_end && room) s.elements[i].key = later;
           }
         });
       }},
      {"intervals of peers begin one address late",
       [](NftTable& t) {
         each_peer_set(t, [](NftSet& s) {
           for (std::size_t i = 0; i < s.elements.size(); ++i) {
             Bytes later = s.elements[i].key;
             step_key(later, 1);
             const bool room = i + 1 == s.elements.size() || later < s.elements[i + 1].key;
             if (!s.elements[i].interval_end && room) s.elements[i].key = later;
           }
         });
       }},
      {"a range in a rule ends one early",
       [](NftTable& t) {
         each_in_programs<ExprRange>(t, [](ExprRange& e) {
           if (e.from < e.to) step_key(e.to, -1);
         });
       }},
      {"a range in a rule begins one late",
       [](NftTable& t) {
         each_in_programs<ExprRange>(t, [](ExprRange& e) {
           if (e.from < e.to) step_key(e.from, 1);
         });
       }},
      {"rules ask the near end's address instead of the far end's",
       [](NftTable& t) {
         each_in_programs<ExprPayload>(t, [](ExprPayload& e) {
           if (e.base != NFT_PAYLOAD_NETWORK_HEADER) return;
           const bool v4 = e.length == 4;
           const std::uint32_t source = v4 ? 12 : 8, destination = v4 ? 16 : 24;
           e.offset = e.offset == source ? destination : source;
         });
       }},
      {"rules ask the source port",
       [](NftTable& t) {
         each_in_programs<ExprPayload>(t, [](ExprPayload& e) {
           if (e.base == NFT_PAYLOAD_TRANSPORT_HEADER && e.offset == 2) e.offset = 0;
         });
       }},
      {"deny lets pass", [](NftTable& t) { verdicts_in_programs(t, NF_DROP, NFT_RETURN); }},
      {"allow at one end ends the judgement", [](NftTable& t) { verdicts_in_programs(t, NFT_RETURN, NF_ACCEPT); }},
      {"pass leaves all tiers", [](NftTable& t) { verdicts_in_programs(t, NFT_GOTO, NFT_RETURN); }},
      {"IPv6 is not judged at the destination", [](NftTable& t) { drop_dispatch(t, "ingress6"); }},
      {"IPv4 is not judged at the source", [](NftTable& t) { drop_dispatch(t, "egress4"); }},
      {"the destination is judged by the source's map",
       [](NftTable& t) {
         if (NftChain* chain = judge(t)) {
           for (NftRule& rule : chain->rules) {
             for (Expression& e : rule.expressions) {
               if (auto* lookup = std::get_if<ExprLookup>(&e); lookup != nullptr && lookup->set == "ingress4") {
                 lookup->set = "egress4";
               }
             }
           }
         }
       }},
      {"rules of programs are left out for IPv6",
       [](NftTable& t) {
         for (NftChain& chain : t.chains) {
           if (is_program(chain))
             std::erase_if(chain.rules, [](auto& r) { return asks_version(r, NFPROTO_IPV6, 0x86); });
         }
       }},
      {"the protocol is not asked",
       [](NftTable& t) {
         for (NftChain& chain : t.chains) {
           if (!is_program(chain)) continue;
           for (NftRule& rule : chain.rules) {
             for (std::size_t i = 0; i + 1 < rule.expressions.size(); ++i) {
               const auto* meta = std::get_if<ExprMeta>(&rule.expressions[i]);
               const bool rejects = std::any_of(rule.expressions.begin(), rule.expressions.end(), [](auto& e) {
                 return std::holds_alternative<ExprReject>(e);  // the kernel resets TCP alone
               });
               if (meta == nullptr || meta->key != NFT_META_L4PROTO || rejects) continue;
               rule.expressions.erase(rule.expressions.begin() + static_cast<std::ptrdiff_t>(i),
                                      rule.expressions.begin() + static_cast<std::ptrdiff_t>(i + 2));
             }
           }
         }
       }},
      {"audit policies deny",
       [](NftTable& t) {
         for (NftChain& chain : t.chains) {
           if (!chain.name.starts_with("audit-")) continue;
           for (NftRule& rule : chain.rules) {
             for (Expression& e : rule.expressions) {
               if (auto* v = std::get_if<ExprVerdict>(&e)) v->verdict = {NF_DROP, ""};
             }
           }
         }
       }},
      {"rules from the bottom up",
       [](NftTable& t) {
         for (NftChain& chain : t.chains) {
           const bool falls_on = !chain.rules.empty() && chain.rules.back().comment.empty();
           if (is_program(chain)) std::reverse(chain.rules.begin(), chain.rules.end() - (falls_on ? 1 : 0));
         }
       }},
      {"the first rule of each program is lost",
       [](NftTable& t) {
         for (NftChain& chain : t.chains) {
           if (is_program(chain) && chain.rules.size() > 1) chain.rules.erase(chain.rules.begin());
         }
       }},
      {"workloads get each other's programs",
       [](NftTable& t) {
         for (NftSet& set : t.sets) {
           if (!set.verdict_map || set.elements.size() < 2) continue;
           const auto first = set.elements.front().verdict;
           for (std::size_t i = 0; i + 1 < set.elements.size(); ++i)
             set.elements[i].verdict = set.elements[i + 1].verdict;
           set.elements.back().verdict = first;
         }
       }},
      {"sets of peers are empty", [](NftTable& t) { each_peer_set(t, [](NftSet& s) { s.elements.clear(); }); }},
      {"sets of peers are asked the other way round",
       [](NftTable& t) { each_in_programs<ExprLookup>(t, [](ExprLookup& e) { e.invert = !e.invert; }); }},
      {"reject lets pass",
       [](NftTable& t) {
         for (NftChain& chain : t.chains) {
           if (!is_program(chain)) continue;
           for (NftRule& rule : chain.rules) {
             for (Expression& e : rule.expressions) {
               if (std::holds_alternative<ExprReject>(e)) e = ExprVerdict{{NFT_RETURN, ""}};
             }
           }
         }
       }},
  };
  return kMutants;
}

}  // namespace bulkhead::rules::testing

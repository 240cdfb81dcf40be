// The kernel's side of NftTransport in memory: applies a batch whole or not at all, refuses what the
// kernel would refuse for names that do not fit together.
#pragma once

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "rules/nft/nft_transport.h"

namespace bulkhead::rules::testing {

class FakeNftTransport : public NftTransport {
 public:
  Status apply(const NftBatch& batch) override {
    ++batches;
    last = batch;
    if (fail_next != 0) {
      const int code = fail_next;
      fail_next = 0;
      return Error{"commit", "nf_tables batch", code, "refused by the test"};
    }
    NftRuleset next = kernel;
    for (const NftCommand& command : batch) {
      const int code = one(next, command);
      if (code != 0) return Error{to_string(command.op), command.object(), code, "fake kernel"};
    }
    kernel = std::move(next);
    return ok();
  }
  Result<NftRuleset> dump(const std::string& table) override {
    NftRuleset out;
    for (const NftTable& t : kernel.tables) {
      if (t.name == table) out.tables.push_back(t);
    }
    return out;
  }
  Result<std::vector<NftElement>> dump_elements(NftFamily family, const std::string& table,
                                                const std::string& set) override {
    const NftTable* t = kernel.table(family, table);
    const NftSet* s = t == nullptr ? nullptr : t->set(set);
    if (s == nullptr) return Error{"dump", "set " + set, ENOENT, "fake kernel"};
    return s->elements;
  }

  NftRuleset kernel;
  NftBatch last;
  std::size_t batches = 0;
  int fail_next = 0;

 private:
  template <typename List>
  static auto find(List& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(), [&](const auto& x) { return x.name == name; });
  }

  static int one(NftRuleset& k, const NftCommand& c) {
    auto table = std::find_if(k.tables.begin(), k.tables.end(),
                              [&](const NftTable& t) { return t.family == c.family && t.name == c.table; });
    if (c.op == NftOp::kAddTable) {
      if (table == k.tables.end()) k.tables.push_back({c.family, c.table, {}, {}});
      return 0;
    }
    if (table == k.tables.end()) return ENOENT;
    if (c.op == NftOp::kDeleteTable) {
      k.tables.erase(table);
      return 0;
    }
    auto chain = find(table->chains, c.name);
    auto set = find(table->sets, c.name);
    switch (c.op) {
      case NftOp::kAddChain:
        if (chain == table->chains.end()) table->chains.push_back({c.name, c.hook, {}});
        return 0;
      case NftOp::kDeleteChain:
        if (chain == table->chains.end()) return ENOENT;
        if (!chain->rules.empty() || is_used(*table, c.name)) return EBUSY;
        table->chains.erase(chain);
        return 0;
      case NftOp::kFlushChain:
        if (chain == table->chains.end()) return ENOENT;
        chain->rules.clear();
        return 0;
      case NftOp::kAddRule:
        if (chain == table->chains.end() || !names_exist(*table, c.rule)) return ENOENT;
        chain->rules.push_back(c.rule);
        return 0;
      case NftOp::kAddSet:
        if (set != table->sets.end()) return EEXIST;
        table->sets.push_back(c.set);
        table->sets.back().name = c.name;
        return 0;
      case NftOp::kDeleteSet:
        if (set == table->sets.end()) return ENOENT;
        if (is_used(*table, c.name)) return EBUSY;
        table->sets.erase(set);
        return 0;
      case NftOp::kAddElements:
        if (set == table->sets.end()) return ENOENT;
        for (const NftElement& e : c.set.elements) {
          if (e.verdict && !e.verdict->chain.empty() && find(table->chains, e.verdict->chain) == table->chains.end())
            return ENOENT;
          if (!has(*set, e)) set->elements.push_back(e);
        }
        return 0;
      case NftOp::kFlushElements:
        if (set == table->sets.end()) return ENOENT;
        set->elements.clear();
        return 0;
      case NftOp::kDeleteElements:
        if (set == table->sets.end()) return ENOENT;
        for (const NftElement& e : c.set.elements) {
          if (!has(*set, e)) return ENOENT;
          std::erase_if(set->elements,
                        [&](const NftElement& x) { return x.key == e.key && x.interval_end == e.interval_end; });
        }
        return 0;
      default: return EINVAL;
    }
  }
  static bool has(const NftSet& set, const NftElement& e) {
    return std::any_of(set.elements.begin(), set.elements.end(),
                       [&](const NftElement& x) { return x.key == e.key && x.interval_end == e.interval_end; });
  }
  static bool names_exist(NftTable& table, const NftRule& rule) {
    for (const Expression& e : rule.expressions) {
      if (const auto* l = std::get_if<ExprLookup>(&e); l != nullptr && find(table.sets, l->set) == table.sets.end())
        return false;
      if (const auto* d = std::get_if<ExprDynset>(&e); d != nullptr && find(table.sets, d->set) == table.sets.end())
        return false;
      const auto* v = std::get_if<ExprVerdict>(&e);
      if (v != nullptr && !v->verdict.chain.empty() && find(table.chains, v->verdict.chain) == table.chains.end())
        return false;
    }
    return true;
  }
  // A set that a rule looks up, or a chain that a rule or a map element leads to.
  static bool is_used(const NftTable& table, const std::string& name) {
    for (const NftChain& chain : table.chains) {
      for (const NftRule& rule : chain.rules) {
        for (const Expression& e : rule.expressions) {
          if (const auto* l = std::get_if<ExprLookup>(&e); l != nullptr && l->set == name) return true;
          if (const auto* d = std::get_if<ExprDynset>(&e); d != nullptr && d->set == name) return true;
          if (const auto* v = std::get_if<ExprVerdict>(&e); v != nullptr && v->verdict.chain == name) return true;
        }
      }
    }
    for (const NftSet& set : table.sets) {
      for (const NftElement& e : set.elements) {
        if (e.verdict && e.verdict->chain == name) return true;
      }
    }
    return false;
  }
};

}  // namespace bulkhead::rules::testing

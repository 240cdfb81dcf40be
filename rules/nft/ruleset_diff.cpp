#include "rules/nft/ruleset_diff.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "rules/nft/nft_printer.h"

namespace bulkhead::rules {

namespace {

using Elements = std::vector<const NftElement*>;

bool before(const NftElement* a, const NftElement* b) {
  static const NftVerdict kNoVerdict;
  const NftVerdict& va = a->verdict ? *a->verdict : kNoVerdict;
  const NftVerdict& vb = b->verdict ? *b->verdict : kNoVerdict;
  return std::tie(a->key, a->interval_end, a->key_end, va.code, va.chain, a->data) <
         std::tie(b->key, b->interval_end, b->key_end, vb.code, vb.chain, b->data);
}

Elements sorted(const std::vector<NftElement>& elements) {
  Elements out;
  out.reserve(elements.size());
  for (const NftElement& element : elements) out.push_back(&element);
  std::sort(out.begin(), out.end(), before);
  return out;
}

// From `first` up to, not including, the key of `end`; null: to the end of the space.
struct Interval {
  const NftElement* first = nullptr;
  const NftElement* end = nullptr;
};

std::vector<Interval> intervals(const std::vector<NftElement>& elements) {
  std::vector<Interval> out;
  for (const NftElement* element : sorted(elements)) {
    if (!element->interval_end) {
      out.push_back({element, nullptr});
    } else if (!out.empty() && out.back().end == nullptr) {
      out.back().end = element;
    } else {
      out.push_back({nullptr, element});  // no first key: somebody else's doing
    }
  }
  return out;
}

// Compares keys alone: equal ones may stand at different places in memory.
int order(const Interval& a, const Interval& b) {
  const auto compare = [](const NftElement* x, const NftElement* y) {
    if (x == nullptr || y == nullptr) return (x == nullptr ? 1 : 0) - (y == nullptr ? 1 : 0);
    return before(x, y) ? -1 : before(y, x) ? 1 : 0;
  };
  const int first = compare(a.first, b.first);
  return first != 0 ? first : compare(a.end, b.end);
}

// Compares one table of both rulesets.
class TableComparison {
 public:
  TableComparison(const NftTable& desired, const NftTable* actual, bool words, RulesetDifference& out)
      : desired_(desired), actual_(actual), words_(words), out_(out) {
    where_ = std::string(" in table ") + to_string(desired.family) + " " + desired.name;
    if (actual == nullptr) return;
    for (const NftChain& chain : actual->chains) actual_chains_.emplace(chain.name, &chain);
    for (const NftSet& set : actual->sets) actual_sets_.emplace(set.name, &set);
  }

  void run() {
    if (actual_ == nullptr) {
      finding([&] { return "table is missing" + where_; });
      out_.batch.push_back(command(NftOp::kAddTable, ""));
    }
    compare_sets();
    compare_chains();
    remove();
    create();
  }

 private:
  NftCommand command(NftOp op, const std::string& name) const {
    NftCommand c;
    c.op = op;
    c.family = desired_.family;
    c.table = desired_.name;
    c.name = name;
    return c;
  }
  template <typename Words>
  void finding(Words&& words) {
    if (words_) out_.findings.push_back(words());
  }

  void compare_sets() {
    for (const NftSet& set : desired_.sets) {
      desired_sets_.insert(set.name);
      const auto found = actual_sets_.find(set.name);
      if (found == actual_sets_.end()) {
        finding([&] { return "set " + set.name + " is missing" + where_; });
        new_sets_.push_back(&set);
      } else if (!set.same_definition(*found->second)) {
        finding([&] { return "set " + set.name + " is defined otherwise" + where_; });
        remake(set);
      } else if (!set.dynamic_elements) {
        compare_elements(set, *found->second);
      }
    }
  }

  void remake(const NftSet& set) {
    stale_sets_.insert(set.name);
    new_sets_.push_back(&set);
  }

  // Elements of a merged interval go and come as pairs: the kernel checks each batch for overlaps as it would be
  // when all of it is done.
  void compare_intervals(const NftSet& desired, const NftSet& actual) {
    const std::vector<Interval> want = intervals(desired.elements);
    const std::vector<Interval> have = intervals(actual.elements);
    NftCommand add = command(NftOp::kAddElements, desired.name);
    NftCommand remove = command(NftOp::kDeleteElements, desired.name);
    const auto append = [](NftCommand& to, const Interval& interval) {
      if (interval.first != nullptr) to.set.elements.push_back(*interval.first);
      if (interval.end != nullptr) to.set.elements.push_back(*interval.end);
    };
    const auto text = [&](const Interval& i) {
      return (i.first == nullptr ? std::string("?") : print_element(desired, *i.first)) + " up to " +
             (i.end == nullptr ? "the last" : print_element(desired, *i.end));
    };
    std::size_t w = 0, h = 0;
    while (w < want.size() || h < have.size()) {
      const int which = h == have.size() ? -1 : w == want.size() ? 1 : order(want[w], have[h]);
      if (which < 0) {
        finding([&] { return "interval " + text(want[w]) + " is missing in set " + desired.name + where_; });
        append(add, want[w++]);
      } else if (which > 0) {
        finding([&] { return "interval " + text(have[h]) + " does not belong in set " + desired.name + where_; });
        append(remove, have[h++]);
      } else {
        ++w;
        ++h;
      }
    }
    if (!remove.set.elements.empty()) removed_elements_.push_back(std::move(remove));
    if (!add.set.elements.empty()) added_elements_.push_back(std::move(add));
  }

  void compare_elements(const NftSet& desired, const NftSet& actual) {
    if (desired.interval) return compare_intervals(desired, actual);
    const Elements want = sorted(desired.elements);
    const Elements have = sorted(actual.elements);
    NftCommand add = command(NftOp::kAddElements, desired.name);
    NftCommand remove = command(NftOp::kDeleteElements, desired.name);
    std::size_t w = 0, h = 0;
    while (w < want.size() || h < have.size()) {
      if (h == have.size() || (w < want.size() && before(want[w], have[h]))) {
        finding([&] {
          return "element " + print_element(desired, *want[w]) + " is missing in set " + desired.name + where_;
        });
        add.set.elements.push_back(*want[w++]);
      } else if (w == want.size() || before(have[h], want[w])) {
        finding([&] {
          return "element " + print_element(desired, *have[h]) + " does not belong in set " + desired.name + where_;
        });
        remove.set.elements.push_back(*have[h++]);
      } else {
        ++w;
        ++h;
      }
    }
    if (!remove.set.elements.empty()) removed_elements_.push_back(std::move(remove));
    if (!add.set.elements.empty()) added_elements_.push_back(std::move(add));
  }

  [[nodiscard]] bool uses_stale_set(const NftChain& chain) const {
    if (stale_sets_.empty()) return false;
    for (const NftRule& rule : chain.rules) {
      for (const Expression& expression : rule.expressions) {
        const std::string* set = set_of(expression);
        if (set != nullptr && stale_sets_.contains(*set)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool is_needed(const NftChain& chain) const {
    return chain.needed_by.empty() ||
           std::any_of(chain.needed_by.begin(), chain.needed_by.end(), [&](const auto& name) {
             const auto set = actual_sets_.find(name);
             return set != actual_sets_.end() && !set->second->elements.empty();
           });
  }

  void compare_chains() {
    for (const NftChain& chain : desired_.chains) {
      desired_chains_.insert(chain.name);
      const auto found = actual_chains_.find(chain.name);
      if (found == actual_chains_.end()) {
        if (!is_needed(chain)) continue;
        finding([&] { return "chain " + chain.name + " is missing" + where_; });
        new_chains_.push_back(&chain);
        refill_.push_back(&chain);
      } else if (chain.hook != found->second->hook) {
        finding([&] { return "chain " + chain.name + " has another hook" + where_; });
        flush_.insert(chain.name);
        delete_chains_.push_back(chain.name);
        new_chains_.push_back(&chain);
        refill_.push_back(&chain);
      } else if (chain.rules != found->second->rules) {
        if (words_) compare_rules(chain, *found->second);
        flush_.insert(chain.name);
        refill_.push_back(&chain);
      } else if (uses_stale_set(chain)) {
        flush_.insert(chain.name);
        refill_.push_back(&chain);
      }
    }
  }

  void compare_rules(const NftChain& desired, const NftChain& actual) {
    const std::size_t common = std::min(desired.rules.size(), actual.rules.size());
    for (std::size_t i = 0; i < std::max(desired.rules.size(), actual.rules.size()); ++i) {
      const std::string place = "rule " + std::to_string(i + 1) + " of chain " + desired.name + where_;
      if (i >= common && i < desired.rules.size()) {
        finding([&] { return place + " is missing: " + print_rule(desired.rules[i]); });
      } else if (i >= common) {
        finding([&] { return place + " does not belong there: " + print_rule(actual.rules[i]); });
      } else if (!(desired.rules[i] == actual.rules[i])) {
        finding([&] {
          return place + " is \"" + print_rule(actual.rules[i]) + "\", should be \"" + print_rule(desired.rules[i]) +
                 "\"";
        });
      }
    }
  }

  void remove() {
    if (actual_ == nullptr) return;
    for (const NftChain& chain : actual_->chains) {
      if (desired_chains_.contains(chain.name)) continue;
      // A base chain stays, without rules: taking a hook out waits for every packet on its way. Those of the netdev
      // family go with their port.
      const bool stays = chain.hook && desired_.family != NftFamily::kNetdev;
      if (stays && chain.rules.empty()) continue;
      finding([&] { return "chain " + chain.name + " does not belong" + where_; });
      flush_.insert(chain.name);
      if (!stays) delete_chains_.push_back(chain.name);
    }
    for (const std::string& name : flush_) out_.batch.push_back(command(NftOp::kFlushChain, name));
    for (NftCommand& c : removed_elements_) out_.batch.push_back(std::move(c));
    for (const NftSet& set : actual_->sets) {
      const bool foreign = !desired_sets_.contains(set.name);
      if (foreign) finding([&] { return "set " + set.name + " does not belong" + where_; });
      if (foreign || stale_sets_.contains(set.name)) out_.batch.push_back(command(NftOp::kDeleteSet, set.name));
    }
    for (const std::string& name : delete_chains_) out_.batch.push_back(command(NftOp::kDeleteChain, name));
  }

  void create() {
    for (const NftSet* set : new_sets_) {
      NftCommand c = command(NftOp::kAddSet, set->name);
      c.set = *set;
      c.set.elements.clear();
      out_.batch.push_back(std::move(c));
    }
    for (const NftChain* chain : new_chains_) {
      NftCommand c = command(NftOp::kAddChain, chain->name);
      c.hook = chain->hook;
      out_.batch.push_back(std::move(c));
    }
    for (const NftSet* set : new_sets_) {
      if (set->elements.empty()) continue;
      NftCommand c = command(NftOp::kAddElements, set->name);
      c.set.elements = set->elements;
      out_.batch.push_back(std::move(c));
    }
    for (NftCommand& c : added_elements_) out_.batch.push_back(std::move(c));
    for (const NftChain* chain : refill_) {
      for (const NftRule& rule : chain->rules) {
        NftCommand c = command(NftOp::kAddRule, chain->name);
        c.rule = rule;
        out_.batch.push_back(std::move(c));
      }
    }
  }

  const NftTable& desired_;
  const NftTable* actual_;
  const bool words_;
  RulesetDifference& out_;
  std::string where_;
  std::unordered_map<std::string, const NftChain*> actual_chains_;
  std::unordered_map<std::string, const NftSet*> actual_sets_;
  std::set<std::string> desired_sets_, desired_chains_, stale_sets_, flush_;
  std::vector<std::string> delete_chains_;
  std::vector<const NftSet*> new_sets_;
  std::vector<const NftChain*> new_chains_, refill_;
  std::vector<NftCommand> removed_elements_, added_elements_;
};

}  // namespace

RulesetDifference compare_rulesets(const NftRuleset& desired, const NftRuleset& actual, Findings findings) {
  RulesetDifference out;
  for (const NftTable& table : actual.tables) {
    if (desired.table(table.family, table.name) != nullptr) continue;
    out.findings.push_back(std::string("table ") + to_string(table.family) + " " + table.name + " does not belong");
    NftCommand c;
    c.op = NftOp::kDeleteTable;
    c.family = table.family;
    c.table = table.name;
    out.batch.push_back(std::move(c));
  }
  for (const NftTable& table : desired.tables) {
    TableComparison(table, actual.table(table.family, table.name), findings == Findings::kWords, out).run();
  }
  return out;
}

}  // namespace bulkhead::rules

#include "rules/model/selector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "rules/model/text_cursor.h"

namespace bulkhead::rules {

namespace {

const std::string* find_label(const Labels& labels, const std::string& key) {
  const auto found = labels.find(key);
  return found == labels.end() ? nullptr : &found->second;
}

// The value that a requirement speaks of, or null when the workload has none.
const std::string* subject_value(const Requirement& r, const Workload& w) {
  switch (r.subject) {
    case Requirement::Subject::kLabel: return find_label(w.labels, r.key);
    case Requirement::Subject::kNamespace: return &w.name_space;
    case Requirement::Subject::kNamespaceLabel: return find_label(w.namespace_labels, r.key);
    case Requirement::Subject::kNode: return w.node.empty() ? nullptr : &w.node;
    case Requirement::Subject::kPod: return &w.name;
  }
  return nullptr;
}

bool holds(const Requirement& r, const std::string* value) {
  const auto listed = [&] { return std::find(r.values.begin(), r.values.end(), *value) != r.values.end(); };
  switch (r.op) {
    case Requirement::Op::kHas: return value != nullptr;
    case Requirement::Op::kNotHas: return value == nullptr;
    case Requirement::Op::kIn: return value != nullptr && listed();
    case Requirement::Op::kNotIn: return value == nullptr || !listed();
  }
  return false;
}

void set_subject(Requirement& r, std::string_view key) {
  if (key == "ns") {
    r.subject = Requirement::Subject::kNamespace;
  } else if (key == "node") {
    r.subject = Requirement::Subject::kNode;
  } else if (key == "pod") {
    r.subject = Requirement::Subject::kPod;
  } else if (key.starts_with("ns.")) {
    r.subject = Requirement::Subject::kNamespaceLabel;
    r.key = key.substr(3);
  } else if (key.starts_with("label.")) {
    r.key = key.substr(6);
  } else {
    r.key = key;
  }
}

// Label keys that would read as something else are written label.KEY.
bool needs_prefix(std::string_view key) {
  static constexpr std::array kWords = {"ns",    "node",     "pod",  "set",     "has", "on",  "log",  "any",
                                        "world", "own-node", "pods", "self-ns", "in",  "not", "nodes"};
  const bool digit = !key.empty() && key[0] >= '0' && key[0] <= '9';  // would read as an address
  return digit || key.starts_with("ns.") || key.starts_with("label.") ||
         std::find(kWords.begin(), kWords.end(), key) != kWords.end();
}

std::string subject_text(const Requirement& r) {
  switch (r.subject) {
    case Requirement::Subject::kLabel: return needs_prefix(r.key) ? "label." + r.key : r.key;
    case Requirement::Subject::kNamespace: return "ns";
    case Requirement::Subject::kNamespaceLabel: return "ns." + r.key;
    case Requirement::Subject::kNode: return "node";
    case Requirement::Subject::kPod: return "pod";
  }
  return r.key;
}

TextProblem problem(const TextCursor& at, std::string message, std::string hint = {}) {
  return {at.offset(), at.token_length(), "policy.selector.syntax", std::move(message), std::move(hint)};
}

// "(a, b)" after "in".
std::optional<TextProblem> parse_values(TextCursor& cursor, Requirement& r) {
  if (!cursor.take("(")) return problem(cursor, "expected a list of values in parentheses", "app in (api, worker)");
  do {
    const std::string_view value = cursor.word();
    if (value.empty()) return problem(cursor, "expected a value");
    r.values.emplace_back(value);
  } while (cursor.take(","));
  if (!cursor.take(")")) return problem(cursor, "expected \")\" or another value after \",\"");
  return std::nullopt;
}

std::optional<TextProblem> parse_key(TextCursor& cursor, Requirement& r) {
  const std::size_t at = cursor.offset();
  const std::string_view key = cursor.word();
  if (key.empty() || key == "ns." || key == "label.") return problem(cursor, "expected a label, ns, node or pod");
  if (key == "set") {
    return TextProblem{at, key.size(), "policy.selector.set", "a set is a peer by itself, no part of a selector",
                       "allow from set=offices"};
  }
  set_subject(r, key);
  return std::nullopt;
}

std::optional<TextProblem> parse_requirement(TextCursor& cursor, Requirement& r) {
  const bool negated = cursor.take("!");
  if (negated && cursor.peek_word() != "has") return problem(cursor, "\"!\" stands only before has", "write k!=v");
  if (negated || cursor.peek_word() == "has") {
    cursor.take("has");
    r.op = negated ? Requirement::Op::kNotHas : Requirement::Op::kHas;
    return parse_key(cursor, r);
  }
  if (auto wrong = parse_key(cursor, r)) return wrong;
  if (cursor.take_tight("!=")) {
    r.op = Requirement::Op::kNotIn;
  } else if (!cursor.take_tight("=")) {
    if (cursor.take_word("not")) r.op = Requirement::Op::kNotIn;
    if (!cursor.take_word("in")) {
      return problem(cursor, "expected =, !=, in (..) or not in (..) after \"" + subject_text(r) + "\"",
                     "to ask whether the label is there write \"has " + subject_text(r) + "\"");
    }
    return parse_values(cursor, r);
  }
  // An empty value is legal: "k=" asks for the empty text.
  r.values.emplace_back(cursor.word());
  return std::nullopt;
}

}  // namespace

bool Requirement::matches(const Workload& workload) const {
  return holds(*this, subject_value(*this, workload));
}

bool Requirement::matches(const Node& node) const {
  switch (subject) {
    case Subject::kLabel: return holds(*this, find_label(node.labels, key));
    case Subject::kNode: return holds(*this, &node.name);
    case Subject::kNamespace:
    case Subject::kNamespaceLabel:
    case Subject::kPod: break;
  }
  return holds(*this, nullptr);
}

bool Selector::matches(const Node& node) const {
  return std::all_of(all.begin(), all.end(), [&](const Requirement& r) { return r.matches(node); });
}

bool Selector::matches(const Workload& workload) const {
  return !workload.host_network &&
         std::all_of(all.begin(), all.end(), [&](const Requirement& r) { return r.matches(workload); });
}

std::string Selector::to_string() const {
  if (all.empty()) return "pods";
  std::string out;
  for (const Requirement& r : all) {
    if (!out.empty()) out += ' ';
    const std::string key = subject_text(r);
    if (r.op == Requirement::Op::kHas || r.op == Requirement::Op::kNotHas) {
      out += (r.op == Requirement::Op::kHas ? "has " : "!has ") + key;
    } else if (r.values.size() == 1) {
      out += key + (r.op == Requirement::Op::kIn ? "=" : "!=") + r.values[0];
    } else {
      out += key + (r.op == Requirement::Op::kIn ? " in (" : " not in (");
      for (std::size_t i = 0; i < r.values.size(); ++i) out += (i == 0 ? "" : ", ") + r.values[i];
      out += ')';
    }
  }
  return out;
}

std::variant<Selector, TextProblem> parse_selector(std::string_view text) {
  TextCursor cursor(text);
  Selector selector;
  if (cursor.at_end()) return problem(cursor, "expected a selector", "\"any\" names every workload");
  if (const std::string_view whole = cursor.peek_token(); whole == "any" || whole == "pods") {
    cursor.token();
    if (!cursor.at_end()) return problem(cursor, "nothing may follow \"" + std::string(whole) + "\"");
    return selector;
  }
  while (!cursor.at_end()) {
    Requirement r;
    if (auto wrong = parse_requirement(cursor, r)) return *wrong;
    selector.all.push_back(std::move(r));
  }
  return selector;
}

}  // namespace bulkhead::rules

#include "signatures/models/training.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "datapath/base/text_hash.h"

namespace bulkhead::models {

namespace {

using Flows = std::vector<const LabelledFlow*>;

FlowTuple reversed(const FlowTuple& t) {
  return {t.destination, t.source, t.destination_port, t.source_port, t.protocol};
}

template <typename T>
bool number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// Every fifth of each label, by its place among them: the same on every run.
bool is_held_back(const LabelledFlow& flow, std::map<std::string_view, std::size_t>& seen) {
  return seen[flow.label]++ % 5 == 4;
}

double limit_of(std::vector<double> normal) {
  if (normal.empty()) return 1;
  const auto at = static_cast<std::size_t>(std::ceil((1 - kPrice) * static_cast<double>(normal.size() - 1)));
  std::nth_element(normal.begin(), normal.begin() + static_cast<std::ptrdiff_t>(at), normal.end());
  // Beyond it, not at it: scores of trees come in steps.
  return std::min(1.0, std::max(0.5, normal[at] + 1e-6));
}

// `held`: normal flows for the limits.
Result<Model> train(const std::string& name, const Flows& flows, const Flows& held) {
  Model out;
  out.name = name;
  std::vector<Features> rows;
  std::vector<float> labels, weights;
  std::map<std::string_view, double> count;
  std::set<std::string_view> kinds;
  for (const LabelledFlow* flow : flows) {
    ++count[flow->label];
    if (flow->is_attack()) kinds.insert(flow->label);
  }
  if (kinds.empty() || count["benign"] == 0) {
    return Error{"train", name, 0, "both normal flows and attacks are needed"};
  }
  std::vector<std::pair<std::string_view, bool>> texts;
  for (const LabelledFlow* flow : flows) {
    rows.push_back(flow->sample.features);
    labels.push_back(flow->is_attack() ? 1.0F : 0.0F);
    // A flood of one kind is no better known than a single connection of another.
    const double share =
        flow->is_attack() ? count["benign"] / static_cast<double>(kinds.size()) / count[flow->label] : 1;
    weights.push_back(static_cast<float>(std::min(share, 100.0)));
    if (!flow->sample.first.empty()) texts.emplace_back(flow->sample.first, flow->is_attack());
    out.attacks += flow->is_attack() ? 1 : 0;
  }
  out.flows = flows.size();
  if (has_booster()) {
    auto trees = Booster::train(rows, labels, weights);
    if (!trees) return trees.error();
    out.trees = std::move(*trees);
    std::vector<Features> normal;
    for (const LabelledFlow* flow : held) normal.push_back(flow->sample.features);
    out.tree_limit = limit_of(out.trees->scores(normal));
  }
  out.bytes = ByteModel::train(texts);
  std::vector<double> of_texts;
  for (const LabelledFlow* flow : held) {
    if (!flow->sample.first.empty()) of_texts.push_back(out.bytes->score(flow->sample.first));
  }
  out.byte_limit = limit_of(std::move(of_texts));
  return out;
}

Recall recall(const Model& model, const Flows& flows) {
  Recall out;
  std::vector<Features> rows;
  for (const LabelledFlow* flow : flows) rows.push_back(flow->sample.features);
  const std::vector<double> scores = model.trees ? model.trees->scores(rows) : std::vector<double>(rows.size(), -1);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const LabelledFlow& flow = *flows[i];
    const bool trees = scores[i] >= model.tree_limit;
    const bool bytes = !flow.sample.first.empty() && model.bytes->score(flow.sample.first) >= model.byte_limit;
    ++(flow.is_attack() ? out.attacks : out.normal);
    (flow.is_attack() ? out.trees : out.false_trees) += trees ? 1 : 0;
    if (flow.is_attack()) out.bytes += bytes ? 1 : 0;
    (flow.is_attack() ? out.either : out.false_either) += trees || bytes ? 1 : 0;
  }
  const auto attacks = static_cast<double>(std::max<std::size_t>(out.attacks, 1));
  const auto normal = static_cast<double>(std::max<std::size_t>(out.normal, 1));
  for (double* share : {&out.trees, &out.bytes, &out.either}) *share /= attacks;
  for (double* share : {&out.false_trees, &out.false_either}) *share /= normal;
  return out;
}

// Trains on `in`, of which a fifth of the normal flows gives the limits.
Result<Model> train_on(const std::string& name, const Flows& in) {
  Flows rest, held;
  std::map<std::string_view, std::size_t> seen;
  for (const LabelledFlow* flow : in) {
    const bool back = is_held_back(*flow, seen);
    (back && !flow->is_attack() ? held : rest).push_back(flow);
  }
  return train(name, rest, held);
}

}  // namespace

std::optional<FlowLabels> FlowLabels::parse(const SourceFilePtr& file, Diagnostics& diagnostics) {
  FlowLabels out;
  for (std::uint32_t line = 2; line <= file->line_count(); ++line) {
    std::string_view text = file->line(line);
    if (text.empty()) continue;
    std::vector<std::string_view> words;
    for (std::size_t tab = 0; tab != std::string_view::npos;
         text.remove_prefix(tab == std::string_view::npos ? 0 : tab + 1)) {
      tab = text.find('\t');
      words.push_back(text.substr(0, tab));
    }
    double begin = 0;
    FlowTuple tuple;
    bool good = words.size() == 7 && number(words[0], begin) && number(words[1], tuple.protocol) &&
                number(words[3], tuple.source_port) && number(words[5], tuple.destination_port) && !words[6].empty();
    const auto source = good ? IpAddress::parse(std::string(words[2])) : std::nullopt;
    const auto destination = good ? IpAddress::parse(std::string(words[4])) : std::nullopt;
    good = good && source && destination && begin >= 0 && begin < 9e9;
    if (!good) {
      diagnostics.error({file, line, 1, 1}, "model.labels.line", "no label of a flow",
                        "t0, proto, src, sport, dst, dport and label between tabs; the first line is a header");
      return std::nullopt;
    }
    tuple.source = *source;
    tuple.destination = *destination;
    out.by_tuple_[tuple].emplace_back(static_cast<std::int64_t>(begin * 1e9), std::string(words[6]));
    ++out.count_;
  }
  return out;
}

std::string FlowLabels::label_of(const FlowTuple& client, Timestamp begin) const {
  constexpr std::int64_t kApart = 2'000'000'000;
  std::int64_t nearest = kApart + 1;
  std::string out;
  for (const FlowTuple& tuple : {client, reversed(client)}) {
    const auto found = by_tuple_.find(tuple);
    if (found == by_tuple_.end()) continue;
    for (const auto& [time, label] : found->second) {
      const std::int64_t apart = std::abs(time - begin.ns);
      if (apart >= nearest) continue;
      nearest = apart;
      out = label;
    }
  }
  return out;
}

Result<Model> train_model(const std::string& name, const std::vector<LabelledFlow>& flows) {
  Flows all;
  for (const LabelledFlow& flow : flows) all.push_back(&flow);
  return train_on(name, all);
}

Result<Figures> measure(const std::vector<LabelledFlow>& flows) {
  Figures out;
  std::set<std::string> kinds, sources;
  Flows train_part, test_part;
  std::map<std::string_view, std::size_t> seen;
  for (const LabelledFlow& flow : flows) {
    (is_held_back(flow, seen) ? test_part : train_part).push_back(&flow);
    if (flow.is_attack()) kinds.insert(flow.label);
    sources.insert(flow.source);
  }
  auto model = train_on("random", train_part);
  if (!model) return model.error();
  out.random = recall(*model, test_part);
  for (const std::string& kind : kinds) {
    Flows without, of_kind;
    for (const LabelledFlow* flow : train_part) {
      if (flow->label != kind) without.push_back(flow);
    }
    for (const LabelledFlow* flow : test_part) {
      if (!flow->is_attack()) of_kind.push_back(flow);
    }
    for (const LabelledFlow& flow : flows) {
      if (flow.label == kind) of_kind.push_back(&flow);
    }
    auto other = train_on(kind, without);
    if (!other) continue;  // there is one kind alone
    out.left_out.emplace(kind, recall(*other, of_kind));
  }
  if (sources.size() < 2) return out;
  for (const std::string& source : sources) {
    Flows here, elsewhere;
    for (const LabelledFlow& flow : flows) (flow.source == source ? here : elsewhere).push_back(&flow);
    auto other = train_on(source, elsewhere);
    if (!other) continue;  // all attacks are of one source
    out.elsewhere.emplace(source, recall(*other, here));
  }
  return out;
}

}  // namespace bulkhead::models

// dataset: the sticky buffer is, or is not, a member of a set; or becomes one, or is taken out.
//
//   dataset:isset|isnotset|set|unset,NAME[,type TYPE][,load FILE][,save FILE][,state FILE][,memcap N][,hashsize N]
//   TYPE     string, md5, sha256, ipv4, ip; needed where the set is named first
//   dataset:isset,bad_agents,type string,load agents.lst;
//
// set matches when the value was not there before, unset when it was. state is load and save in one; what is saved goes
// to the data directory. Strings stand in files in base64.
#include "signatures/keywords/dataset_options.h"
#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

std::optional<DatasetOp::Command> command_of(std::string_view word) {
  if (word == "isset") return DatasetOp::Command::kIsSet;
  if (word == "isnotset") return DatasetOp::Command::kIsNotSet;
  if (word == "set") return DatasetOp::Command::kSet;
  if (word == "unset") return DatasetOp::Command::kUnset;
  return std::nullopt;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const auto command = command_of(parts[0]);
  if (!command) {
    builder.error(parts[0].empty() ? option.value : parts[0], "signature.dataset.command",
                  "expected isset, isnotset, set or unset");
    return;
  }
  const auto rest = std::span(parts).subspan(std::min<std::size_t>(parts.size(), 2));
  DatasetPtr set = open_dataset(builder, option, parts.size() > 1 ? parts[1] : std::string_view(), rest, false);
  if (!set) return;
  if (*command == DatasetOp::Command::kSet || *command == DatasetOp::Command::kUnset) set->set_changes();
  builder.payload().emplace_back(DatasetOp{*command, std::move(set), builder.span(option.text)});
}

}  // namespace

const Keyword& keyword_dataset() {
  static constexpr Keyword keyword{
      .name = "dataset",
      .syntax = "dataset:isset|isnotset|set|unset,NAME[,type TYPE][,load FILE][,save FILE][,state FILE];",
      .help = "The sticky buffer is a member of a set, or becomes one.",
      .example = "ip.src; dataset:isset,bad_hosts,type ip;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures

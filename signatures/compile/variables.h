// Address and port lists of rules with their variables replaced: AddressNode -> AddressSet, PortNode -> PortSet.
//
// Lists     what is named without '!' together, less all that is named with '!'; when everything is named with '!',
//           all addresses less those. A variable counts as if its text stood there, so its own '!' does too:
//           with EXTERNAL_NET = !$HOME_NET the list [$HOME_NET,$EXTERNAL_NET] is empty. This is Suricata's rule.
// Thread    control thread only; values of variables are read once and kept.
// Errors    signature.variable.{unknown,recursive}, signature.address.empty, signature.port.empty; errors in a
//           variable's own text are reported once, with the variable's name as the file.
// Tests     tests/unit/signatures/compile/resolve_test.cpp
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "signatures/compile/signature.h"
#include "signatures/language/ast.h"

namespace bulkhead::signatures {

struct RuleVariables {
  std::map<std::string, std::string, std::less<>> address_groups;  // "HOME_NET" -> "[192.168.0.0/16,10.0.0.0/8]"
  std::map<std::string, std::string, std::less<>> port_groups;
  // What suricata.yaml ships with.
  [[nodiscard]] static RuleVariables defaults();
};

class VariableResolver {
 public:
  VariableResolver(const RuleVariables& variables, Diagnostics& out);
  ~VariableResolver();
  VariableResolver(const VariableResolver&) = delete;
  VariableResolver& operator=(const VariableResolver&) = delete;

  // `lines` is where the node comes from, for spans; `excludes` is set when a '!' had a part in it. Nullopt
  // after an error.
  [[nodiscard]] std::optional<AddressSet> addresses(const SourceLines& lines, const AddressNode& node, bool& excludes);
  [[nodiscard]] std::optional<PortSet> ports(const SourceLines& lines, const PortNode& node);

 private:
  template <typename Node>
  class Group;
  // Lists and variables that were fine, by their text: most rules of a file have the same few.
  struct KnownAddresses {
    AddressSet set;
    bool excludes = false;
  };
  std::map<std::string, KnownAddresses, std::less<>> known_addresses_;
  std::map<std::string, PortSet, std::less<>> known_ports_;
  std::unique_ptr<Group<AddressNode>> addresses_;
  std::unique_ptr<Group<PortNode>> ports_;
  Diagnostics& out_;
};

}  // namespace bulkhead::signatures

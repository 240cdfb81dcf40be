// One regular expression of a rule: PCRE2 with JIT decides; for rules that have no other pattern,
// Hyperscan looks first whether the expression can match at all.
//
// Shared   equal expressions are one object as long as anybody has it: a reload takes up again what it knows.
// Thread   compiled on any control thread, immutable afterwards; match data and scratch belong to workers.
// Errors   compile() gives PCRE2's message and the offset in the pattern.
// Tests    tests/unit/signatures/compile/regex_test.cpp
#pragma once

#include <hs/hs.h>

#include <memory>
#include <string>

#include "datapath/base/result.h"
#include "signatures/compile/signature.h"

struct pcre2_real_code_8;

namespace bulkhead::signatures {

class Regex {
 public:
  Regex() = default;
  [[nodiscard]] static Result<Regex> compile(const PcreOp& op);

  // Adds the Hyperscan pre-check; false when Hyperscan cannot take the expression (then PCRE2 alone runs).
  bool add_precheck(const PcreOp& op);

  [[nodiscard]] const pcre2_real_code_8* code() const { return code_.get(); }
  [[nodiscard]] const hs_database_t* precheck() const { return precheck_.get(); }  // null: none
  [[nodiscard]] bool jit() const { return jit_; }
  [[nodiscard]] std::size_t bytes() const;
  // Identifies equal expressions: flags and pattern.
  [[nodiscard]] static std::string key(const PcreOp& op);

 private:
  std::shared_ptr<pcre2_real_code_8> code_;
  std::shared_ptr<hs_database_t> precheck_;
  bool jit_ = false;
};

}  // namespace bulkhead::signatures

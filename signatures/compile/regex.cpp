#define PCRE2_CODE_UNIT_WIDTH 8
#include "signatures/compile/regex.h"

#include <pcre2.h>

#include <array>

#include "signatures/compile/shared_objects.h"

namespace bulkhead::signatures {
namespace {

std::uint32_t pcre2_options(const PcreOp& op) {
  std::uint32_t options = 0;
  if (op.caseless) options |= PCRE2_CASELESS;
  if (op.dotall) options |= PCRE2_DOTALL;
  if (op.multiline) options |= PCRE2_MULTILINE;
  if (op.extended) options |= PCRE2_EXTENDED;
  if (op.anchored) options |= PCRE2_ANCHORED;
  if (op.dollar_end_only) options |= PCRE2_DOLLAR_ENDONLY;
  if (op.ungreedy) options |= PCRE2_UNGREEDY;
  return options;
}

SharedObjects<pcre2_code>& codes() {
  static SharedObjects<pcre2_code> all;
  return all;
}

SharedObjects<hs_database_t>& prechecks() {
  static SharedObjects<hs_database_t> all;
  return all;
}

}  // namespace

std::string Regex::key(const PcreOp& op) {
  return std::to_string(pcre2_options(op)) + "/" + op.pattern;
}

Result<Regex> Regex::compile(const PcreOp& op) {
  const std::string name = key(op);
  Regex regex;
  regex.code_ = codes().find(name);
  if (regex.code_ == nullptr) {
    int code = 0;
    PCRE2_SIZE position = 0;
    pcre2_code* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(op.pattern.data()), op.pattern.size(),
                                         pcre2_options(op), &code, &position, nullptr);
    if (compiled == nullptr) {
      std::array<PCRE2_UCHAR, 256> text{};
      pcre2_get_error_message(code, text.data(), text.size());
      return Error{"pcre", op.pattern, 0,
                   std::string(reinterpret_cast<const char*>(text.data())) + " at byte " + std::to_string(position)};
    }
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    regex.code_ = std::shared_ptr<pcre2_code>(compiled, pcre2_code_free);
    codes().keep(name, regex.code_);
  }
  std::size_t machine_code = 0;
  regex.jit_ = pcre2_pattern_info(regex.code_.get(), PCRE2_INFO_JITSIZE, &machine_code) == 0 && machine_code != 0;
  return regex;
}

bool Regex::add_precheck(const PcreOp& op) {
  // Modes whose meaning differs between the engines, or that Hyperscan has no flag for.
  if (op.extended || op.anchored || op.dollar_end_only || op.pattern.find('\0') != std::string::npos) return false;
  unsigned flags = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_PREFILTER;
  if (op.caseless) flags |= HS_FLAG_CASELESS;
  if (op.dotall) flags |= HS_FLAG_DOTALL;
  if (op.multiline) flags |= HS_FLAG_MULTILINE;
  const std::string name = key(op);
  precheck_ = prechecks().find(name);
  if (precheck_ != nullptr) return true;
  hs_database_t* db = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile(op.pattern.c_str(), flags, HS_MODE_BLOCK, nullptr, &db, &error) != HS_SUCCESS) {
    hs_free_compile_error(error);
    return false;
  }
  precheck_ = std::shared_ptr<hs_database_t>(db, hs_free_database);
  prechecks().keep(name, precheck_);
  return true;
}

std::size_t Regex::bytes() const {
  std::size_t total = 0, size = 0;
  if (code_ && pcre2_pattern_info(code_.get(), PCRE2_INFO_SIZE, &size) == 0) total += size;
  if (code_ && pcre2_pattern_info(code_.get(), PCRE2_INFO_JITSIZE, &size) == 0) total += size;
  if (precheck_ && hs_database_size(precheck_.get(), &size) == HS_SUCCESS) total += size;
  return total;
}

}  // namespace bulkhead::signatures

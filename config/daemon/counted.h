// "1 policy", "12 policies": what the log and answers say of numbers.
#pragma once

#include <cstddef>
#include <string>

namespace bulkhead::config {

[[nodiscard]] inline std::string counted(std::size_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace bulkhead::config

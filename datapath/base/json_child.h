// Below an object of JSON that somebody else wrote: keys that are not there, and values of another kind, are no errors.
//
// Thread   any.
// Out      null: a key is not there, or what should hold it is no object.
#pragma once

#include <nlohmann/json.hpp>

namespace bulkhead {

template <typename... Keys>
[[nodiscard]] const nlohmann::json* child(const nlohmann::json* object, const char* key, Keys... below) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(key);
  const nlohmann::json* value = found == object->end() ? nullptr : &*found;
  if constexpr (sizeof...(below) == 0) {
    return value;
  } else {
    return child(value, below...);
  }
}

template <typename... Keys>
[[nodiscard]] const nlohmann::json* child(const nlohmann::json& object, const char* key, Keys... below) {
  return child(&object, key, below...);
}

}  // namespace bulkhead

#ifndef SLABPROOF_TESTS_CHECKER_PLACE_H_
#define SLABPROOF_TESTS_CHECKER_PLACE_H_

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace slabproof::testing {

/// Memory for an object that an abandoned execution may have left alive.
template <class Object>
class Place {
 public:
  template <class... Arguments>
  void make(Arguments&&... arguments) {
    object_ = ::new (static_cast<void*>(memory_)) Object(std::forward<Arguments>(arguments)...);
  }
  void end() { std::destroy_at(std::exchange(object_, nullptr)); }
  void forget() { object_ = nullptr; }
  [[nodiscard]] bool holds() const { return object_ != nullptr; }
  Object& operator*() { return *object_; }
  Object* operator->() { return object_; }

 private:
  Object* object_ = nullptr;
  alignas(Object) std::byte memory_[sizeof(Object)];
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_PLACE_H_

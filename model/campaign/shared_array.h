#ifndef SLABPROOF_MODEL_CAMPAIGN_SHARED_ARRAY_H_
#define SLABPROOF_MODEL_CAMPAIGN_SHARED_ARRAY_H_

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <system_error>

namespace slabproof::model {

/// An array in memory that forked workers and their parent both see. Throws std::system_error where
/// there is no such memory.
template <class T>
class SharedArray {
 public:
  explicit SharedArray(std::size_t size) : size_(size) {
    void* const memory =
        ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::system_error(errno, std::generic_category(), "no shared memory");
    }
    elements_ = static_cast<T*>(memory);
    std::uninitialized_default_construct_n(elements_, size_);
  }
  ~SharedArray() { ::munmap(elements_, bytes()); }
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;
  T& operator[](std::size_t index) { return elements_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  T* begin() noexcept { return elements_; }
  T* end() noexcept { return elements_ + size_; }

 private:
  [[nodiscard]] std::size_t bytes() const { return std::max<std::size_t>(size_, 1) * sizeof(T); }
  std::size_t size_;
  T* elements_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_SHARED_ARRAY_H_

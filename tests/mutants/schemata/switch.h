#ifndef SLABPROOF_TESTS_MUTANTS_SCHEMATA_SWITCH_H_
#define SLABPROOF_TESTS_MUTANTS_SCHEMATA_SWITCH_H_

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <source_location>

/// Which mutant this process is: in no header of impl/, only in those that schemata made of them.
namespace slabproof_mutation {

/// The number in SLABPROOF_MUTANT; 0 is no mutant.
inline int number_from_environment() noexcept {
  const char* const text = std::getenv("SLABPROOF_MUTANT");
  return text == nullptr ? 0 : std::atoi(text);
}

/// One byte for each mutant in the file that SLABPROOF_MUTANTS_REACHED names, which must have that
/// size already; null without one. A mapping, so that what a process noted before it was killed
/// stays, and that of its children counts.
struct Reached {
  char* marks = nullptr;
  long size = 0;

  static Reached from_environment() noexcept {
    const char* const name = std::getenv("SLABPROOF_MUTANTS_REACHED");
    if (name == nullptr) return {};
    const int file = ::open(name, O_RDWR);
    if (file < 0) std::abort();
    struct stat status = {};
    if (::fstat(file, &status) != 0) std::abort();
    void* const place = ::mmap(nullptr, static_cast<std::size_t>(status.st_size),
                               PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (place == MAP_FAILED) std::abort();
    ::close(file);
    return {static_cast<char*>(place), status.st_size};
  }
};

inline const int chosen = number_from_environment();
inline const Reached reached = Reached::from_environment();

/// Whether the mutant of this number is on.
inline bool on(int number) noexcept {
  if (reached.marks != nullptr && number < reached.size) [[unlikely]]
    reached.marks[number] = 1;
  return number == chosen;
}

/// The same, where the compiler may want a constant: there no mutant is on.
constexpr bool on_at_run_time(int number) noexcept {
  if consteval {
    return false;
  } else {
    return on(number);
  }
}

/// A LockGuard that may not lock, lock late, or unlock early.
template <class Mutex>
class Guard {
 public:
  explicit Guard(Mutex& mutex, bool locks,
                 std::source_location where = std::source_location::current()) noexcept
      : mutex_(mutex), where_(where) {
    if (locks) lock();
  }
  ~Guard() { unlock(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  void lock() const noexcept {
    if constexpr (requires { mutex_.lock(where_); }) {
      mutex_.lock(where_);
    } else {
      mutex_.lock();
    }
    holds_ = true;
  }
  void unlock() const noexcept {
    if (!holds_) return;
    holds_ = false;
    if constexpr (requires { mutex_.unlock(where_); }) {
      mutex_.unlock(where_);
    } else {
      mutex_.unlock();
    }
  }

 private:
  Mutex& mutex_;
  std::source_location where_;
  mutable bool holds_ = false;
};

}  // namespace slabproof_mutation

#endif  // SLABPROOF_TESTS_MUTANTS_SCHEMATA_SWITCH_H_

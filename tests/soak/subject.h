#ifndef SLABPROOF_TESTS_SOAK_SUBJECT_H_
#define SLABPROOF_TESTS_SOAK_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "model/slab/any_slab.h"

namespace slabproof::soak {

/// A slab as the running thread uses it, until this object goes: through a cache of its own, as the
/// owner, or through a remote. It names no type of the library, so that one build of the soak can
/// be linked with the shipped slab and with each mutant.
class Access {
 public:
  Access() = default;
  virtual ~Access() = default;
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  [[nodiscard]] virtual bool can_allocate() const { return true; }
  /// Null where it failed.
  [[nodiscard]] virtual std::byte* allocate() = 0;
  /// A block of zeros, or null.
  [[nodiscard]] virtual std::byte* allocate_zeroed() = 0;
  /// Fills from the front, and says how many.
  [[nodiscard]] virtual std::size_t allocate_batch(std::span<std::byte*> blocks) = 0;
  /// An object, whose constructor writes nothing.
  [[nodiscard]] virtual std::byte* create() = 0;
  /// False where the slab refused the pointer.
  virtual bool deallocate(void* pointer) = 0;
  virtual std::size_t deallocate_batch(std::span<void* const> pointers) = 0;
  virtual bool destroy(std::byte* object) = 0;
  virtual void trim() = 0;
  /// A block that was given back and is the caller's again, since the owner takes no more; or null.
  [[nodiscard]] virtual std::byte* take_back() { return nullptr; }
  /// The last call, but for `take_back`. An owner closes if nobody comes to its place any more.
  virtual void finish(bool /*is_last*/) {}
};

/// A slab of some configuration. Objects of it are used at rest only, when no thread has an access,
/// but for `access` itself.
class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  /// For the running thread, which is one of those that follow each other in that place. Who comes
  /// to place 0 is the owner, where there is one.
  [[nodiscard]] virtual std::unique_ptr<Access> access(std::size_t place) = 0;
  /// Brings everything home that caches, the depot and remote lists hold.
  virtual void settle() = 0;
  [[nodiscard]] virtual model::Counters counters() const = 0;
  /// Whether the slab knows the pointer as one of its slots; true where it cannot say.
  [[nodiscard]] virtual bool is_slot(const std::byte* pointer) const = 0;
};

struct KindTraits {
  std::size_t stride = 0;
  bool has_owner = false;
  bool has_caches = false;
  bool rechecks_all = true;
  bool zeroes = false;  ///< what `allocate` hands out is zero
};

/// How to make a subject.
struct SubjectSetup {
  std::size_t capacity = 1;  ///< slots of a segment
  std::size_t places = 1;    ///< threads at once
  bool guarded = false;      ///< a child can use it whichever thread forks; needs no owner
};

struct Kind {
  std::string name;
  KindTraits traits;
  std::unique_ptr<Subject> (*make)(const SubjectSetup& setup) = nullptr;
};

/// Every configuration that this binary was linked with.
[[nodiscard]] std::span<const Kind> kinds();

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_SUBJECT_H_

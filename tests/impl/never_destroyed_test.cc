#include "slabproof/never_destroyed.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"

namespace slabproof::testing {
namespace {

/// An object whose end is seen from outside of the process. It owns memory of the heap, which would
/// be a leak if nobody ended it, or if a leak checker could not reach one that nobody ends.
struct Object {
  explicit Object(const char* its_name) : name(std::make_unique<std::string>(its_name)) {}
  ~Object() { std::fprintf(stderr, "%s ends, ", name->c_str()); }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::unique_ptr<std::string> name;
};

/// Static and thread-local variables that own an object until the process ends. Each comes at the
/// first call.
template <class Slab>
struct Variables {
  using Owner = std::optional<typename Slab::Owner>;
  static Owner& of_the_process() {
    static Owner owner;
    return owner;
  }
  static Owner& of_the_main_thread() {
    thread_local Owner owner;
    return owner;
  }
  static Slab& slab() {
    static NeverDestroyed<Slab> slab(4U);
    return *slab;
  }
};

/// Ends the process while objects of a slab are live.
template <class Slab>
[[noreturn]] void end_process(bool owners_come_first) {
  using Static = Variables<Slab>;
  // The first handler runs last, after every static variable has ended.
  std::atexit([] { std::fprintf(stderr, "%u live", unsigned(Static::slab().stats().live)); });
  if (owners_come_first) Static::of_the_process();
  Slab& slab = Static::slab();
  Static::of_the_process().emplace(slab.make_unique("static").value());
  Static::of_the_main_thread().emplace(slab.make_unique("thread_local").value());
  static Object* of_handler = nullptr;
  of_handler = slab.create("of a handler").value();
  std::atexit([] { Static::slab().destroy(of_handler); });
  std::exit(0);
}

struct OnHeap : DefaultConfig {
  using Backing = HeapBacking;
};

template <class Slab>
class NeverDestroyedDeathTest : public ::testing::Test {};
using ImmortalSlabs =
    ::testing::Types<ExtendableSlab<Object>, CachedSlab<Object>, ExtendableSlab<Object, OnHeap>>;
TYPED_TEST_SUITE(NeverDestroyedDeathTest, ImmortalSlabs);

constexpr const char* kAllEnd = "thread_local ends, of a handler ends, static ends, ";

TYPED_TEST(NeverDestroyedDeathTest, ObjectsEndAfterASlabThatCameAfterThem) {
  EXPECT_EXIT(end_process<TypeParam>(true), ::testing::ExitedWithCode(0), kAllEnd);
}

TYPED_TEST(NeverDestroyedDeathTest, ObjectsEndBeforeASlabThatCameBeforeThem) {
  EXPECT_EXIT(end_process<TypeParam>(false), ::testing::ExitedWithCode(0), kAllEnd);
}

TEST(NeverDestroyedSlabDeathTest, EachObjectIsBackInTheSlabInTheEnd) {
  EXPECT_EXIT(end_process<ExtendableSlab<Object>>(true), ::testing::ExitedWithCode(0), "0 live");
}

TEST(NeverDestroyedSlabDeathTest, ObjectThatNobodyEndsIsReachedByALeakChecker) {
  using Slab = ExtendableSlab<Object, OnHeap>;
  const auto end = [] {
    static_cast<void>(Variables<Slab>::slab().create("never").value());
    std::exit(0);
  };
  EXPECT_EXIT(end(), ::testing::ExitedWithCode(0), "^$");
}

struct NotesItsEnd {
  explicit constexpr NotesItsEnd(bool* flag) : ended(flag) {}
  constexpr ~NotesItsEnd() { *ended = true; }
  bool* ended;
};

TEST(NeverDestroyedTest, DestructorNeverRuns) {
  bool ended = false;
  {
    const NeverDestroyed<NotesItsEnd> object(&ended);
    EXPECT_EQ(object->ended, &ended);
    EXPECT_EQ((*object).ended, &ended);
  }
  EXPECT_FALSE(ended);
}

// Is there before any code runs, since the type's constructor allows it.
bool constant_ended = false;
constinit NeverDestroyed<NotesItsEnd> constant(&constant_ended);

TEST(NeverDestroyedTest, IsConstantInitializedWhereTheTypeIs) {
  EXPECT_EQ(constant->ended, &constant_ended);
}

}  // namespace
}  // namespace slabproof::testing

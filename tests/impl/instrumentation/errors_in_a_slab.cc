// A program with an error of one kind, in a slab of one family: `errors_in_a_slab FAMILY ERROR`.
// A tool that watches memory must report each error, and nothing where ERROR is `none`.

#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include "slabproof/build_instrumentation.h"
#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#ifdef WITH_VALGRIND
#include "slabproof/valgrind_memcheck.h"
#endif

namespace {

struct Watched : slabproof::DefaultConfig {
#ifdef WITH_VALGRIND
  using Instrumentation = slabproof::ValgrindMemcheck;
#else
  using Instrumentation = slabproof::BuildInstrumentation;
#endif
};

struct WatchedAndHardened : Watched {
  using Protection = slabproof::HardenedConfig::Protection;
  using Contents = slabproof::HardenedConfig::Contents;
};

struct WatchedHeap : Watched {
  using Backing = slabproof::HeapBacking;
};

struct Object {
  int number = 1;
  char text[28] = {};
  std::unique_ptr<int> owned;
};

/// The tool must not see through the program.
template <class T>
T* hidden(T* pointer) {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

int sink = 0;

void read(const Object* object) {
  if (hidden(object)->number == 12345) ++sink;
}

/// Every operation, and no error.
template <class Slab>
void work(Slab& slab) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Object*> objects;
    for (int i = 0; i < 1000; ++i) {
      Object* const object = *slab.create();
      object->owned = std::make_unique<int>(i);
      std::memset(object->text, 7, sizeof(object->text));
      read(object);
      objects.push_back(object);
    }
    for (Object* const object : objects) slab.destroy(object);
    if constexpr (requires { slab.trim(); }) slab.trim();
    if constexpr (requires { slab.clear(); }) slab.clear();
    if constexpr (requires { slab.remote(); }) {
      auto remote = slab.remote();
      std::vector<void*> blocks;
      for (int i = 0; i < 500; ++i) blocks.push_back(slab.allocate()->data);
      for (void* const block : blocks) static_cast<void>(remote.deallocate(block));
      static_cast<void>(remote.flush());
      slab.reclaim();
    }
  }
}

/// A block whose content nobody wrote.
template <class Slab>
Object* fresh(Slab& slab) {
  return hidden(reinterpret_cast<Object*>(slab.allocate()->data));
}

template <class Slab, int kCapacity = 1000>
int run(std::string_view error) {
  static Slab* immortal = new Slab(kCapacity);  // so that its end hides no leak
  Slab& slab = *hidden(immortal);
  static Object* first = *slab.create();
  static Object* second = *slab.create();
  if (error == "none") {
    slab.destroy(first);
    slab.destroy(second);
    work(slab);
    static Object* kept = *slab.create();
    hidden(kept)->owned = std::make_unique<int>(1);  // only the slab's memory points there
    Slab other(kCapacity);
    other.destroy(*other.create());
    static_cast<void>(fresh(other));  // which ends with the slab
    return 0;
  }
  if (error == "use-after-free") {
    slab.destroy(first);
    read(first);
  } else if (error == "use-after-two-frees") {
    slab.destroy(first);
    slab.destroy(second);
    read(first);
  } else if (error == "write-past-the-block") {
    std::memset(hidden(first->text), 7, sizeof(Object));
  } else if (error == "read-of-a-slot-never-used") {
    read(first + 9);
  } else if (error == "read-of-a-fresh-block") {
    read(fresh(slab));
  } else if (error == "stale-read") {
    slab.destroy(first);
    read(fresh(slab));
  } else if (error == "leak-of-a-heap-block") {
    static_cast<void>(hidden(new int(1)));
  } else if (error == "leak-of-a-block") {
    static_cast<void>(fresh(slab));
  } else {
    return 2;
  }
  std::puts("reached the end");
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string_view family = arguments[1];
  const std::string_view error = arguments[2];
  if (family == "fixed") return run<slabproof::Slab<Object, Watched>>(error);
  if (family == "shared") return run<slabproof::ExtendableSlab<Object, WatchedHeap>>(error);
  if (family == "hardened") {
    return run<slabproof::ExtendableSlab<Object, WatchedAndHardened>, 64>(error);
  }
  if (family == "cached") return run<slabproof::CachedSlab<Object, Watched>>(error);
  if (family == "owner") return run<slabproof::SlabOwner<Object, Watched>>(error);
  return 2;
}

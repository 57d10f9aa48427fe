#ifndef SLABPROOF_LANGUAGE_H_
#define SLABPROOF_LANGUAGE_H_

// Every header comes here first. A header that cannot be found ends the compilation, so this is the
// only error that an older language gives. (g++ 12 says 202100 of C++23.)
#if __cplusplus <= 202002L
#include <slabproof needs C++23 or later: compile with -std=c++23>
#endif

#endif  // SLABPROOF_LANGUAGE_H_

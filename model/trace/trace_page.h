#ifndef SLABPROOF_MODEL_TRACE_TRACE_PAGE_H_
#define SLABPROOF_MODEL_TRACE_TRACE_PAGE_H_

namespace slabproof::model {

/// trace_page.html: a page that shows the trace which stands as JSON in the place of "@TRACE@".
extern const char* const kTracePage;

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_TRACE_TRACE_PAGE_H_

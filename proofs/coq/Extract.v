(** Writes the step checker as OCaml, [checker.ml], in the current directory.

    TRUSTED[coq.extraction]: Coq's extraction to OCaml keeps the meaning of
    [check_step]; natural numbers become OCaml's 63-bit integers, which is exact
    while no number in a trace reaches 2^62; the functions mapped below; the
    OCaml compiler and runtime. *)
From Coq Require Extraction.
From Coq Require Import ExtrOcamlBasic ExtrOcamlNatInt.
From slabproof Require Import Segment System Checker.

(** Compared as integers: an address is too large to count down from. *)
Extract Inlined Constant Init.Nat.eqb => "(fun (n : int) m -> n = m)".
Extract Inlined Constant Init.Nat.leb => "(fun (n : int) m -> n <= m)".
Extract Inlined Constant Init.Nat.ltb => "(fun (n : int) m -> n < m)".
Extract Inlined Constant Init.Nat.div => "(fun n d -> if d = 0 then 0 else n / d)".

Extraction Language OCaml.
Extraction "checker.ml" check_step initial_state live needed.

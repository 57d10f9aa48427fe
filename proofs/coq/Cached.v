(** A cache for each thread, and a depot, over the growable slab: a labelled
    transition system whose only way to blocks is a step of System.v.

    One step is one critical section of the slab, or one of the depot, or what a
    thread does in its own cache without a lock.  Each step names what it does to
    the slab below, so that leaving the caches out gives an execution of System.v
    (CachedSlab.v shows it).

    A cache belongs to a thread here.  A thread with several caches, or one that
    uses the slab below beside its cache, is as many threads: that leaves more
    orders than there are, and what holds of all of them holds of those.

    What is modelled: two magazines for each cache, the depot's shelf, refills that
    take what there is and grow for one block only, a backing that may refuse, the
    second look at the depot, magazines that go back to the slab in batches, caches
    that come and end, trim, operations on the slab itself, and blocks that are
    freed by another thread than the one that got them.
    What is not: where a magazine lies, the empty magazines in the depot and the
    memory for them (a step that needs one may find none), bad pointers, and the
    registry that finds the cache of a thread. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System.

(** Where a thread stands in an operation on its cache.  [again]: the depot was
    looked at a second time, after the backing refused. *)
Inductive doing :=
  | Absent                     (** has no cache: it never came, or has ended *)
  | Ready                      (** between two operations *)
  | Taking (again : bool)      (** an empty cache, about to take what the slab has *)
  | Asking (again : bool)      (** the slab had none: about to ask for one block *)
  | Awaiting (again : bool)    (** the slab is growing for that block *)
  | Served                     (** has that block in hand, about to take more *)
  | Looking                    (** the backing refused: about to look at the depot again *)
  | Returning                  (** a free: the previous magazine goes back to the slab *)
  | Flushing (ends : bool)     (** all that it holds goes back to the slab *)
  | Draining (open : bool).    (** a trim: a magazine of the depot goes back to the slab *)

(** [hand] is what an operation holds in no magazine of its cache. *)
Record cache := Cache {
  does : doing;
  loaded : list block;
  previous : list block;
  hand : list block
}.

Definition cache_blocks (c : cache) : list block := loaded c ++ previous c ++ hand c.
Definition no_cache : cache := Cache Absent [] [] [].

Record cached_config := CachedConfig {
  below : config;
  rounds : nat;           (** blocks of a full magazine *)
  shelf : nat;            (** most full magazines of the depot *)
  refill_batch : nat      (** most blocks between a magazine and the slab in one critical section *)
}.

(** The slab below has one thread more than there are caches: the last one stands
    for the depot.  It owns what lies there and has no critical sections. *)
Definition depot_thread (cfg : cached_config) : thread := pred (thread_count (below cfg)).

Definition cached_config_ok (cfg : cached_config) : Prop :=
  config_ok (below cfg) ∧ 0 < thread_count (below cfg) ∧
  0 < refill_batch cfg ≤ rounds cfg ∧ refill_batch cfg ≤ max_batch (below cfg).

Record cached_state := CachedState {
  shared : state;
  callers : list (list block);   (** what each thread got and has not given back *)
  caches : list cache;
  depot : list (list block)      (** full magazines, the newest first *)
}.

Definition initial_cached (cfg : cached_config) : cached_state :=
  CachedState (initial_state (below cfg)) (replicate (depot_thread cfg) [])
              (replicate (depot_thread cfg) no_cache) [].

(** What a step does: blocks that a caller gets, blocks that a caller gives back,
    and the steps of the slab below. *)
Record event := Event {
  by_thread : thread;
  handed_out : list block;
  given_back : list block;
  steps_below : list action
}.

Definition is_give (a : action) : Prop := match a with Give _ _ _ => True | _ => False end.

(** What a trim takes is nobody's to use, and so is handed out to no caller. *)
Definition taken_by_caller (cap : nat) (a : action) : list block :=
  match a with TrimClaim _ _ => [] | _ => taken cap a end.
Definition freed_by_caller (cap : nat) (a : action) : list block :=
  match a with TrimRelease _ _ => [] | _ => freed cap a end.

Section cached.
  Context (cfg : cached_config).
  Local Notation cap := (capacity (below cfg)).
  Local Notation step := (step (below cfg)).
  Local Notation owner_of_depot := (depot_thread cfg).

  Inductive run : state → list action → state → Prop :=
  | run_nil σ : run σ [] σ
  | run_cons σ a σ1 tr σ2 : step σ a σ1 → run σ1 tr σ2 → run σ (a :: tr) σ2.

  (** The ghost's part of an exchange with the depot: a magazine changes its owner. *)
  Definition hand_over (t u : thread) (magazine : list block) : list action :=
    Give t u <$> magazine.

  (** The ends of a growth for one block, [got] or none. *)
  Definition served_by (t : thread) (a : action) (got : list block) : Prop :=
    a = Reuse t got ∨ a = Refused t got ∨ ∃ at_, a = Install t [] at_ got None.

  (** [turn t c d out back acts c' d']: thread [t] goes on with its operation; its
      cache was [c] and is [c'], the depot was [d] and is [d']. *)
  Inductive turn (t : thread) : cache → list (list block) → list block → list block →
      list action → cache → list (list block) → Prop :=
  (** *** Allocation: a hit; a swap of the two magazines; an exchange with the depot *)
  | allocate_hit b l p d :
      turn t (Cache Ready (b :: l) p []) d [b] [] [] (Cache Ready l p []) d
  | allocate_swap b p d :
      turn t (Cache Ready [] (b :: p) []) d [b] [] [] (Cache Ready p [] []) d
  | allocate_exchange b m d :
      turn t (Cache Ready [] [] []) ((b :: m) :: d) [b] []
           (hand_over owner_of_depot t (b :: m)) (Cache Ready m [] []) d
  | allocate_miss :
      turn t (Cache Ready [] [] []) [] [] [] [] (Cache (Taking false) [] [] []) []
  (** *** A refill: at first what there is, without growth *)
  | refill_takes again b l d :
      length (b :: l) ≤ refill_batch cfg →
      turn t (Cache (Taking again) [] [] []) d [b] [] [Start t (length (b :: l)) (b :: l) None]
           (Cache Ready l [] []) d
  | refill_finds_none again d :
      turn t (Cache (Taking again) [] [] []) d [] [] [] (Cache (Asking again) [] [] []) d
  (** one block, for which the slab may grow *)
  | refill_asks_served again b d :
      turn t (Cache (Asking again) [] [] []) d [] [] [Start t 1 [b] None]
           (Cache Served [] [] [b]) d
  | refill_asks again observed d :
      turn t (Cache (Asking again) [] [] []) d [] [] [Start t 1 [] (Some observed)]
           (Cache (Awaiting again) [] [] []) d
  | refill_served again a b d :
      served_by t a [b] →
      turn t (Cache (Awaiting again) [] [] []) d [] [] [a] (Cache Served [] [] [b]) d
  | refill_takes_more b c l d :
      length (c :: l) < refill_batch cfg →
      turn t (Cache Served [] [] [b]) d [b] [] [Start t (length (c :: l)) (c :: l) None]
           (Cache Ready (c :: l) [] []) d
  | refill_ends b d :
      turn t (Cache Served [] [] [b]) d [b] [] [] (Cache Ready [] [] []) d
  (** the backing refused: the depot is looked at again, once *)
  | refill_refused d :
      turn t (Cache (Awaiting false) [] [] []) d [] [] [Refused t []] (Cache Looking [] [] []) d
  | look_finds b m d :
      turn t (Cache Looking [] [] []) ((b :: m) :: d) [b] []
           (hand_over owner_of_depot t (b :: m)) (Cache Ready m [] []) d
  | look_finds_none :
      turn t (Cache Looking [] [] []) [] [] [] [] (Cache (Taking true) [] [] []) []
  | allocation_fails d :
      turn t (Cache (Awaiting true) [] [] []) d [] [] [Refused t []] (Cache Ready [] [] []) d
  (** *** Free: a hit; a swap; an exchange with the depot *)
  | free_hit b l p d :
      length l < rounds cfg →
      turn t (Cache Ready l p []) d [] [b] [] (Cache Ready (b :: l) p []) d
  | free_swap b l d :
      length l = rounds cfg →
      turn t (Cache Ready l [] []) d [] [b] [] (Cache Ready [b] l []) d
  | free_exchange b l p d :
      length l = rounds cfg → length p = rounds cfg → length d < shelf cfg →
      turn t (Cache Ready l p []) d [] [b] (hand_over t owner_of_depot p)
           (Cache Ready [b] l []) (p :: d)
  (** the shelf is full, or there is no empty magazine *)
  | free_miss l p d :
      length l = rounds cfg → length p = rounds cfg →
      turn t (Cache Ready l p []) d [] [] [] (Cache Returning l p []) d
  | return_some l p q d :
      0 < length p ≤ refill_batch cfg →
      turn t (Cache Returning l (p ++ q) []) d [] [] [Free t p] (Cache Returning l q []) d
  | return_ends b l d :
      turn t (Cache Returning l [] []) d [] [b] [] (Cache Ready [b] l []) d
  (** *** A cache comes, is flushed, ends *)
  | cache_comes d :
      turn t no_cache d [] [] [] (Cache Ready [] [] []) d
  | flush_begins ends l p d :
      turn t (Cache Ready l p []) d [] [] [] (Cache (Flushing ends) l p []) d
  | flush_loaded ends l1 l2 p d :
      0 < length l1 ≤ refill_batch cfg →
      turn t (Cache (Flushing ends) (l1 ++ l2) p []) d [] [] [Free t l1]
           (Cache (Flushing ends) l2 p []) d
  | flush_previous ends p1 p2 d :
      0 < length p1 ≤ refill_batch cfg →
      turn t (Cache (Flushing ends) [] (p1 ++ p2) []) d [] [] [Free t p1]
           (Cache (Flushing ends) [] p2 []) d
  | flush_ends d :
      turn t (Cache (Flushing false) [] [] []) d [] [] [] (Cache Ready [] [] []) d
  | cache_ends d :
      turn t (Cache (Flushing true) [] [] []) d [] [] [] no_cache d
  (** *** A trim empties the depot, after its own cache *)
  | drain_takes (open : bool) m d :
      turn t (Cache (if open then Ready else Absent) [] [] []) (m :: d) [] []
           (hand_over owner_of_depot t m) (Cache (Draining open) [] [] m) d
  | drain_some open h1 h2 d :
      0 < length h1 ≤ refill_batch cfg →
      turn t (Cache (Draining open) [] [] (h1 ++ h2)) d [] [] [Free t h1]
           (Cache (Draining open) [] [] h2) d
  | drain_ends (open : bool) d :
      turn t (Cache (Draining open) [] [] []) d [] [] []
           (Cache (if open then Ready else Absent) [] [] []) d.

  Definition is_awaiting (p : doing) : Prop := ∃ again, p = Awaiting again.

  Inductive cached_step : cached_state → event → cached_state → Prop :=
  | cached_turn χ t c h out back acts c' d' h' σ' :
      caches χ !! t = Some c → callers χ !! t = Some h →
      (¬ is_awaiting (does c) → phases (shared χ) !! t = Some Idle) →
      turn t c (depot χ) out back acts c' d' →
      h' ++ back ≡ₚ h ++ out → run (shared χ) acts σ' →
      cached_step χ (Event t out back acts)
        (CachedState σ' (<[t := h']> (callers χ)) (<[t := c']> (caches χ)) d')
  (** an operation on the slab itself: of a thread without a cache, or a trim *)
  | cached_direct χ t c h a h' σ' :
      caches χ !! t = Some c → callers χ !! t = Some h →
      does c = Absent ∨ does c = Ready → actor a = t → ¬ is_give a →
      h' ++ freed_by_caller cap a ≡ₚ h ++ taken_by_caller cap a → step (shared χ) a σ' →
      cached_step χ (Event t (taken_by_caller cap a) (freed_by_caller cap a) [a])
        (CachedState σ' (<[t := h']> (callers χ)) (caches χ) (depot χ))
  (** a block changes hands among callers *)
  | cached_give χ t u b h h' k σ' :
      callers χ !! t = Some h → callers χ !! u = Some k → t ≠ u → h ≡ₚ b :: h' →
      step (shared χ) (Give t u b) σ' →
      cached_step χ (Event t [] [] [Give t u b])
        (CachedState σ' (<[u := b :: k]> (<[t := h']> (callers χ))) (caches χ) (depot χ)).

  (** ** Where blocks are *)
  Definition trimmed (p : phase) : list block :=
    match p with Trimming i => segment_blocks cap i | _ => [] end.

  (** What a thread of the slab below holds: as a caller, in its cache, by a trim;
      and the depot's thread what lies in the depot. *)
  Definition holds (χ : cached_state) (t : thread) : list block :=
    (if decide (t = owner_of_depot) then concat (depot χ) else []) ++
    default [] (callers χ !! t) ++
    from_option cache_blocks [] (caches χ !! t) ++
    from_option trimmed [] (phases (shared χ) !! t).

  (** All places one after the other: a block in two of them is here twice. *)
  Definition everywhere (χ : cached_state) : list block :=
    concat (holds χ <$> seq 0 (thread_count (below cfg))).

  Definition called (χ : cached_state) : nat := sum_list_with length (callers χ).
  Definition in_caches (χ : cached_state) : nat :=
    sum_list_with (λ c, length (cache_blocks c)) (caches χ).
  Definition in_depot (χ : cached_state) : nat := sum_list_with length (depot χ).
  Definition cached (χ : cached_state) : nat := in_caches χ + in_depot χ.
  Definition trimming (χ : cached_state) : nat :=
    sum_list_with (λ p, length (trimmed p)) (phases (shared χ)).
  Definition outstanding (χ : cached_state) : nat := called χ + cached χ + trimming χ.

  (** [cached_exec tr peak χ]: the steps [tr] lead to [χ], and at most [peak] blocks
      were with callers, cached or with a trim at once. *)
  Inductive cached_exec : list event → nat → cached_state → Prop :=
  | cached_exec_initial : cached_exec [] 0 (initial_cached cfg)
  | cached_exec_step tr peak χ e χ' :
      cached_exec tr peak χ → cached_step χ e χ' →
      cached_exec (tr ++ [e]) (peak `max` outstanding χ') χ'.

  (** An allocation through a cache that obtained nothing. *)
  Definition cached_fails (χ : cached_state) (e : event) : Prop :=
    steps_below e = [Refused (by_thread e) []] ∧
    ∃ c, caches χ !! by_thread e = Some c ∧ does c = Awaiting true.
End cached.

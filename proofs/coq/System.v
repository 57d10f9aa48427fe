(** The growable slab as a labelled transition system.

    One step is one critical section of the C++ code: everything that happens
    between taking the slab's lock and letting it go.  Phase 2, which obtains a
    segment without the lock, touches no shared state and so is no step of its
    own: whether the backing delivered or refused shows in the kind of the step
    that follows it ([Reuse] and [Install], or [Refused]).

    What is modelled: batches, both re-check scopes, initial segments, a backing
    that may refuse, [trim], freeing and handing over of blocks by any thread.
    What is not: the bytes of a block, bad pointers, the width of the segment
    directory (Directory.v), and the order of operations inside a critical
    section (LockedSlab.v). *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment.

(** A block is named by its segment's index and its slot. *)
Definition block : Type := nat * nat.

(** Where phase 3 looks for a free slot before it installs a segment.
    [NoSegments] is not shipped: it shows what the second look is for. *)
Inductive scope := AllSegments | NewSegments | NoSegments.

Definition in_scope (sc : scope) (observed i : nat) : Prop :=
  match sc with AllSegments => True | NewSegments => observed ≤ i | NoSegments => False end.
Definition anywhere (i : nat) : Prop := True.

(** Where a thread stands between two critical sections.  A thread runs one
    operation at a time.
    - [Growing observed remaining obtained]: inside an allocation; the slab had
      [observed] segments when the thread let the lock go, [remaining] blocks
      are still wanted and [obtained] are in hand.  It is counted as a grower.
    - [Trimming i]: inside a trim; every slot of segment [i] is the thread's
      while it returns the pages of that segment. *)
Inductive phase :=
  | Idle
  | Growing (observed remaining obtained : nat)
  | Trimming (i : nat).

Record config := Config {
  capacity : nat;
  recheck : scope;
  (** [true]: an allocation takes from the lowest segment with room, as shipped.
      [false]: from any, as with a hint that may be stale. *)
  lowest_first : bool;
  (** [true]: a thread may free while its own allocation is between two critical
      sections, as from a signal handler.  Not allowed in C++; see Tightness.v. *)
  reentrant : bool;
  max_batch : nat;
  thread_count : nat;
  initial_addresses : list nat
}.

Definition initial_segments (cfg : config) : nat := length (initial_addresses cfg).
Definition config_ok (cfg : config) : Prop :=
  0 < capacity cfg ∧ NoDup (initial_addresses cfg).

Record state := State { segments : list segment; phases : list phase }.

Definition initial_state (cfg : config) : state :=
  State (empty_segment (capacity cfg) <$> initial_addresses cfg)
        (replicate (thread_count cfg) Idle).

Definition live (σ : state) : nat := sum_list_with used (segments σ).

Definition block_owner (sg : list segment) (b : block) : option thread :=
  s ← sg !! b.1; slot_owner s b.2.
Definition owner (σ : state) (b : block) : option thread := block_owner (segments σ) b.

(** ** Steps *)
Inductive action :=
  (** phase 1 of a batch of [n]; [observed] is set when the thread goes on to grow *)
  | Start (t : thread) (n : nat) (got : list block) (observed : option nat)
  (** phase 3, everything found in segments already there; the new one is let go *)
  | Reuse (t : thread) (got : list block)
  (** phase 3, the segment at [a] is installed and serves [fresh]; [observed] is
      set when the batch wants still more *)
  | Install (t : thread) (got : list block) (a : nat) (fresh : list block)
            (observed : option nat)
  (** phase 3 after the backing refused *)
  | Refused (t : thread) (got : list block)
  | Free (t : thread) (blocks : list block)
  | TrimClaim (t : thread) (i : nat)
  | TrimRelease (t : thread) (i : nat)
  (** ghost: [t] hands a block to [u]; no critical section *)
  | Give (t u : thread) (b : block).

Definition segment_blocks (cap i : nat) : list block := pair i <$> seq 0 cap.

Definition actor (a : action) : thread :=
  match a with
  | Start t _ _ _ | Reuse t _ | Install t _ _ _ _ | Refused t _ | Free t _
  | TrimClaim t _ | TrimRelease t _ | Give t _ _ => t
  end.

(** The blocks that a step makes its actor's. *)
Definition taken (cap : nat) (a : action) : list block :=
  match a with
  | Start _ _ got _ | Reuse _ got | Refused _ got => got
  | Install _ got _ fresh _ => got ++ fresh
  | TrimClaim _ i => segment_blocks cap i
  | _ => []
  end.

(** The blocks that cease to be anybody's. *)
Definition freed (cap : nat) (a : action) : list block :=
  match a with
  | Free _ blocks => blocks
  | TrimRelease _ i => segment_blocks cap i
  | _ => []
  end.

Definition is_free (a : action) : Prop := match a with Free _ _ => True | _ => False end.
Definition is_trim (a : action) : Prop :=
  match a with TrimClaim _ _ | TrimRelease _ _ => True | _ => False end.
Definition is_growing (p : phase) : Prop := match p with Growing _ _ _ => True | _ => False end.
Definition is_trimming (p : phase) : Prop := match p with Trimming _ => True | _ => False end.

(** The phase after a critical section that leaves [remaining] blocks wanted. *)
Definition phase_after (len remaining obtained : nat) : phase :=
  match remaining with 0 => Idle | _ => Growing len remaining obtained end.
Definition observed_length (p : phase) : option nat :=
  match p with Growing len _ _ => Some len | _ => None end.

Section system.
  Context (cfg : config).
  Local Notation cap := (capacity cfg).

  Definition full_where (looks : nat → Prop) (sg : list segment) : Prop :=
    ∀ i s, looks i → sg !! i = Some s → full cap s.

  (** [takes looks t sg got sg']: thread [t] takes the blocks [got], one after the
      other, from segments whose index satisfies [looks]. *)
  Inductive takes (looks : nat → Prop) (t : thread) :
      list segment → list block → list segment → Prop :=
  | takes_nil sg : takes looks t sg [] sg
  | takes_cons sg i s j s' got sg' :
      looks i →
      (lowest_first cfg = true →
        ∀ k sk, k < i → looks k → sg !! k = Some sk → full cap sk) →
      sg !! i = Some s → take_slot cap t s = Some (j, s') →
      takes looks t (<[i := s']> sg) got sg' →
      takes looks t sg ((i, j) :: got) sg'.

  Inductive puts (t : thread) : list segment → list block → list segment → Prop :=
  | puts_nil sg : puts t sg [] sg
  | puts_cons sg i s j blocks sg' :
      sg !! i = Some s → slot_owner s j = Some t →
      puts t (<[i := put_slot j s]> sg) blocks sg' →
      puts t sg ((i, j) :: blocks) sg'.

  Definition may_free (p : phase) : Prop :=
    p = Idle ∨ (reentrant cfg = true ∧ is_growing p).

  Inductive step : state → action → state → Prop :=
  | step_start sg ph t n got sg' :
      ph !! t = Some Idle → 0 < n ≤ max_batch cfg →
      takes anywhere t sg got sg' → length got ≤ n →
      (length got < n → full_where anywhere sg') →
      let p := phase_after (length sg') (n - length got) (length got) in
      step (State sg ph) (Start t n got (observed_length p)) (State sg' (<[t := p]> ph))
  | step_reuse sg ph t len remaining obtained got sg' :
      ph !! t = Some (Growing len remaining obtained) →
      takes (in_scope (recheck cfg) len) t sg got sg' → length got = remaining →
      step (State sg ph) (Reuse t got) (State sg' (<[t := Idle]> ph))
  | step_install sg ph t len remaining obtained got sg1 a fresh sg2 :
      ph !! t = Some (Growing len remaining obtained) →
      takes (in_scope (recheck cfg) len) t sg got sg1 → length got < remaining →
      full_where (in_scope (recheck cfg) len) sg1 →
      a ∉ address <$> sg1 →
      takes (eq (length sg1)) t (sg1 ++ [empty_segment cap a]) fresh sg2 →
      length fresh = (remaining - length got) `min` cap →
      let p := phase_after (length sg2) (remaining - length got - length fresh)
                           (obtained + length got + length fresh) in
      step (State sg ph) (Install t got a fresh (observed_length p))
           (State sg2 (<[t := p]> ph))
  | step_refused sg ph t len remaining obtained got sg' :
      ph !! t = Some (Growing len remaining obtained) →
      takes anywhere t sg got sg' → length got ≤ remaining →
      (length got < remaining → full_where anywhere sg') →
      step (State sg ph) (Refused t got) (State sg' (<[t := Idle]> ph))
  | step_free sg ph t p blocks sg' :
      ph !! t = Some p → may_free p → puts t sg blocks sg' →
      step (State sg ph) (Free t blocks) (State sg' ph)
  | step_trim_claim sg ph t i s :
      ph !! t = Some Idle → sg !! i = Some s → free_slots s = carved s →
      step (State sg ph) (TrimClaim t i)
           (State (<[i := claim_segment cap t s]> sg) (<[t := Trimming i]> ph))
  | step_trim_release sg ph t i s :
      ph !! t = Some (Trimming i) → sg !! i = Some s →
      (** no test in the code: [trim_can_finish] shows that it always holds *)
      Forall (eq (Some t)) (owners s) →
      step (State sg ph) (TrimRelease t i)
           (State (<[i := empty_segment cap (address s)]> sg) (<[t := Idle]> ph))
  | step_give sg ph t p u q i s j :
      ph !! t = Some p → ¬ is_trimming p → ph !! u = Some q →
      sg !! i = Some s → slot_owner s j = Some t →
      step (State sg ph) (Give t u (i, j)) (State (<[i := give_slot u j s]> sg) ph).

  (** [exec tr peak σ]: the slab reaches [σ] by the steps [tr], and at most
      [peak] blocks were live at once on the way (a trimmer's blocks included).
      The number of live blocks moves in one direction within a step, so that its
      values between steps have the same maximum. *)
  Inductive exec : list action → nat → state → Prop :=
  | exec_initial : exec [] 0 (initial_state cfg)
  | exec_step tr peak σ a σ' :
      exec tr peak σ → step σ a σ' → exec (tr ++ [a]) (peak `max` live σ') σ'.
End system.

(** An allocation that obtained nothing: its caller sees [kOutOfMemory]. *)
Definition fails (σ : state) (a : action) : Prop :=
  ∃ t len remaining, a = Refused t [] ∧ phases σ !! t = Some (Growing len remaining 0).

(** ** Rounding up *)
Definition ceil_div (n d : nat) : nat := Coq.Init.Nat.div (n + d - 1) d.

Lemma ceil_div_ge n d k : 0 < d → k * d < n + d → k ≤ ceil_div n d.
Proof. intros. unfold ceil_div. apply Nat.div_le_lower_bound; lia. Qed.
Lemma ceil_div_le n d k : 0 < d → n ≤ k * d → ceil_div n d ≤ k.
Proof.
  intros. unfold ceil_div. destruct k as [|k].
  - rewrite Nat.div_small; lia.
  - apply Nat.lt_succ_r, Nat.div_lt_upper_bound; lia.
Qed.
Lemma ceil_div_mul n d : 0 < d → n ≤ ceil_div n d * d.
Proof.
  intros. unfold ceil_div. pose proof (Nat.div_mod (n + d - 1) d ltac:(lia)).
  pose proof (Nat.mod_upper_bound (n + d - 1) d ltac:(lia)). lia.
Qed.
Lemma ceil_div_lt n d : 0 < d → ceil_div n d * d < n + d.
Proof.
  intros. unfold ceil_div. pose proof (Nat.div_mod (n + d - 1) d ltac:(lia)). lia.
Qed.
Lemma ceil_div_mono n m d : 0 < d → n ≤ m → ceil_div n d ≤ ceil_div m d.
Proof. intros. unfold ceil_div. apply Nat.div_le_mono; lia. Qed.
Lemma ceil_div_0 d : 0 < d → ceil_div 0 d = 0.
Proof. intros. unfold ceil_div. apply Nat.div_small. lia. Qed.

(** What a slab that wastes nothing has: the segments it began with, or as many
    as the most blocks ever live at once need. *)
Definition needed (cfg : config) (peak : nat) : nat :=
  Coq.Init.Nat.max (initial_segments cfg) (ceil_div peak (capacity cfg)).

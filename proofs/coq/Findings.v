(** Short executions that show why the hypotheses of the growth theorems are
    there.  Each is computed by the checker and so is an execution of the system. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Growth FirstFit Checker Tightness.

(** A thread allocates one block: served in phase 1, or by a segment it installs. *)
Definition hit (t : thread) (b : block) : action := Start t 1 [b] None.
Definition miss (t : thread) (len : nat) : action := Start t 1 [] (Some len).
Definition install (t : thread) (a i : nat) : action := Install t [] a [(i, 0)] None.

(** Two threads, segments of one slot: both see the only segment full, its block
    is freed, and both install.  Two blocks were live at most, three segments are
    there.  With [kAllSegments] the same race ends at two. *)
Theorem seed_scope_over_grows :
  let cfg := Config 1 NewSegments true false 1 3 [] in
  let tr := [miss 0 0; install 0 10 0; miss 1 1; miss 2 1; Free 0 [(0, 0)];
             install 1 11 1; Free 1 [(1, 0)]; Reuse 2 [(1, 0)]] in
  ∃ σ, exec cfg tr 1 σ ∧ length (segments σ) = needed cfg 1 + 1.
Proof.
  intros cfg tr. eexists. split; [apply run_sound; vm_compute; reflexivity|].
  by vm_compute.
Qed.

(** A trim in the race: the grower's new segment is claimed by a trim while
    another grower looks, so that growers no longer share it.  Lowest first, three
    threads, capacity 2: two segments too many, one more than
    [S7_growth_bounded_lowest_first] allows without trims.
    [S7_growth_bounded] holds all the same. *)
Theorem S7_trim_exceeds_lowest_first :
  let cfg := Config 2 NewSegments true false 1 3 [] in
  let tr := [miss 2 0; install 2 10 0; hit 2 (0, 1); miss 2 1; install 2 11 1; hit 2 (1, 1);
             miss 0 2; miss 1 2; Free 2 [(0, 0); (0, 1); (1, 0); (1, 1)];
             install 0 12 2; Free 0 [(2, 0)]; TrimClaim 0 2; install 1 13 3; TrimRelease 0 2] in
  ∃ σ, exec cfg tr 4 σ ∧
    length (segments σ) = needed cfg 4 + 2 ∧
    ceil_div (thread_count cfg - 1) (capacity cfg) = 1.
Proof.
  intros cfg tr. eexists. split; [apply run_sound; vm_compute; reflexivity|].
  by vm_compute.
Qed.

(** Batches in the race: the bounds for single blocks do not hold for batches
    greater than a segment.  Two threads, capacity 1, batches of three: three
    segments too many. *)
Theorem S7_batches_exceed_single_blocks :
  let cfg := Config 1 NewSegments true false 3 2 [] in
  ∃ tr peak σ, exec cfg tr peak σ ∧ untrimmed tr ∧
    length (segments σ) = needed cfg peak + 3 ∧ thread_count cfg - 1 = 1.
Proof.
  intros cfg. destruct (S7_lowest_first_attained 1 2 3 ltac:(lia) ltac:(lia) ltac:(lia))
    as (tr & peak & σ & Hexec & Htrim & Hlen).
  exists tr, peak, σ. split_and!; [done|done|exact Hlen|done].
Qed.

(** Without the second look even allocations alone over-grow. *)
Theorem no_recheck_over_grows :
  let cfg := Config 2 NoSegments true false 1 2 [] in
  let tr := [miss 0 0; miss 1 0; install 0 10 0; install 1 11 1] in
  ∃ σ, exec cfg tr 2 σ ∧ (∀ a, a ∈ tr → ¬ is_free a ∧ ¬ is_trim a) ∧
    length (segments σ) = needed cfg 2 + 1.
Proof.
  intros cfg tr. eexists. split; [apply run_sound; vm_compute; reflexivity|].
  split; [|by vm_compute].
  intros a Ha. unfold tr in Ha. repeat (apply elem_of_cons in Ha as [->|Ha]; [simpl; tauto|]).
  by apply elem_of_nil in Ha.
Qed.

(** Blocks that callers hold, trimmers apart. *)
Definition held_change (a : action) (held : nat) : nat :=
  match a with
  | TrimClaim _ _ | TrimRelease _ _ => held
  | _ => held + length (taken 0 a) - length (freed 0 a)
  end.
Fixpoint held_peak (held : nat) (tr : list action) : nat :=
  match tr with
  | [] => held
  | a :: rest => held `max` held_peak (held_change a held) rest
  end.

(** Why a trimmer's slots count as live: callers never hold more than one block,
    yet a second segment is needed while the first is being trimmed.  S6 is exact
    for the peak with the trimmer's slots in it.  Where calls wait for trims it is
    exact without them (PressureSlab.v). *)
Theorem S6_counts_what_a_trim_holds :
  let cfg := Config 1 AllSegments true false 1 2 [] in
  let tr := [miss 0 0; install 0 10 0; Free 0 [(0, 0)]; TrimClaim 0 0; miss 1 1;
             install 1 11 1; TrimRelease 0 0] in
  ∃ σ, exec cfg tr 2 σ ∧ held_peak 0 tr = 1 ∧
    length (segments σ) = needed cfg 2 ∧ needed cfg (held_peak 0 tr) = 1.
Proof.
  intros cfg tr. eexists. split; [apply run_sound; vm_compute; reflexivity|].
  by vm_compute.
Qed.

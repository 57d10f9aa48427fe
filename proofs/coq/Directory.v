(** The segment directory never overflows when a segment is pushed.

    The directory is the table that holds the segments.  It is replaced by a wider
    one under the lock, but a wider one can be obtained only without it.  So a
    thread decides in phase 1 whether to bring one, before it knows how many
    segments the others will have pushed by phase 3.  The rule:

    - phase 1 counts the thread as a grower; if then segments + growers exceed the
      room of the directory, the thread brings one of width
      [bit_ceil (segments + growers)], or more where the backing grants more;
    - phase 3 installs the thread's directory whenever it is wider than the one in
      place, even if that one still has room;
    - a thread whose request for a directory was refused pushes no segment.

    [directory_never_full] is the claim.  [directory_needs_every_width] shows what
    the clause "even if there is room" is for. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment.

Definition bit_ceil (n : nat) : nat := 2 ^ Nat.log2_up n.

Lemma bit_ceil_le n : n ≤ bit_ceil n.
Proof.
  unfold bit_ceil. destruct (decide (n ≤ 1)) as [Hle|Hgt].
  - pose proof (Nat.pow_nonzero 2 (Nat.log2_up n) ltac:(lia)). lia.
  - apply Nat.log2_up_spec. lia.
Qed.

(** What a grower brings: the width of its directory, if it needed one and got it. *)
Inductive carrying :=
  | Nothing                 (** none was needed *)
  | Carries (width : nat)
  | Refused.                (** one was needed, and the backing refused *)

Inductive directory_phase := Outside | Inside (c : carrying).

Record directory := Directory {
  pushed : nat;                   (** segments in the directory *)
  room : nat;                     (** its width *)
  threads : list directory_phase
}.

Definition inside (p : directory_phase) : nat := match p with Inside _ => 1 | Outside => 0 end.
Definition inside_count (ts : list directory_phase) : nat := sum_list_with inside ts.

Definition wider (c : carrying) (width : nat) : nat :=
  match c with Carries w => width `max` w | _ => width end.

(** [always = true] is the rule above.  [always = false] leaves a wider directory
    out while the one in place still has room. *)
Definition room_after (always : bool) (c : carrying) (d : directory) : nat :=
  if always || (room d <=? pushed d) then wider c (room d) else room d.

Inductive directory_step (always : bool) : directory → directory → Prop :=
  | enter d t c :
      threads d !! t = Some Outside →
      (let growers := S (inside_count (threads d)) in
       match c with
       | Nothing => pushed d + growers ≤ room d
       | Carries w => room d < pushed d + growers ∧ bit_ceil (pushed d + growers) ≤ w
       | Refused => room d < pushed d + growers
       end) →
      directory_step always d
        (Directory (pushed d) (room d) (<[t := Inside c]> (threads d)))
  | leave d t c :
      (** served by others, or refused: nothing is pushed *)
      threads d !! t = Some (Inside c) →
      directory_step always d
        (Directory (pushed d) (room_after always c d) (<[t := Outside]> (threads d)))
  | push d t c :
      threads d !! t = Some (Inside c) → c ≠ Refused →
      directory_step always d
        (Directory (S (pushed d)) (room_after always c d) (<[t := Outside]> (threads d))).

(** A slab begins with its initial segments in a directory that holds them. *)
Definition initial_directory (d : directory) : Prop :=
  pushed d ≤ room d ∧ ∀ t p, threads d !! t = Some p → p = Outside.

(** ** The invariant *)
Definition can_push (p : directory_phase) : bool :=
  match p with Inside Nothing | Inside (Carries _) => true | _ => false end.

Definition pushes (b : bool) (p : directory_phase) : nat := if b && can_push p then 1 else 0.
Definition brings (b : bool) (p : directory_phase) (width : nat) : nat :=
  match p with Inside c => if b then wider c width else width | Outside => width end.

(** Some of the growers, chosen by a list of booleans: how many segments they push,
    and how wide the directory is once they have. *)
Fixpoint chosen (ts : list directory_phase) (choice : list bool) : nat :=
  match ts, choice with
  | p :: ts, b :: choice => pushes b p + chosen ts choice
  | _, _ => 0
  end.
Fixpoint widest (width : nat) (ts : list directory_phase) (choice : list bool) : nat :=
  match ts, choice with
  | p :: ts, b :: choice => brings b p (widest width ts choice)
  | _, _ => width
  end.

(** Whichever growers push, and in whichever order, they fit. *)
Definition fits (d : directory) : Prop :=
  ∀ choice, length choice = length (threads d) →
    pushed d + chosen (threads d) choice ≤ widest (room d) (threads d) choice.

Lemma wider_ge c width : width ≤ wider c width.
Proof. destruct c; simpl; lia. Qed.
Lemma wider_mono c v w : v ≤ w → wider c v ≤ wider c w.
Proof. destruct c; simpl; lia. Qed.
Lemma wider_comm c c' width : wider c (wider c' width) = wider c' (wider c width).
Proof. destruct c, c'; simpl; lia. Qed.

Lemma brings_wider b p c width : brings b p (wider c width) = wider c (brings b p width).
Proof. destruct p as [|c'], b; simpl; auto using wider_comm. Qed.

Lemma widest_wider c width ts choice :
  widest (wider c width) ts choice = wider c (widest width ts choice).
Proof.
  revert choice. induction ts as [|p ts IH]; intros [|b choice]; simpl; [done..|].
  by rewrite IH, brings_wider.
Qed.

Lemma widest_ge width ts choice : width ≤ widest width ts choice.
Proof.
  revert choice. induction ts as [|p ts IH]; intros [|b choice]; simpl; try lia.
  etrans; [apply (IH choice)|]. destruct p as [|c], b; simpl; auto using wider_ge.
Qed.

Lemma chosen_le ts choice : chosen ts choice ≤ inside_count ts.
Proof.
  unfold inside_count, pushes. revert choice.
  induction ts as [|p ts IH]; intros [|b choice]; simpl; try lia.
  specialize (IH choice). unfold pushes. destruct p as [|[]], b; simpl; lia.
Qed.

(** What a thread outside does not decide, and what it adds when it is inside. *)
Lemma chosen_update (ts : list directory_phase) t p q (choice : list bool) (b b' : bool) :
  ts !! t = Some p → choice !! t = Some b' →
  chosen (<[t := q]> ts) choice + pushes b p = chosen ts (<[t := b]> choice) + pushes b' q.
Proof.
  revert t choice. induction ts as [|p' ts IH]; intros [|t] [|b0 choice] Ht Hb; simplify_eq/=.
  - lia.
  - specialize (IH _ _ Ht Hb). lia.
Qed.

Lemma widest_enter width (ts : list directory_phase) t c (choice : list bool) (b : bool) :
  ts !! t = Some Outside → choice !! t = Some b →
  widest width (<[t := Inside c]> ts) choice =
    if b then wider c (widest width ts choice) else widest width ts choice.
Proof.
  revert t choice. induction ts as [|p ts IH]; intros [|t] [|b0 choice] Ht Hb; simplify_eq/=; [done|].
  rewrite (IH _ _ Ht Hb). destruct b; [|done]. by rewrite brings_wider.
Qed.

Lemma widest_leave width (ts : list directory_phase) t c (choice : list bool) (b : bool) :
  ts !! t = Some (Inside c) → t < length choice →
  widest width ts (<[t := b]> choice) =
    if b then wider c (widest width (<[t := Outside]> ts) choice)
    else widest width (<[t := Outside]> ts) choice.
Proof.
  revert t choice. induction ts as [|p ts IH]; intros [|t] [|b0 choice] Ht Hb; simplify_eq/=;
    [lia|done|lia|].
  rewrite (IH t choice Ht ltac:(lia)). destruct b; [|done]. by rewrite brings_wider.
Qed.

Lemma inside_count_enter (ts : list directory_phase) t c :
  ts !! t = Some Outside → inside_count (<[t := Inside c]> ts) = S (inside_count ts).
Proof.
  intros Ht. pose proof (sum_list_with_insert inside ts t _ (Inside c) Ht) as Hsum.
  unfold inside_count. simpl in Hsum. lia.
Qed.

Lemma room_after_always c d : room_after true c d = wider c (room d).
Proof. done. Qed.

Lemma directory_step_fits d d' : fits d → directory_step true d d' → fits d'.
Proof.
  intros Hfits Hstep choice Hlen.
  destruct Hstep as [d t c Ht Hc|d t c Ht|d t c Ht Hc]; simpl in *;
    rewrite ?room_after_always; rewrite insert_length in Hlen;
    pose proof (lookup_lt_Some _ _ _ Ht) as Hlt.
  - destruct (lookup_lt_is_Some_2 choice t ltac:(lia)) as [b Hb].
    rewrite (widest_enter _ _ _ _ _ b) by done.
    pose proof (chosen_update (threads d) t _ (Inside c) choice b b Ht Hb) as Hchosen.
    rewrite (list_insert_id choice) in Hchosen by done.
    pose proof (Hfits choice Hlen) as Hold.
    pose proof (chosen_le (<[t:=Inside c]> (threads d)) choice) as Hall.
    rewrite inside_count_enter in Hall by done.
    pose proof (widest_ge (room d) (threads d) choice) as Hwide.
    pose proof (wider_ge c (widest (room d) (threads d) choice)).
    unfold pushes in Hchosen. simpl in Hchosen. rewrite andb_false_r in Hchosen.
    destruct b; simpl in *; [|lia]. destruct c as [|w|]; simpl in *; [lia| |lia].
    destruct Hc as [_ Hw]. pose proof (bit_ceil_le (pushed d + S (inside_count (threads d)))). lia.
  - destruct (lookup_lt_is_Some_2 choice t ltac:(lia)) as [b Hb].
    pose proof (chosen_update (threads d) t _ Outside choice false b Ht Hb) as Hchosen.
    pose proof (Hfits (<[t:=false]> choice) ltac:(by rewrite insert_length)) as Hold.
    rewrite (widest_leave _ _ _ c) in Hold by (done || lia).
    rewrite widest_wider.
    pose proof (wider_ge c (widest (room d) (<[t:=Outside]> (threads d)) choice)).
    unfold pushes in Hchosen. simpl in Hchosen. rewrite andb_false_r in Hchosen. lia.
  - destruct (lookup_lt_is_Some_2 choice t ltac:(lia)) as [b Hb].
    pose proof (chosen_update (threads d) t _ Outside choice true b Ht Hb) as Hchosen.
    pose proof (Hfits (<[t:=true]> choice) ltac:(by rewrite insert_length)) as Hold.
    rewrite (widest_leave _ _ _ c) in Hold by (done || lia).
    rewrite widest_wider.
    unfold pushes in Hchosen. simpl in Hchosen. rewrite andb_false_r in Hchosen.
    assert (can_push (Inside c) = true) as Hcan by (by destruct c).
    simpl in Hcan. rewrite Hcan in Hchosen. lia.
Qed.

Lemma initial_fits d : initial_directory d → fits d.
Proof.
  intros [Hroom Hout] choice _. pose proof (widest_ge (room d) (threads d) choice).
  assert (inside_count (threads d) = 0) as Hnone.
  { unfold inside_count. clear -Hout. induction (threads d) as [|p ts IH]; simpl; [done|].
    rewrite (Hout 0 p eq_refl), IH; [done|]. intros t q Ht. by apply (Hout (S t)). }
  pose proof (chosen_le (threads d) choice). lia.
Qed.

(** A thread that pushes finds room, after it has put its own directory in place;
    and the segments always fit. *)
Theorem directory_never_full d0 d :
  initial_directory d0 → rtc (directory_step true) d0 d →
  pushed d ≤ room d ∧
  ∀ t c, threads d !! t = Some (Inside c) → c ≠ Refused → S (pushed d) ≤ room_after true c d.
Proof.
  intros Hinit Hrtc. assert (fits d) as Hfits.
  { apply initial_fits in Hinit. clear -Hinit Hrtc.
    induction Hrtc as [|d1 d2 d3 Hstep _ IH]; [done|]. by eapply IH, directory_step_fits. }
  assert (∀ ts, chosen ts (replicate (length ts) false) = 0 ∧
    ∀ w, widest w ts (replicate (length ts) false) = w) as Hnobody.
  { induction ts as [|p ts [IHc IHw]]; simpl; [done|]. split; [done|].
    intros w. rewrite IHw. by destruct p. }
  split.
  - pose proof (Hfits (replicate (length (threads d)) false) ltac:(apply replicate_length)) as H.
    destruct (Hnobody (threads d)) as [Hc Hw]. rewrite Hw in H. lia.
  - intros t c Ht Hc. rewrite room_after_always.
    pose proof (lookup_lt_Some _ _ _ Ht) as Hlt.
    set (none := replicate (length (threads d)) false).
    assert (length none = length (threads d)) as Hnone by apply replicate_length.
    assert (none !! t = Some false) as Hb by (by apply lookup_replicate_2).
    pose proof (chosen_update (threads d) t _ Outside none true false Ht Hb) as Hchosen.
    pose proof (Hfits (<[t:=true]> none) ltac:(by rewrite insert_length)) as Hold.
    rewrite (widest_leave _ _ _ c) in Hold by (done || lia).
    destruct (Hnobody (<[t:=Outside]> (threads d))) as [_ Hw]. rewrite insert_length in Hw.
    fold none in Hw. rewrite Hw in Hold.
    assert (can_push (Inside c) = true) as Hcan by (by destruct c).
    unfold pushes in Hchosen. rewrite Hcan in Hchosen. simpl in Hchosen. lia.
Qed.

(** If a wider directory is left out while the one in place has room, the next
    thread can find none: the first grower saw room and brings nothing, the second
    brings a wider directory, pushes first and leaves it out. *)
Theorem directory_needs_every_width :
  ∃ d0 d t, initial_directory d0 ∧ rtc (directory_step false) d0 d ∧
    threads d !! t = Some (Inside Nothing) ∧ room_after false Nothing d < S (pushed d).
Proof.
  exists (Directory 1 2 [Outside; Outside]), (Directory 2 2 [Inside Nothing; Outside]), 0.
  split_and!; [split; [simpl; lia|]| |done|simpl; vm_compute; lia].
  { intros [|[|t]] p Ht; simpl in Ht; simplify_eq; done. }
  eapply rtc_l; [apply (enter false _ 0 Nothing); [done|simpl; unfold inside_count; simpl; lia]|].
  eapply rtc_l; [apply (enter false _ 1 (Carries 4));
    [done|simpl; unfold inside_count; simpl; split; [lia|by vm_compute]]|].
  eapply rtc_l; [by apply (push false _ 1 (Carries 4))|]. apply rtc_refl.
Qed.

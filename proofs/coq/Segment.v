(** One segment of the slab: a fixed number of slots, an in-band LIFO freelist,
    and a carve index below which every slot has been handed out at least once.

    [address], [freelist] and [carved] are what the C++ segment header stores.
    [owners] is ghost state: which thread holds each slot.  No operation that
    the C++ code performs reads it; the proofs do. *)
From stdpp Require Import prelude list list_numbers.

(** A thread is named by its place in the list of phases (System.v). *)
Notation thread := nat (only parsing).

Record segment := Segment {
  address : nat;
  freelist : list nat;
  carved : nat;
  owners : list (option thread)
}.

(** ** Sums over lists *)
Lemma sum_list_with_insert {A} (f : A → nat) l i x y :
  l !! i = Some x →
  sum_list_with f (<[i := y]> l) + f x = sum_list_with f l + f y.
Proof.
  revert i. induction l as [|z l IH]; intros [|i] Hi; simplify_eq/=; [lia|].
  specialize (IH _ Hi). lia.
Qed.

Lemma sum_list_with_replicate {A} (f : A → nat) n x :
  sum_list_with f (replicate n x) = n * f x.
Proof. induction n as [|n IH]; simpl; [done|]. rewrite IH. lia. Qed.

Lemma sum_list_with_0 {A} (f : A → nat) l i x :
  sum_list_with f l = 0 → l !! i = Some x → f x = 0.
Proof.
  intros Hsum Hi. pose proof (sum_list_with_insert f l i x x Hi) as H.
  revert i Hi H. induction l as [|z l IH]; intros [|i] Hi H; simplify_eq/=; [lia|].
  eapply IH; [lia|done|]. pose proof (sum_list_with_insert f l i x x Hi). lia.
Qed.

Lemma sum_list_with_pos {A} (f : A → nat) l :
  0 < sum_list_with f l → ∃ i x, l !! i = Some x ∧ 0 < f x.
Proof.
  induction l as [|z l IH]; simpl; [lia|]. intros Hpos.
  destruct (decide (0 < f z)) as [Hz|Hz]; [by exists 0, z|].
  destruct IH as (i & x & Hi & Hx); [lia|]. by exists (S i), x.
Qed.

Lemma sum_list_with_le {A} (f g : A → nat) l :
  (∀ i x, l !! i = Some x → f x ≤ g x) → sum_list_with f l ≤ sum_list_with g l.
Proof.
  induction l as [|z l IH]; simpl; intros H; [done|].
  pose proof (H 0 z eq_refl). assert (sum_list_with f l ≤ sum_list_with g l); [|lia].
  apply IH. intros i x Hi. by apply (H (S i)).
Qed.

Section segment.
  Context (cap : nat).

  Definition slot_owner (s : segment) (j : nat) : option thread := mjoin (owners s !! j).
  Definition occupancy (o : option thread) : nat := match o with Some _ => 1 | None => 0 end.
  Definition used (s : segment) : nat := sum_list_with occupancy (owners s).
  Definition free_slots (s : segment) : nat := length (freelist s).
  Definition uncarved (s : segment) : nat := cap - carved s.

  (** Pop the freelist head; when the freelist is empty, carve the next slot. *)
  Definition take_slot (t : thread) (s : segment) : option (nat * segment) :=
    match freelist s with
    | j :: rest => Some (j, Segment (address s) rest (carved s) (<[j := Some t]> (owners s)))
    | [] =>
        if Coq.Init.Nat.ltb (carved s) cap
        then Some (carved s, Segment (address s) [] (S (carved s))
                                     (<[carved s := Some t]> (owners s)))
        else None
    end.

  Definition full (s : segment) : Prop := freelist s = [] ∧ cap ≤ carved s.
  Definition put_slot (j : nat) (s : segment) : segment :=
    Segment (address s) (j :: freelist s) (carved s) (<[j := None]> (owners s)).
  Definition give_slot (t : thread) (j : nat) (s : segment) : segment :=
    Segment (address s) (freelist s) (carved s) (<[j := Some t]> (owners s)).
  (** A segment as the backing delivers it, and as a trim leaves it. *)
  Definition empty_segment (a : nat) : segment := Segment a [] 0 (replicate cap None).
  (** What a trim does to a wholly free segment before it lets the lock go: every
      slot is the trimmer's, so nobody can be served from it. *)
  Definition claim_segment (t : thread) (s : segment) : segment :=
    Segment (address s) [] cap (replicate cap (Some t)).

  (** The invariant of a segment.  [segment_conserved] is conservation (S4). *)
  Record segment_ok (s : segment) : Prop := {
    segment_nodup : NoDup (freelist s);
    segment_free_unowned : ∀ j, j ∈ freelist s → slot_owner s j = None;
    segment_carved_prefix : ∀ j, j < carved s ↔ j ∈ freelist s ∨ is_Some (slot_owner s j);
    segment_carved_le : carved s ≤ cap;
    segment_conserved : free_slots s + used s = carved s;
    segment_slots : length (owners s) = cap
  }.

  Global Instance full_dec s : Decision (full s).
  Proof. unfold full. apply _. Defined.

  Lemma take_slot_full t s : take_slot t s = None ↔ full s.
  Proof.
    unfold take_slot, full. destruct (freelist s); [|naive_solver].
    destruct (Nat.ltb_spec (carved s) cap); naive_solver lia.
  Qed.

  Lemma take_slot_room t s : ¬ full s → ∃ j s', take_slot t s = Some (j, s').
  Proof.
    intros Hroom. destruct (take_slot t s) as [[j s']|] eqn:Htake; [by eauto|].
    by apply take_slot_full in Htake.
  Qed.

  Lemma used_le s : segment_ok s → used s ≤ cap.
  Proof. intros []. unfold free_slots in *. lia. Qed.

  Lemma full_used s : segment_ok s → full s → used s = cap.
  Proof. intros [] [Hfree ?]. unfold free_slots in *. rewrite Hfree in *. simpl in *. lia. Qed.

  Lemma used_full s : segment_ok s → used s = cap → full s.
  Proof.
    intros [] Hused. unfold free_slots in *. split; [|lia]. apply nil_length_inv. lia.
  Qed.

  Lemma used_le_carved s : segment_ok s → used s ≤ carved s.
  Proof. intros []. lia. Qed.

  Lemma slot_owner_lt s j : segment_ok s → is_Some (slot_owner s j) → j < carved s.
  Proof. intros [] Hsome. naive_solver. Qed.

  Lemma slot_owner_lookup s j t : slot_owner s j = Some t → owners s !! j = Some (Some t).
  Proof. unfold slot_owner. destruct (owners s !! j) as [[]|]; naive_solver. Qed.

  Lemma slot_unowned_lookup s j :
    segment_ok s → j < cap → slot_owner s j = None → owners s !! j = Some None.
  Proof.
    intros [] Hj. unfold slot_owner.
    destruct (lookup_lt_is_Some_2 (owners s) j) as [o Ho]; [lia|].
    rewrite Ho. destruct o; naive_solver.
  Qed.

  Lemma slot_owner_insert a f c s j k o :
    j < length (owners s) →
    slot_owner (Segment a f c (<[j := o]> (owners s))) k =
      if decide (k = j) then o else slot_owner s k.
  Proof.
    intros Hj. unfold slot_owner; simpl. case_decide as Hk.
    - subst k. by rewrite list_lookup_insert.
    - by rewrite list_lookup_insert_ne.
  Qed.

  (** The slot handed out was nobody's; now it is [t]'s; nothing else moves. *)
  Lemma take_slot_ok t s j s' :
    segment_ok s → take_slot t s = Some (j, s') →
    segment_ok s' ∧ j < cap ∧ slot_owner s j = None ∧
    (∀ k, slot_owner s' k = if decide (k = j) then Some t else slot_owner s k) ∧
    address s' = address s ∧ used s' = S (used s) ∧
    carved s ≤ carved s' ≤ S (carved s).
  Proof.
    intros Hok Htake. pose proof Hok as [Hnd Hfree Hpre Hle Hcons Hlen].
    assert (j < cap ∧ slot_owner s j = None) as [Hj Hnone].
    { unfold take_slot in Htake. destruct (freelist s) as [|k rest] eqn:Hfl.
      - destruct (Nat.ltb_spec (carved s) cap) as [Hlt|]; simplify_eq/=. split; [done|].
        apply eq_None_not_Some. intros Hsome.
        apply (slot_owner_lt s) in Hsome; [lia|done].
      - simplify_eq/=. split; [|apply Hfree; set_solver].
        assert (j < carved s); [apply Hpre; left; set_solver|lia]. }
    assert (owners s !! j = Some None) as Hat by (by apply slot_unowned_lookup).
    pose proof (sum_list_with_insert occupancy (owners s) j None (Some t) Hat) as Hsum.
    simpl in Hsum. unfold take_slot in Htake.
    destruct (freelist s) as [|k rest] eqn:Hfl.
    - destruct (Nat.ltb_spec (carved s) cap) as [Hlt|]; simplify_eq/=.
      assert (∀ k, slot_owner (Segment (address s) [] (S (carved s))
                (<[carved s:=Some t]> (owners s))) k =
                if decide (k = carved s) then Some t else slot_owner s k) as Hown.
      { intros k. apply slot_owner_insert. lia. }
      unfold used, free_slots in *; simpl in *. rewrite Hfl in *; simpl in *.
      split_and!; try done; try lia. constructor; simpl.
      + constructor.
      + set_solver.
      + intros k. rewrite Hown. specialize (Hpre k). case_decide; subst.
        * split; [eauto|lia].
        * rewrite <-Hpre. lia.
      + lia.
      + unfold used, free_slots; simpl. lia.
      + by rewrite insert_length.
    - simplify_eq/=.
      assert (∀ k, slot_owner (Segment (address s) rest (carved s)
                (<[j:=Some t]> (owners s))) k =
                if decide (k = j) then Some t else slot_owner s k) as Hown.
      { intros k. apply slot_owner_insert. lia. }
      unfold used, free_slots in *; simpl in *. rewrite Hfl in *; simpl in *.
      apply NoDup_cons in Hnd as [Hnin Hnd].
      split_and!; try done; try lia. constructor; simpl.
      + done.
      + intros k Hk. rewrite Hown. rewrite decide_False by set_solver. apply Hfree. set_solver.
      + intros k. rewrite Hown, Hpre, elem_of_cons. case_decide; naive_solver.
      + done.
      + unfold used, free_slots; simpl. lia.
      + by rewrite insert_length.
  Qed.

  Lemma put_slot_ok t s j :
    segment_ok s → slot_owner s j = Some t →
    segment_ok (put_slot j s) ∧ S (used (put_slot j s)) = used s ∧
    (∀ k, slot_owner (put_slot j s) k = if decide (k = j) then None else slot_owner s k).
  Proof.
    intros Hok Hown. pose proof Hok as [Hnd Hfree Hpre Hle Hcons Hlen].
    assert (j < carved s) as Hj by (apply slot_owner_lt; eauto).
    assert (∀ k, slot_owner (put_slot j s) k =
      if decide (k = j) then None else slot_owner s k) as Hput.
    { intros k. apply slot_owner_insert. lia. }
    pose proof (sum_list_with_insert occupancy (owners s) j _ None
      (slot_owner_lookup _ _ _ Hown)) as Hsum.
    unfold used, free_slots in *; simpl in *.
    split_and!; [|lia|done]. constructor; simpl.
    - constructor; [|done]. intros Hin. apply Hfree in Hin. naive_solver.
    - intros k Hk. rewrite Hput. case_decide; [done|]. apply Hfree. set_solver.
    - intros k. rewrite Hput, Hpre, elem_of_cons. case_decide; naive_solver.
    - done.
    - unfold used, free_slots; simpl. lia.
    - by rewrite insert_length.
  Qed.

  Lemma give_slot_ok t u s j :
    segment_ok s → slot_owner s j = Some t →
    segment_ok (give_slot u j s) ∧ used (give_slot u j s) = used s ∧
    (∀ k, slot_owner (give_slot u j s) k = if decide (k = j) then Some u else slot_owner s k).
  Proof.
    intros Hok Hown. pose proof Hok as [Hnd Hfree Hpre Hle Hcons Hlen].
    assert (j < carved s) as Hj by (apply slot_owner_lt; eauto).
    assert (∀ k, slot_owner (give_slot u j s) k =
      if decide (k = j) then Some u else slot_owner s k) as Hgive.
    { intros k. apply slot_owner_insert. lia. }
    pose proof (sum_list_with_insert occupancy (owners s) j _ (Some u)
      (slot_owner_lookup _ _ _ Hown)) as Hsum.
    unfold used, free_slots in *; simpl in *.
    split_and!; [|lia|done]. constructor; simpl.
    - done.
    - intros k Hk. rewrite Hgive. case_decide; [|by apply Hfree]. subst.
      apply Hfree in Hk. naive_solver.
    - intros k. rewrite Hgive, Hpre. case_decide; naive_solver.
    - done.
    - unfold used, free_slots; simpl. lia.
    - by rewrite insert_length.
  Qed.

  Lemma slot_owner_replicate a f c o j :
    slot_owner (Segment a f c (replicate cap o)) j = if decide (j < cap) then o else None.
  Proof.
    unfold slot_owner; simpl. case_decide.
    - by rewrite lookup_replicate_2.
    - rewrite lookup_ge_None_2; [done|]. rewrite replicate_length. lia.
  Qed.

  Lemma empty_segment_ok a :
    segment_ok (empty_segment a) ∧ used (empty_segment a) = 0 ∧
    (∀ j, slot_owner (empty_segment a) j = None).
  Proof.
    assert (∀ j, slot_owner (empty_segment a) j = None) as Hown.
    { intros j. unfold empty_segment. rewrite slot_owner_replicate. by case_decide. }
    assert (used (empty_segment a) = 0) as Hused.
    { unfold used; simpl. rewrite sum_list_with_replicate; simpl. lia. }
    split_and!; [|done..]. constructor; simpl.
    - constructor.
    - set_solver.
    - intros j. rewrite Hown. split; [lia|]. intros [?%elem_of_nil|[]]; done.
    - lia.
    - rewrite Hused. done.
    - by rewrite replicate_length.
  Qed.

  Lemma claim_segment_ok t s :
    segment_ok (claim_segment t s) ∧ used (claim_segment t s) = cap ∧
    (∀ j, slot_owner (claim_segment t s) j = if decide (j < cap) then Some t else None).
  Proof.
    assert (∀ j, slot_owner (claim_segment t s) j =
      if decide (j < cap) then Some t else None) as Hown.
    { intros j. apply slot_owner_replicate. }
    assert (used (claim_segment t s) = cap) as Hused.
    { unfold used; simpl. rewrite sum_list_with_replicate; simpl. lia. }
    split_and!; [|done..]. constructor; simpl.
    - constructor.
    - set_solver.
    - intros j. rewrite Hown, elem_of_nil. case_decide; split; try done.
      + intros _. right. by eexists.
      + by intros [|[]].
    - lia.
    - rewrite Hused. done.
    - by rewrite replicate_length.
  Qed.

  (** A segment in which nobody holds a slot. *)
  Lemma used_0_unowned s j : used s = 0 → slot_owner s j = None.
  Proof.
    intros Hused. unfold slot_owner. destruct (owners s !! j) as [o|] eqn:Ho; [|done].
    pose proof (sum_list_with_0 _ _ _ _ Hused Ho). by destruct o.
  Qed.

  Lemma used_pos_owned s : 0 < used s → ∃ j t, slot_owner s j = Some t.
  Proof.
    intros (j & o & Ho & Hpos)%sum_list_with_pos. destruct o as [t|]; simpl in Hpos; [|lia].
    exists j, t. unfold slot_owner. by rewrite Ho.
  Qed.
End segment.

(** What each step does to segments, owners and counts; and conservation (S4). *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System.

(** ** Owners *)
Lemma block_owner_insert sg i s s' b :
  sg !! i = Some s →
  block_owner (<[i := s']> sg) b =
    if decide (b.1 = i) then slot_owner s' b.2 else block_owner sg b.
Proof.
  intros Hi. unfold block_owner. case_decide as Hb.
  - rewrite Hb, list_lookup_insert by (by eapply lookup_lt_Some). done.
  - by rewrite list_lookup_insert_ne.
Qed.

Lemma block_owner_lookup sg i s j :
  sg !! i = Some s → block_owner sg (i, j) = slot_owner s j.
Proof. intros Hi. unfold block_owner; simpl. by rewrite Hi. Qed.

(** Replacing one slot's owner in one segment replaces one block's owner. *)
Lemma block_owner_update sg i s s' j o b :
  sg !! i = Some s →
  (∀ k, slot_owner s' k = if decide (k = j) then o else slot_owner s k) →
  block_owner (<[i := s']> sg) b = if decide (b = (i, j)) then o else block_owner sg b.
Proof.
  intros Hi Hs'. rewrite (block_owner_insert _ _ s) by done. destruct b as [k l]; simpl.
  case_decide as Hk.
  - subst k. rewrite Hs', (block_owner_lookup sg i s) by done.
    repeat case_decide; naive_solver.
  - rewrite decide_False by naive_solver. done.
Qed.

Lemma block_owner_snoc sg cap a b :
  block_owner (sg ++ [empty_segment cap a]) b = block_owner sg b.
Proof.
  unfold block_owner. destruct b as [i j]; simpl.
  destruct (decide (i < length sg)) as [Hi|Hi].
  - by rewrite lookup_app_l.
  - rewrite (lookup_ge_None_2 sg i) by lia. simpl.
    destruct (decide (i = length sg)) as [->|Hne].
    + rewrite list_lookup_middle by done. simpl.
      by apply (empty_segment_ok cap a).
    + by rewrite lookup_ge_None_2 by (rewrite app_length; simpl; lia).
Qed.

Lemma address_insert (sg : list segment) i s s' :
  sg !! i = Some s → address s' = address s → address <$> <[i := s']> sg = address <$> sg.
Proof.
  intros Hi Haddr. rewrite list_fmap_insert. apply list_insert_id.
  by rewrite list_lookup_fmap, Hi, Haddr.
Qed.

Lemma sum_used_insert sg i s s' :
  sg !! i = Some s →
  sum_list_with used (<[i := s']> sg) + used s = sum_list_with used sg + used s'.
Proof. apply sum_list_with_insert. Qed.

Lemma elem_of_segment_blocks cap i b : b ∈ segment_blocks cap i ↔ b.1 = i ∧ b.2 < cap.
Proof.
  unfold segment_blocks. rewrite elem_of_list_fmap. destruct b as [k j]; simpl. split.
  - intros (j' & [= -> ->] & ?%elem_of_seq). lia.
  - intros [-> Hj]. exists j. split; [done|]. apply elem_of_seq. lia.
Qed.

Lemma NoDup_segment_blocks cap i : NoDup (segment_blocks cap i).
Proof. apply NoDup_fmap_2_strong; [naive_solver|apply NoDup_seq]. Qed.

Lemma length_segment_blocks cap i : length (segment_blocks cap i) = cap.
Proof. unfold segment_blocks. by rewrite fmap_length, seq_length. Qed.

Section invariant.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation takes := (takes cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Set Default Proof Using "All".

  Definition segments_ok (sg : list segment) : Prop := Forall (segment_ok cap) sg.
  Definition state_ok (σ : state) : Prop :=
    segments_ok (segments σ) ∧ NoDup (address <$> segments σ).

  Lemma capacity_pos : 0 < cap.
  Proof. apply Hcfg. Qed.

  Lemma segments_ok_lookup sg i s : segments_ok sg → sg !! i = Some s → segment_ok cap s.
  Proof. intros Hok Hi. by eapply Forall_lookup_1. Qed.

  Lemma segments_ok_snoc sg a : segments_ok sg → segments_ok (sg ++ [empty_segment cap a]).
  Proof. intros Hok. apply Forall_app_2; [done|]. apply Forall_singleton, empty_segment_ok. Qed.

  (** The whole effect of taking some blocks. *)
  Record taking (looks : nat → Prop) (t : thread) (sg : list segment) (got : list block)
      (sg' : list segment) : Prop := {
    taking_ok : segments_ok sg';
    taking_address : address <$> sg' = address <$> sg;
    taking_used : sum_list_with used sg' = sum_list_with used sg + length got;
    taking_nodup : NoDup got;
    taking_got : ∀ b, b ∈ got →
      looks b.1 ∧ b.2 < cap ∧ block_owner sg b = None ∧ block_owner sg' b = Some t;
    taking_others : ∀ b, b ∉ got → block_owner sg' b = block_owner sg b;
    taking_frame : ∀ i, ¬ looks i → sg' !! i = sg !! i
  }.

  Lemma taking_length looks t sg got sg' : taking looks t sg got sg' → length sg' = length sg.
  Proof. intros [_ Haddr _ _ _ _ _]. by rewrite <-(fmap_length address), Haddr, fmap_length. Qed.

  Lemma takes_taking looks t sg got sg' :
    segments_ok sg → takes looks t sg got sg' → taking looks t sg got sg'.
  Proof.
    intros Hok Htakes.
    induction Htakes as [sg|sg i s j s' got sg' Hlooks Hlow Hi Htake Htakes IH].
    { constructor; try done; [constructor|set_solver]. }
    destruct (take_slot_ok cap t s j s') as (Hs' & Hj & Hnone & Hown & Haddr & Hused & _);
      [by eapply segments_ok_lookup|done|].
    destruct IH as [Hok' Haddr' Hused' Hnd Hgot Hothers Hframe]; [by apply Forall_insert|].
    assert (∀ b, block_owner (<[i:=s']> sg) b =
      if decide (b = (i, j)) then Some t else block_owner sg b) as Hupd.
    { intros b. by eapply block_owner_update. }
    assert ((i, j) ∉ got) as Hnin.
    { intros Hin. destruct (Hgot _ Hin) as (_ & _ & Hn & _). rewrite Hupd in Hn.
      by rewrite decide_True in Hn. }
    constructor.
    - done.
    - by rewrite Haddr', (address_insert sg i s).
    - rewrite Hused'. pose proof (sum_used_insert sg i s s' Hi). simpl. lia.
    - by constructor.
    - intros b [->|Hin]%elem_of_cons.
      + split_and!; [done|done| |].
        * by rewrite (block_owner_lookup sg i s).
        * rewrite Hothers by done. rewrite Hupd. by rewrite decide_True.
      + destruct (Hgot _ Hin) as (? & ? & Hn & ?). split_and!; [done..| |done].
        rewrite Hupd in Hn. by rewrite decide_False in Hn by (by intros ->).
    - intros b [Hne Hnot]%not_elem_of_cons. rewrite Hothers, Hupd by done.
      by rewrite decide_False.
    - intros k Hk. rewrite Hframe by done. rewrite list_lookup_insert_ne; [done|by intros ->].
  Qed.

  (** The whole effect of giving some blocks back. *)
  Record putting (t : thread) (sg : list segment) (blocks : list block)
      (sg' : list segment) : Prop := {
    putting_ok : segments_ok sg';
    putting_address : address <$> sg' = address <$> sg;
    putting_used : sum_list_with used sg' + length blocks = sum_list_with used sg;
    putting_nodup : NoDup blocks;
    putting_blocks : ∀ b, b ∈ blocks → block_owner sg b = Some t ∧ block_owner sg' b = None;
    putting_others : ∀ b, b ∉ blocks → block_owner sg' b = block_owner sg b;
    putting_carved : carved <$> sg' = carved <$> sg
  }.

  Lemma puts_putting t sg blocks sg' :
    segments_ok sg → puts t sg blocks sg' → putting t sg blocks sg'.
  Proof.
    intros Hok Hputs. induction Hputs as [sg|sg i s j blocks sg' Hi Hown Hputs IH].
    { constructor; try done; [constructor|set_solver]. }
    destruct (put_slot_ok cap t s j) as (Hs' & Hused & Hslot);
      [by eapply segments_ok_lookup|done|].
    destruct IH as [Hok' Haddr' Hused' Hnd Hput Hothers Hcarved]; [by apply Forall_insert|].
    assert (∀ b, block_owner (<[i:=put_slot j s]> sg) b =
      if decide (b = (i, j)) then None else block_owner sg b) as Hupd.
    { intros b. by eapply block_owner_update. }
    assert ((i, j) ∉ blocks) as Hnin.
    { intros Hin. destruct (Hput _ Hin) as [Hn _]. rewrite Hupd in Hn.
      by rewrite decide_True in Hn. }
    constructor.
    - done.
    - by rewrite Haddr', (address_insert sg i s).
    - pose proof (sum_used_insert sg i s (put_slot j s) Hi). simpl. lia.
    - by constructor.
    - intros b [->|Hin]%elem_of_cons.
      + split; [by rewrite (block_owner_lookup sg i s)|].
        rewrite Hothers by done. rewrite Hupd. by rewrite decide_True.
      + destruct (Hput _ Hin) as [Hn ?]. split; [|done].
        rewrite Hupd in Hn. by rewrite decide_False in Hn by (by intros ->).
    - intros b [Hne Hnot]%not_elem_of_cons. rewrite Hothers, Hupd by done.
      by rewrite decide_False.
    - rewrite Hcarved, list_fmap_insert. apply list_insert_id. by rewrite list_lookup_fmap, Hi.
  Qed.

  (** What a step does to the numbers and to every block, in one place. *)
  Record effect (σ : state) (a : action) (σ' : state) : Prop := {
    effect_ok : state_ok σ';
    effect_live : live σ' + length (freed cap a) = live σ + length (taken cap a);
    effect_taken : ∀ b, b ∈ taken cap a → owner σ b = None ∧ owner σ' b = Some (actor a);
    effect_taken_nodup : NoDup (taken cap a);
    effect_freed : ∀ b, b ∈ freed cap a → owner σ b = Some (actor a) ∧ owner σ' b = None;
    effect_others : ∀ b, b ∉ taken cap a → b ∉ freed cap a →
      owner σ' b = owner σ b ∨
      (∃ u, a = Give (actor a) u b ∧ owner σ b = Some (actor a) ∧ owner σ' b = Some u);
    effect_address : address <$> segments σ `prefix_of` address <$> segments σ';
    effect_length : length (segments σ') =
      length (segments σ) + match a with Install _ _ _ _ _ => 1 | _ => 0 end;
    effect_phases : length (phases σ') = length (phases σ)
  }.

  Lemma taking_effect looks t sg ph got sg' ph' a :
    state_ok (State sg ph) → taking looks t sg got sg' →
    actor a = t → taken cap a = got → freed cap a = [] →
    length ph' = length ph → match a with Install _ _ _ _ _ => False | _ => True end →
    effect (State sg ph) a (State sg' ph').
  Proof.
    intros [Hok Hnd] Htaking Hactor Htaken Hfreed Hph Ha.
    pose proof (taking_length _ _ _ _ _ Htaking) as Hlen.
    destruct Htaking as [Hok' Haddr Hused Hndgot Hgot Hothers _].
    constructor; unfold owner, live; simpl in *; rewrite ?Htaken, ?Hfreed, ?Hactor.
    - split; [done|]; simpl. by rewrite Haddr.
    - simpl. lia.
    - intros b Hb. by destruct (Hgot b Hb) as (_ & _ & ? & ?).
    - done.
    - intros b Hb. by apply elem_of_nil in Hb.
    - intros b Hb _. left. by apply Hothers.
    - by rewrite Haddr.
    - rewrite Hlen. destruct a; simpl in *; try done; lia.
    - done.
  Qed.

  Lemma step_effect σ a σ' : state_ok σ → step σ a σ' → effect σ a σ'.
  Proof.
    intros Hok Hstep. pose proof Hok as [Hsg Hnd].
    destruct Hstep as [sg ph t n got sg' Ht Hn Htakes Hle Hfull p
      |sg ph t len rem obt got sg' Ht Htakes Hlen
      |sg ph t len rem obt got sg1 a fresh sg2 Ht Htakes Hlt Hfull Ha Htakes2 Hfresh p
      |sg ph t len rem obt got sg' Ht Htakes Hle Hfull
      |sg ph t p blocks sg' Ht Hmay Hputs
      |sg ph t i s Ht Hi Hfree
      |sg ph t i s Ht Hi Hall
      |sg ph t p u q i s j Ht Hp Hu Hi Hown]; simpl in *.
    - eapply taking_effect; [done|by apply takes_taking|done..|by rewrite insert_length|done].
    - eapply taking_effect; [done|by apply takes_taking|done..|by rewrite insert_length|done].
    - apply takes_taking in Htakes; [|done].
      pose proof (taking_length _ _ _ _ _ Htakes) as Hlen1.
      destruct Htakes as [Hok1 Haddr1 Hused1 Hnd1 Hgot1 Hothers1 _].
      apply takes_taking in Htakes2; [|by apply segments_ok_snoc].
      pose proof (taking_length _ _ _ _ _ Htakes2) as Hlen2.
      destruct Htakes2 as [Hok2 Haddr2 Hused2 Hnd2 Hgot2 Hothers2 _].
      assert (∀ b, b ∈ fresh → b.1 = length sg1) as Hnew.
      { intros b Hb. by destruct (Hgot2 b Hb) as (<- & _). }
      assert (∀ b, b ∈ fresh → block_owner sg b = None) as Hnone.
      { intros b Hb. unfold block_owner. by rewrite lookup_ge_None_2 by (rewrite Hnew; [lia|done]). }
      assert (∀ b, b ∈ got → b ∉ fresh) as Hdisj.
      { intros b Hb Hb'. destruct (Hgot1 b Hb) as (_ & _ & _ & Hsome).
        unfold block_owner in Hsome. rewrite lookup_ge_None_2 in Hsome; [done|].
        rewrite Hnew; done. }
      constructor; unfold owner, live; simpl.
      + split; [done|]; simpl. rewrite Haddr2, fmap_app, Haddr1. simpl.
        apply NoDup_app. split_and!; [done| |apply NoDup_singleton].
        intros x Hx ->%elem_of_list_singleton. by rewrite Haddr1 in Ha.
      + rewrite Hused2, sum_list_with_app, app_length. simpl.
        destruct (empty_segment_ok cap a) as (_ & -> & _). lia.
      + intros b [Hb|Hb]%elem_of_app.
        * destruct (Hgot1 b Hb) as (_ & _ & ? & ?). split; [done|].
          rewrite Hothers2 by (by apply Hdisj). by rewrite block_owner_snoc.
        * split; [by apply Hnone|]. by destruct (Hgot2 b Hb) as (_ & _ & _ & ?).
      + apply NoDup_app. split_and!; done.
      + intros b Hb. by apply elem_of_nil in Hb.
      + intros b [Hb1 Hb2]%not_elem_of_app _. left.
        by rewrite Hothers2, block_owner_snoc, Hothers1.
      + rewrite Haddr2, fmap_app, Haddr1. by apply prefix_app_r.
      + rewrite Hlen2, app_length. simpl. lia.
      + by rewrite insert_length.
    - eapply taking_effect; [done|by apply takes_taking|done..|by rewrite insert_length|done].
    - apply puts_putting in Hputs; [|done].
      destruct Hputs as [Hok' Haddr Hused Hndb Hblocks Hothers _].
      constructor; unfold owner, live; simpl; try done.
      + split; [done|]; simpl. by rewrite Haddr.
      + lia.
      + intros b Hb. by apply elem_of_nil in Hb.
      + constructor.
      + intros b _ Hb. left. by apply Hothers.
      + by rewrite Haddr.
      + rewrite <-(fmap_length address), Haddr, fmap_length. lia.
    - assert (segment_ok cap s) as Hs by (by eapply segments_ok_lookup).
      assert (used s = 0) as Hused0 by (destruct Hs; lia).
      destruct (claim_segment_ok cap t s) as (Hc & Hcused & Hcown).
      assert (∀ b, block_owner (<[i:=claim_segment cap t s]> sg) b =
        if decide (b ∈ segment_blocks cap i) then Some t else block_owner sg b) as Hupd.
      { intros b. rewrite (block_owner_insert _ _ s) by done. rewrite Hcown.
        destruct b as [k j]. pose proof (elem_of_segment_blocks cap i (k, j)) as Hel.
        simpl in *. case_decide as Hk.
        - subst k. rewrite (block_owner_lookup _ _ s), used_0_unowned by done.
          repeat case_decide; naive_solver.
        - rewrite decide_False; [done|]. naive_solver. }
      constructor; unfold owner, live; simpl; try done.
      + split; simpl; [by apply Forall_insert|]. by rewrite (address_insert _ _ s).
      + pose proof (sum_used_insert sg i s (claim_segment cap t s) Hi).
        rewrite length_segment_blocks. lia.
      + intros b Hb. rewrite Hupd, decide_True by done. split; [|done].
        apply elem_of_segment_blocks in Hb as [Hb1 Hb2]. destruct b as [k j]; simpl in *; subst.
        by rewrite (block_owner_lookup _ _ s), used_0_unowned.
      + apply NoDup_segment_blocks.
      + intros b Hb. by apply elem_of_nil in Hb.
      + intros b Hb _. left. by rewrite Hupd, decide_False.
      + by rewrite (address_insert _ _ s).
      + rewrite insert_length. lia.
      + by rewrite insert_length.
    - assert (segment_ok cap s) as Hs by (by eapply segments_ok_lookup).
      destruct (empty_segment_ok cap (address s)) as (He & Heused & Heown).
      assert (owners s = replicate cap (Some t)) as Howners.
      { symmetry. apply replicate_as_Forall. split; [by destruct Hs|].
        exact Hall. }
      assert (used s = cap) as Hused.
      { unfold used. rewrite Howners, sum_list_with_replicate. simpl. lia. }
      assert (∀ j, slot_owner s j = if decide (j < cap) then Some t else None) as Hsown.
      { intros j. rewrite <-(slot_owner_replicate cap (address s) (freelist s) (carved s)).
        rewrite <-Howners. done. }
      assert (∀ b, block_owner (<[i:=empty_segment cap (address s)]> sg) b =
        if decide (b ∈ segment_blocks cap i) then None else block_owner sg b) as Hupd.
      { intros b. rewrite (block_owner_insert _ _ s) by done. rewrite Heown.
        destruct b as [k j]. pose proof (elem_of_segment_blocks cap i (k, j)) as Hel.
        simpl in *. case_decide as Hk.
        - subst k. rewrite (block_owner_lookup _ _ s), Hsown by done.
          repeat case_decide; naive_solver.
        - rewrite decide_False; [done|]. naive_solver. }
      constructor; unfold owner, live; simpl; try done.
      + split; simpl; [by apply Forall_insert|]. by rewrite (address_insert _ _ s).
      + pose proof (sum_used_insert sg i s (empty_segment cap (address s)) Hi).
        rewrite length_segment_blocks. lia.
      + intros b Hb. by apply elem_of_nil in Hb.
      + constructor.
      + intros b Hb. rewrite Hupd, decide_True by done. split; [|done].
        apply elem_of_segment_blocks in Hb as [Hb1 Hb2]. destruct b as [k j]; simpl in *; subst.
        rewrite (block_owner_lookup _ _ s), Hsown by done. by rewrite decide_True.
      + intros b _ Hb. left. by rewrite Hupd, decide_False.
      + by rewrite (address_insert _ _ s).
      + rewrite insert_length. lia.
      + by rewrite insert_length.
    - destruct (give_slot_ok cap t u s j) as (Hs & Hused & Hslot);
        [by eapply segments_ok_lookup|done|].
      assert (∀ b, block_owner (<[i:=give_slot u j s]> sg) b =
        if decide (b = (i, j)) then Some u else block_owner sg b) as Hupd.
      { intros b. by eapply block_owner_update. }
      constructor; unfold owner, live; simpl; try done.
      + split; simpl; [by apply Forall_insert|]. by rewrite (address_insert _ _ s).
      + pose proof (sum_used_insert sg i s (give_slot u j s) Hi). lia.
      + intros b Hb. by apply elem_of_nil in Hb.
      + constructor.
      + intros b Hb. by apply elem_of_nil in Hb.
      + intros b _ _. rewrite Hupd. case_decide as Hb; [|by left]. subst b. right.
        exists u. by rewrite (block_owner_lookup _ _ s).
      + by rewrite (address_insert _ _ s).
      + rewrite insert_length. lia.
  Qed.

  Lemma initial_state_ok : state_ok (initial_state cfg).
  Proof.
    split; simpl.
    - apply Forall_fmap, Forall_true. intros a. simpl. apply empty_segment_ok.
    - rewrite <-list_fmap_compose. change (address ∘ empty_segment cap) with (λ a : nat, a).
      rewrite list_fmap_id. apply Hcfg.
  Qed.

  Lemma exec_ok tr peak σ : exec tr peak σ → state_ok σ.
  Proof.
    induction 1 as [|tr peak σ a σ' _ IH Hstep]; [apply initial_state_ok|].
    by eapply effect_ok, step_effect.
  Qed.

  Lemma exec_effect tr peak σ a σ' : exec tr peak σ → step σ a σ' → effect σ a σ'.
  Proof. intros Hexec Hstep. apply step_effect; [by eapply exec_ok|done]. Qed.

  (** ** Counting *)
  Lemma live_le σ : state_ok σ → live σ ≤ length (segments σ) * cap.
  Proof.
    intros [Hok _]. unfold live. induction Hok as [|s sg Hs _ IH]; simpl; [lia|].
    pose proof (used_le cap s Hs). lia.
  Qed.

  Lemma sum_used_full sg :
    segments_ok sg → full_where cfg anywhere sg → sum_list_with used sg = length sg * cap.
  Proof.
    induction 1 as [|s sg Hs _ IH]; simpl; intros Hfull; [done|].
    rewrite (full_used cap s), IH; [done| |done|by apply (Hfull 0)].
    intros i s' _ Hi. by apply (Hfull (S i)).
  Qed.

  Lemma full_when_live_max σ i s :
    state_ok σ → live σ = length (segments σ) * cap → segments σ !! i = Some s → full cap s.
  Proof.
    intros [Hok _]. unfold live. intros Hlive Hi. apply used_full.
    { by eapply segments_ok_lookup. }
    revert i Hlive Hi. induction Hok as [|s' sg Hs' Hok IH]; intros i Hlive Hi; [done|].
    pose proof (used_le cap s' Hs'). simpl in Hlive.
    assert (sum_list_with used sg ≤ length sg * cap) as Hle.
    { clear -Hok Hcfg. induction Hok as [|s sg Hs _ IH]; simpl; [lia|].
      pose proof (used_le cap s Hs). lia. }
    destruct i as [|i]; simplify_eq/=; [lia|]. eapply IH; [lia|done].
  Qed.

  Lemma exec_live_peak tr peak σ : exec tr peak σ → live σ ≤ peak.
  Proof.
    destruct 1; [|lia]. unfold live; simpl.
    induction (initial_addresses cfg) as [|a l IH]; simpl; [done|].
    destruct (empty_segment_ok cap a) as (_ & -> & _). done.
  Qed.

  Lemma exec_thread_count tr peak σ : exec tr peak σ → length (phases σ) = thread_count cfg.
  Proof.
    induction 1 as [|tr peak σ a σ' Hexec IH Hstep]; simpl; [apply replicate_length|].
    by rewrite (effect_phases _ _ _ (exec_effect _ _ _ _ _ Hexec Hstep)).
  Qed.

  Lemma exec_initial_le tr peak σ :
    exec tr peak σ → initial_segments cfg ≤ length (segments σ).
  Proof.
    induction 1 as [|tr peak σ a σ' Hexec IH Hstep]; simpl; [by rewrite fmap_length|].
    rewrite (effect_length _ _ _ (exec_effect _ _ _ _ _ Hexec Hstep)). lia.
  Qed.

  (** ** S4: conservation, in each segment and over the slab *)
  Theorem S4_segment_conservation tr peak σ i s :
    exec tr peak σ → segments σ !! i = Some s →
    free_slots s + used s + uncarved cap s = cap.
  Proof.
    intros [Hok _]%exec_ok Hi. destruct (segments_ok_lookup _ _ _ Hok Hi).
    unfold uncarved. lia.
  Qed.

  Theorem S4_conservation tr peak σ :
    exec tr peak σ →
    sum_list_with free_slots (segments σ) + live σ + sum_list_with (uncarved cap) (segments σ)
      = cap * length (segments σ).
  Proof.
    intros [Hok _]%exec_ok. unfold live. induction Hok as [|s sg [] _ IH]; simpl; [lia|].
    unfold uncarved in *. lia.
  Qed.
End invariant.

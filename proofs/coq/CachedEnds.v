(** Nothing stays behind when a cache or a slab ends (C3), and when an allocation
    through a cache may fail (C7). *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth Progress
  Cached Accounts CachedInvariant CachedSlab.

Section ends.
  Context (cfg : cached_config) (Hcfg : cached_config_ok cfg).
  Local Notation cap := (capacity (below cfg)).
  Local Notation step := (step (below cfg)).
  Local Notation run := (run cfg).
  Local Notation turn := (turn cfg).
  Local Notation holds := (holds cfg).
  Local Notation cached_step := (cached_step cfg).
  Local Notation cached_exec := (cached_exec cfg).
  Local Notation owner_of_depot := (depot_thread cfg).
  Local Notation below_ok := (below_ok cfg Hcfg).
  Set Default Proof Using "All".

  (** ** C3 *)

  (** A cache that has ended holds nothing. *)
  Theorem C3_ended_holds_nothing tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → does c = Absent → c = no_cache.
  Proof.
    intros Hexec Hc Hd. apply (cached_exec_ok cfg Hcfg) in Hexec as [_ _ _ _ _ _ Hshapes _ _].
    specialize (Hshapes t c Hc). unfold shape in Hshapes. destruct c as [d l p h].
    simpl in *. subst d. by destruct Hshapes as (-> & -> & ->).
  Qed.

  (** When all caches have ended and the depot is empty, every slot is a caller's or
      the shared slab's. *)
  Theorem C3_everything_is_back tr peak χ :
    cached_exec tr peak χ → (∀ t c, caches χ !! t = Some c → does c = Absent) → depot χ = [] →
    cached χ = 0 ∧
    called χ + trimming cfg χ +
    sum_list_with free_slots (segments (shared χ)) +
    sum_list_with (uncarved cap) (segments (shared χ)) = cap * length (segments (shared χ)).
  Proof.
    intros Hexec Hended Hdepot. assert (cached χ = 0) as Hnone.
    { unfold cached, in_caches, in_depot. rewrite Hdepot. simpl.
      assert (∀ t c, caches χ !! t = Some c → length (cache_blocks c) = 0) as Hempty.
      { intros t c Hc. by rewrite (C3_ended_holds_nothing _ _ _ _ _ Hexec Hc (Hended _ _ Hc)). }
      clear -Hempty. revert Hempty. induction (caches χ) as [|c l IH]; intros Hall; simpl; [done|].
      rewrite (Hall 0 c eq_refl). apply (IH (λ t, Hall (S t))). }
    split; [done|]. pose proof (C1_conservation cfg Hcfg _ _ _ Hexec). lia.
  Qed.

  (** Whatever a cache or the depot holds is a slot of a segment of the slab, so that
      it goes with the segments where the slab ends first. *)
  Theorem C3_cached_lies_in_segments tr peak χ b :
    cached_exec tr peak χ → b ∈ everywhere cfg χ →
    b.1 < length (segments (shared χ)) ∧ b.2 < cap.
  Proof.
    intros Hexec [t Ht]%(S1_cached_one_place cfg Hcfg _ _ _ Hexec).
    apply (cached_exec_ok cfg Hcfg) in Hexec as [[Hok _] _ _ _ _ _ _ _ _].
    unfold owner, block_owner in Ht. destruct (segments (shared χ) !! b.1) as [s|] eqn:Hs; [|done].
    split; [by eapply lookup_lt_Some|]. simpl in Ht.
    pose proof (segments_ok_lookup _ below_ok _ _ _ Hok Hs) as Hsok.
    pose proof (slot_owner_lt cap s b.2 Hsok ltac:(by eexists)). destruct Hsok. lia.
  Qed.

  (** *** A cache can always end, and the depot can be emptied *)
  Definition quiet (t : thread) (tr : list event) : Prop :=
    ∀ e, e ∈ tr → by_thread e = t ∧ handed_out e = [] ∧ given_back e = [].

  Lemma quiet_turn χ t c c' h :
    caches χ !! t = Some c → callers χ !! t = Some h → phases (shared χ) !! t = Some Idle →
    turn t c (depot χ) [] [] [] c' (depot χ) →
    cached_step χ (Event t [] [] [])
      (CachedState (shared χ) (callers χ) (<[t := c']> (caches χ)) (depot χ)).
  Proof.
    intros Hc Hh Hidle Hturn.
    pose proof (cached_turn cfg χ t c h [] [] [] c' (depot χ) h (shared χ)) as Hstep.
    rewrite list_insert_id in Hstep by done. apply Hstep; try done. constructor.
  Qed.

  Lemma free_turn tr peak χ t c c' h b :
    cached_exec tr peak χ → caches χ !! t = Some c → callers χ !! t = Some h →
    phases (shared χ) !! t = Some Idle → b ∈ cache_blocks c →
    turn t c (depot χ) [] [] [Free t [b]] c' (depot χ) →
    ∃ σ', phases σ' = phases (shared χ) ∧
      cached_step χ (Event t [] [] [Free t [b]])
        (CachedState σ' (callers χ) (<[t := c']> (caches χ)) (depot χ)).
  Proof.
    intros Hexec Hc Hh Hidle Hb Hturn.
    apply (cached_exec_ok cfg Hcfg) in Hexec as [_ [_ Hown _] _ Hcaches _ _ _ _ _].
    pose proof (lookup_lt_Some _ _ _ Hc).
    destruct (puts_exist cfg below_ok (segments (shared χ)) t [b]) as [sg' Hputs].
    { apply NoDup_singleton. }
    { intros b' ->%elem_of_list_singleton. apply Hown.
      rewrite (holds_thread cfg Hcfg χ t c h) by (done || lia).
      apply elem_of_app. right. apply elem_of_app. by left. }
    exists (State sg' (phases (shared χ))). split; [done|].
    pose proof (cached_turn cfg χ t c h [] [] [Free t [b]] c' (depot χ) h) as Hstep.
    rewrite list_insert_id in Hstep by done. apply Hstep; try done.
    econstructor; [|constructor]. destruct (shared χ) as [sg ph]; simpl in *.
    eapply step_free; [done|by left|done].
  Qed.

  (** [can_reach tr χ t c d']: thread [t] alone, handing out nothing, can bring its cache
      to [c] and the depot to [d']; nothing else of the caches changes. *)
  Definition can_reach (tr : list event) (χ : cached_state) (t : thread) (c : cache)
      (d' : list (list block)) : Prop :=
    ∃ tr' peak' χ', cached_exec (tr ++ tr') peak' χ' ∧ quiet t tr' ∧
      caches χ' = <[t := c]> (caches χ) ∧ callers χ' = callers χ ∧ depot χ' = d' ∧
      phases (shared χ') = phases (shared χ).

  Lemma can_reach_step tr peak χ t e χ1 c1 c d' :
    cached_exec tr peak χ → cached_step χ e χ1 →
    by_thread e = t → handed_out e = [] → given_back e = [] →
    caches χ1 = <[t := c1]> (caches χ) → callers χ1 = callers χ →
    phases (shared χ1) = phases (shared χ) →
    can_reach (tr ++ [e]) χ1 t c d' → can_reach tr χ t c d'.
  Proof.
    intros Hexec Hstep Hby Hout Hback Hcaches Hcallers Hph
      (tr' & peak' & χ' & Hexec' & Hquiet & Hcaches' & Hcallers' & Hdepot' & Hph').
    exists (e :: tr'), peak', χ'. split_and!; try congruence.
    - by rewrite cons_middle, app_assoc.
    - intros e' [->|He']%elem_of_cons; [done|by apply Hquiet].
    - by rewrite Hcaches', Hcaches, list_insert_insert.
  Qed.

  Lemma can_reach_here tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → ∀ d, depot χ = d → can_reach tr χ t c d.
  Proof.
    intros Hexec Hc d Hd. exists [], peak, χ. rewrite app_nil_r, list_insert_id by done.
    split_and!; try done. intros e He. by apply elem_of_nil in He.
  Qed.

  Lemma caller_of tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → ∃ h, callers χ !! t = Some h.
  Proof.
    intros [_ _ Hcallers Hcaches _ _ _ _ _]%(cached_exec_ok cfg Hcfg) Hc.
    pose proof (lookup_lt_Some _ _ _ Hc). apply lookup_lt_is_Some_2. lia.
  Qed.

  Lemma flushed tr peak χ t l p :
    cached_exec tr peak χ → caches χ !! t = Some (Cache (Flushing true) l p []) →
    phases (shared χ) !! t = Some Idle → ∀ d, depot χ = d → can_reach tr χ t no_cache d.
  Proof.
    destruct Hcfg as (_ & _ & Hbatch).
    revert tr peak χ p. induction l as [|b l IHl].
    - intros tr peak χ p. revert tr peak χ. induction p as [|b p IHp]; intros tr peak χ Hexec Hc Hidle d Hdepot;
        destruct (caller_of _ _ _ _ _ Hexec Hc) as [h Hh]; pose proof (lookup_lt_Some _ _ _ Hc).
      + pose proof (quiet_turn χ t _ _ h Hc Hh Hidle (cache_ends cfg t (depot χ))) as Hstep.
        eapply can_reach_step; [done..|].
        eapply can_reach_here; [by econstructor|by apply list_lookup_insert|done].
      + destruct (free_turn _ _ _ _ _ (Cache (Flushing true) [] p []) h b Hexec Hc Hh Hidle)
          as (σ' & Hph & Hstep); [set_solver| |].
        { apply (flush_previous cfg t true [b] p). simpl. lia. }
        eapply can_reach_step; [done..|].
        eapply IHp; [by econstructor|by apply list_lookup_insert|simpl; by rewrite Hph|done].
    - intros tr peak χ p Hexec Hc Hidle d Hdepot.
      destruct (caller_of _ _ _ _ _ Hexec Hc) as [h Hh]; pose proof (lookup_lt_Some _ _ _ Hc).
      destruct (free_turn _ _ _ _ _ (Cache (Flushing true) l p []) h b Hexec Hc Hh Hidle)
        as (σ' & Hph & Hstep); [set_solver| |].
      { apply (flush_loaded cfg t true [b] l). simpl. lia. }
      eapply can_reach_step; [done..|].
      eapply IHl; [by econstructor|by apply list_lookup_insert|simpl; by rewrite Hph|done].
  Qed.

  (** A cache between two operations can end, by steps of its own thread alone. *)
  Theorem C3_cache_can_end tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → does c = Ready →
    phases (shared χ) !! t = Some Idle → can_reach tr χ t no_cache (depot χ).
  Proof.
    intros Hexec Hc Hd Hidle. destruct (caller_of _ _ _ _ _ Hexec Hc) as [h Hh].
    pose proof (lookup_lt_Some _ _ _ Hc).
    destruct (cached_exec_ok cfg Hcfg _ _ _ Hexec) as [_ _ _ _ _ _ Hshapes _ _].
    specialize (Hshapes t c Hc). unfold shape in Hshapes.
    destruct c as [d l p k]; simpl in *; subst d. destruct Hshapes as (_ & _ & ->).
    pose proof (quiet_turn χ t _ _ h Hc Hh Hidle (flush_begins cfg t true l p (depot χ))) as Hstep.
    eapply can_reach_step; [done..|].
    eapply flushed; [by econstructor|by apply list_lookup_insert|done..].
  Qed.

  Lemma drained tr peak χ t m :
    cached_exec tr peak χ → caches χ !! t = Some (Cache (Draining false) [] [] m) →
    phases (shared χ) !! t = Some Idle → ∀ d, depot χ = d → can_reach tr χ t no_cache d.
  Proof.
    destruct Hcfg as (_ & _ & Hbatch).
    revert tr peak χ. induction m as [|b m IH]; intros tr peak χ Hexec Hc Hidle d Hdepot;
      destruct (caller_of _ _ _ _ _ Hexec Hc) as [h Hh]; pose proof (lookup_lt_Some _ _ _ Hc).
    - pose proof (quiet_turn χ t _ _ h Hc Hh Hidle (drain_ends cfg t false (depot χ))) as Hstep.
      eapply can_reach_step; [done..|].
      eapply can_reach_here; [by econstructor|by apply list_lookup_insert|done].
    - destruct (free_turn _ _ _ _ _ (Cache (Draining false) [] [] m) h b Hexec Hc Hh Hidle)
        as (σ' & Hph & Hstep); [set_solver| |].
      { apply (drain_some cfg t false [b] m). simpl. lia. }
      eapply can_reach_step; [done..|].
      eapply IH; [by econstructor|by apply list_lookup_insert|simpl; by rewrite Hph|done].
  Qed.

  (** A thread without a cache, as one in a trim that has flushed its own, can empty
      the depot. *)
  Theorem C3_depot_can_be_emptied tr peak χ t :
    cached_exec tr peak χ → caches χ !! t = Some no_cache →
    phases (shared χ) !! t = Some Idle → can_reach tr χ t no_cache [].
  Proof.
    remember (depot χ) as d eqn:Hd. revert tr peak χ Hd.
    induction d as [|m d IH]; intros tr peak χ Hd Hexec Hc Hidle.
    { by eapply can_reach_here. }
    destruct (caller_of _ _ _ _ _ Hexec Hc) as [h Hh]. pose proof (lookup_lt_Some _ _ _ Hc) as Hlt.
    destruct (cached_exec_ok cfg Hcfg _ _ _ Hexec) as [_ _ _ Hcaches _ Hdidle _ _ _].
    assert (m ⊆+ holds χ owner_of_depot) as Hm.
    { rewrite (holds_depot cfg Hcfg) by (by eapply (cached_exec_ok cfg Hcfg)).
      rewrite <-Hd. simpl. by apply submseteq_inserts_r. }
    destruct (exchange_can_be_made cfg Hcfg _ _ _ owner_of_depot t m _ _ Hexec Hdidle
      ltac:(simpl; tauto) Hidle ltac:(lia) Hm) as [σ' Hrun].
    pose proof (hand_over_phases cfg below_ok _ _ _ _ _ Hrun) as Hph.
    assert (cached_step χ (Event t [] [] (hand_over owner_of_depot t m))
      (CachedState σ' (callers χ) (<[t := Cache (Draining false) [] [] m]> (caches χ)) d)) as Hstep.
    { pose proof (cached_turn cfg χ t no_cache h [] [] (hand_over owner_of_depot t m)
        (Cache (Draining false) [] [] m) d h σ') as Hstep.
      rewrite list_insert_id in Hstep by done. apply Hstep; try done.
      rewrite <-Hd. apply (drain_takes cfg t false m d). }
    eapply can_reach_step; [done..|].
    pose proof (cached_exec_step cfg _ _ _ _ _ Hexec Hstep) as Hexec1.
    destruct (drained _ _ _ t m Hexec1) with (d := d)
      as (tr2 & peak2 & χ2 & Hexec2 & Hq2 & Hc2 & Hh2 & Hd2 & Hp2);
      [by apply list_lookup_insert|simpl; by rewrite Hph|done|]. simpl in *.
    destruct (IH _ _ χ2 ltac:(done) Hexec2) as (tr3 & peak3 & χ3 & Hexec3 & Hq3 & Hc3 & Hh3 & Hd3 & Hp3).
    { rewrite Hc2. apply list_lookup_insert. by rewrite insert_length. }
    { by rewrite Hp2, Hph. }
    exists (tr2 ++ tr3), peak3, χ3. split_and!; simpl; try congruence.
    - by rewrite app_assoc.
    - intros e [He|He]%elem_of_app; [by apply Hq2|by apply Hq3].
    - by rewrite Hc3, Hc2, !list_insert_insert.
  Qed.

  (** ** C7 *)
  Definition looked_again (c : cache) : Prop :=
    does c = Taking true ∨ does c = Asking true ∨ does c = Awaiting true.

  Lemma turn_looked t c d out back acts c' d' :
    turn t c d out back acts c' d' → looked_again c' →
    does c = Looking ∧ d = [] ∨ looked_again c ∧ out = [] ∧ acts ≠ [Refused t []].
  Proof.
    unfold looked_again. destruct 1; simpl; intros Hlooked; try (by left);
      try (by destruct_or!); try (by destruct open; destruct_or!).
    - right. destruct Hlooked as [?|[?|?]]; simplify_eq. split_and!; [by left|done|done].
    - right. destruct Hlooked as [?|[?|?]]; simplify_eq.
      split_and!; [by right; left|done|done].
  Qed.

  (** [found_empty tr t]: in its present operation [t] has seen the depot empty,
      after the backing had refused. *)
  Definition found_empty (tr : list event) (t : thread) : Prop :=
    ∃ tr1 e1 tr2 peak1 χ1 c1, tr = tr1 ++ e1 :: tr2 ∧ cached_exec tr1 peak1 χ1 ∧
      by_thread e1 = t ∧ caches χ1 !! t = Some c1 ∧ does c1 = Looking ∧ depot χ1 = [] ∧
      ∀ e, e ∈ tr2 → by_thread e = t → handed_out e = [] ∧ steps_below e ≠ [Refused t []].

  Lemma found_empty_snoc tr e t :
    found_empty tr t →
    (by_thread e = t → handed_out e = [] ∧ steps_below e ≠ [Refused t []]) →
    found_empty (tr ++ [e]) t.
  Proof.
    intros (tr1 & e1 & tr2 & peak1 & χ1 & c1 & -> & ? & ? & ? & ? & ? & Hsince) He.
    exists tr1, e1, (tr2 ++ [e]), peak1, χ1, c1. split_and!; try done; [by rewrite <-app_assoc|].
    intros e2 [He2|He2]%elem_of_app Hby; [by apply Hsince|].
    apply elem_of_list_singleton in He2 as ->. by apply He.
  Qed.

  Lemma looked_again_found_empty tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → looked_again c → found_empty tr t.
  Proof.
    intros Hexec. revert t c. induction Hexec as [|tr peak χ e χ' Hexec IH Hstep]; intros t c Hc Hl.
    { apply lookup_replicate in Hc as [-> _]. unfold looked_again in Hl; simpl in Hl.
      by destruct_or!. }
    destruct Hstep as [χ u c0 h out back acts c' d' h' σ' Hc0 Hh Hidle Hturn Hcaller Hrun
      |χ u c0 h a h' σ' Hc0 Hh Hdoes Hactor Hgive Hcaller Hs
      |χ u v b h h' k σ' Hh Hk Hne Hperm Hs]; simpl in *.
    - destruct (decide (t = u)) as [->|Hu].
      + rewrite list_lookup_insert in Hc by (by eapply lookup_lt_Some). simplify_eq.
        destruct (turn_looked _ _ _ _ _ _ _ _ Hturn Hl) as [[Hd Hdepot]|(Hl0 & -> & Hacts)].
        * exists tr, (Event u out back acts), [], peak, χ, c0. split_and!; try done.
          intros e He. by apply elem_of_nil in He.
        * apply found_empty_snoc; [by eapply IH|done].
      + rewrite list_lookup_insert_ne in Hc by done.
        apply found_empty_snoc; [by eapply IH|simpl; congruence].
    - apply found_empty_snoc; [by eapply IH|]. simpl. intros <-.
      assert (c0 = c) as -> by congruence. unfold looked_again in Hl.
      destruct Hdoes as [Hd|Hd]; rewrite Hd in Hl; by destruct_or!.
    - apply found_empty_snoc; [by eapply IH|done].
  Qed.

  (** An allocation through a cache fails only where the backing refused, no slot of
      the slab was free at the look after that, its own cache holds nothing, and the
      depot was empty when it looked, after an earlier refusal in the same operation. *)
  Theorem C7_fails_only_after_both_looks tr peak χ e χ' :
    cached_exec tr peak χ → cached_step χ e χ' → cached_fails χ e →
    (∀ i j, i < length (segments (shared χ)) → j < cap → is_Some (owner (shared χ) (i, j))) ∧
    called χ + cached χ + trimming cfg χ = cap * length (segments (shared χ)) ∧
    (∃ c, caches χ !! by_thread e = Some c ∧ cache_blocks c = []) ∧
    found_empty tr (by_thread e).
  Proof.
    intros Hexec Hstep (Hbelow & c & Hc & Hd).
    destruct (cached_exec_refines cfg Hcfg _ _ _ Hexec) as [Hexec0 Hlive].
    destruct (cached_exec_ok cfg Hcfg _ _ _ Hexec) as [_ _ _ _ _ _ Hshapes _ Hawaits].
    destruct (cached_step_refines cfg Hcfg _ _ _ _ _ Hexec Hstep) as [Hrun _].
    rewrite Hbelow in Hrun. inversion Hrun as [|? ? σ1 ? ? Hs Hrest]; subst.
    destruct (Hawaits _ _ Hc) as [len Hph]; [by eexists|].
    destruct (L3_fails_only_when_all_live _ below_ok _ _ _ _ _ Hexec0 Hs) as [Hall Hcount].
    { by exists (by_thread e), len, 1. }
    split_and!; [done|lia| |].
    - exists c. split; [done|]. specialize (Hshapes _ _ Hc). unfold shape in Hshapes.
      rewrite Hd in Hshapes. unfold cache_blocks. by destruct Hshapes as (-> & -> & ->).
    - eapply looked_again_found_empty; [done..|]. by right; right.
  Qed.

  (** A magazine that is in the depot at that look serves the allocation. *)
  Theorem C7_depot_serves tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → does c = Looking →
    phases (shared χ) !! t = Some Idle → depot χ ≠ [] →
    ∃ b e χ', cached_step χ e χ' ∧ by_thread e = t ∧ handed_out e = [b].
  Proof.
    intros Hexec Hc Hd Hidle Hdepot. destruct (caller_of _ _ _ _ _ Hexec Hc) as [h Hh].
    pose proof (lookup_lt_Some _ _ _ Hc).
    pose proof (cached_exec_ok cfg Hcfg _ _ _ Hexec) as Hok.
    destruct Hok as [_ _ _ Hcaches _ Hdidle Hshapes [Hfull _] _].
    specialize (Hshapes t c Hc). unfold shape in Hshapes.
    destruct c as [d l p k]; simpl in *; subst d. destruct Hshapes as (-> & -> & ->).
    destruct Hcfg as (_ & _ & Hbatch).
    destruct (depot χ) as [|[|b m] d] eqn:Hdep; [done| |]; apply Forall_cons in Hfull as [Hm _];
      simpl in Hm; [lia|].
    assert (b :: m ⊆+ holds χ owner_of_depot) as Hsub.
    { rewrite (holds_depot cfg Hcfg) by (by eapply (cached_exec_ok cfg Hcfg)).
      rewrite Hdep. simpl. apply submseteq_skip. by apply submseteq_inserts_r. }
    destruct (exchange_can_be_made cfg Hcfg _ _ _ owner_of_depot t (b :: m) _ _ Hexec Hdidle
      ltac:(simpl; tauto) Hidle ltac:(lia) Hsub) as [σ' Hrun].
    exists b, (Event t [b] [] (hand_over owner_of_depot t (b :: m))). eexists.
    split; [|done]. eapply (cached_turn _ _ _ _ _ _ _ _ _ _ (b :: h)); [done..| | |done].
    - rewrite Hdep. apply look_finds.
    - rewrite app_nil_r. by rewrite Permutation_app_comm.
  Qed.
End ends.

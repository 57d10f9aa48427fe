(** Caches lose nothing, hold no more than they may, and add no segment that is not
    needed: C1 to C4 and C7, and S1 and S3 for callers of a slab with caches, for any
    number of threads, any capacity and magazines of any size. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth Progress
  Cached Accounts CachedInvariant.

Lemma elem_of_concat {A} (x : A) ls : x ∈ concat ls ↔ ∃ l, x ∈ l ∧ l ∈ ls.
Proof.
  rewrite elem_of_list_In, in_concat. setoid_rewrite elem_of_list_In. naive_solver.
Qed.

Section cached_slab.
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

  (** ** Refinement *)

  (** A step of the caches is, for the slab below, one critical section, or none:
      then at most blocks change their owner in the ghost state. *)
  Theorem cached_step_refines tr peak χ e χ' :
    cached_exec tr peak χ → cached_step χ e χ' →
    run (shared χ) (steps_below e) (shared χ') ∧
    (Forall is_give (steps_below e) ∨ ∃ a, steps_below e = [a]).
  Proof.
    intros Hexec Hstep. eapply (cached_step_ok cfg Hcfg); [|done].
    by eapply (cached_exec_ok cfg Hcfg).
  Qed.

  (** So an execution with caches is one of the slab below, whose live blocks are
      those with callers, in caches, in the depot and with a trim. *)
  Theorem cached_exec_refines tr peak χ :
    cached_exec tr peak χ →
    exec (below cfg) (concat (steps_below <$> tr)) peak (shared χ) ∧
    live (shared χ) = called χ + cached χ + trimming cfg χ.
  Proof.
    intros Hexec. split; [by apply (cached_exec_below cfg Hcfg)|].
    apply (outstanding_live cfg Hcfg). by eapply (cached_exec_ok cfg Hcfg).
  Qed.

  (** The ghost never stands in the way: whatever a thread holds can change its owner. *)
  Theorem exchange_can_be_made tr peak χ t u m p q :
    cached_exec tr peak χ → phases (shared χ) !! t = Some p → ¬ is_trimming p →
    phases (shared χ) !! u = Some q → t ≠ u → m ⊆+ holds χ t →
    ∃ σ', run (shared χ) (hand_over t u m) σ'.
  Proof.
    intros Hexec Hp Hnot Hq Hne Hm.
    apply (cached_exec_ok cfg Hcfg) in Hexec as [Hstate [Hnd Hown _] _ _ _ _ _ _ _].
    eapply (hand_over_exists cfg below_ok); try done.
    - destruct (submseteq_Permutation _ _ Hm) as [k Hk].
      pose proof (Hnd t) as Hndt. rewrite Hk in Hndt. by apply NoDup_app in Hndt as (? & _).
    - intros b Hb. apply Hown. by eapply elem_of_submseteq.
  Qed.

  (** ** S1 *)

  (** A block is in one place at most, and once: with one caller, in one magazine of
      one cache or of the depot, or in one hand; and then it is not free below. *)
  Theorem S1_cached_one_place tr peak χ :
    cached_exec tr peak χ →
    NoDup (everywhere cfg χ) ∧
    ∀ b, b ∈ everywhere cfg χ ↔ is_Some (owner (shared χ) b).
  Proof.
    intros Hexec. pose proof (proj1 (cached_exec_refines _ _ _ Hexec)) as Hbelow.
    apply (cached_exec_ok cfg Hcfg) in Hexec as [_ [Hnd Hown _] _ _ Hphases _ _ _ _].
    unfold everywhere. split.
    - assert (∀ m n, NoDup (concat (holds χ <$> seq m n)) ∧
        ∀ b, b ∈ concat (holds χ <$> seq m n) → ∃ t, m ≤ t ∧ owner (shared χ) b = Some t) as H;
        [|apply H].
      intros m n. revert m. induction n as [|n IH]; intros m; simpl.
      { split; [constructor|]. intros b Hb. by apply elem_of_nil in Hb. }
      destruct (IH (S m)) as [Hrest Howners]. split.
      + apply NoDup_app. split_and!; [done| |done]. intros b Hb Hb'.
        destruct (Howners b Hb') as (t & Ht & Ho). apply Hown in Hb.
        assert (m = t) by congruence. lia.
      + intros b [Hb|Hb]%elem_of_app.
        * exists m. split; [done|by apply Hown].
        * destruct (Howners b Hb) as (t & Ht & Ho). exists t. split; [lia|done].
    - intros b. rewrite elem_of_concat. split.
      + intros (l & Hb & (t & -> & _)%elem_of_list_fmap). exists t. by apply Hown.
      + intros [t Ht]. exists (holds χ t). split; [by apply Hown|].
        apply elem_of_list_fmap. exists t. split; [done|]. apply elem_of_seq.
        pose proof (exec_owner_thread _ below_ok _ _ _ _ _ Hbelow Ht) as Hlt.
        apply lookup_lt_is_Some in Hlt. lia.
  Qed.

  Definition with_a_caller (χ : cached_state) (b : block) : Prop :=
    ∃ t h, callers χ !! t = Some h ∧ b ∈ h.

  Lemma caller_holds χ t h b :
    cached_ok cfg χ → callers χ !! t = Some h → b ∈ h → b ∈ holds χ t.
  Proof.
    intros [_ _ Hcallers Hcaches _ _ _ _ _] Hh Hb. pose proof (lookup_lt_Some _ _ _ Hh).
    destruct (lookup_lt_is_Some_2 (caches χ) t ltac:(lia)) as [c Hc].
    rewrite (holds_thread cfg Hcfg _ _ c h) by (done || lia). set_solver.
  Qed.

  Lemma out_or_back χ e χ' :
    cached_step χ e χ' → handed_out e = [] ∨ given_back e = [].
  Proof.
    destruct 1 as [χ t c h out back acts c' d' h' σ' Hc Hh Hidle Hturn Hcaller Hrun
      |χ t c h a h' σ' Hc Hh Hdoes Hactor Hgive Hcaller Hs|]; simpl; [| |by left].
    - destruct Hturn; auto.
    - destruct a; simpl; auto.
  Qed.

  (** How a step changes what callers have. *)
  Lemma step_callers χ e χ' :
    cached_step χ e χ' →
    (∃ h h', callers χ !! by_thread e = Some h ∧ h' ++ given_back e ≡ₚ h ++ handed_out e ∧
      callers χ' = <[by_thread e := h']> (callers χ)) ∨
    (handed_out e = [] ∧ given_back e = [] ∧ ∃ t u b h h' k,
      callers χ !! t = Some h ∧ callers χ !! u = Some k ∧ t ≠ u ∧ h ≡ₚ b :: h' ∧
      callers χ' = <[u := b :: k]> (<[t := h']> (callers χ))).
  Proof.
    destruct 1 as [| |χ t u b h h' k σ' Hh Hk Hne Hperm Hs]; simpl; [by left; eauto|by left; eauto|].
    right. split_and!; [done..|]. by exists t, u, b, h, h', k.
  Qed.

  (** What a caller gets no caller had. *)
  Theorem S1_cached_taken_was_free tr peak χ e χ' b :
    cached_exec tr peak χ → cached_step χ e χ' → b ∈ handed_out e →
    ¬ with_a_caller χ b ∧ ∃ h, callers χ' !! by_thread e = Some h ∧ b ∈ h.
  Proof.
    intros Hexec Hstep Hb. apply (cached_exec_ok cfg Hcfg) in Hexec as Hok.
    pose proof (cached_step_ok cfg Hcfg _ _ _ Hok Hstep) as (Hok' & _ & _).
    pose proof Hok' as [_ [Hnd' Hown' _] _ _ _ _ _ _ _].
    destruct (out_or_back _ _ _ Hstep) as [Hnone|Hback];
      [rewrite Hnone in Hb; by apply elem_of_nil in Hb|].
    destruct (step_callers _ _ _ Hstep) as [(h & h' & Hh & Hperm & Hcallers)|(Hnone & _)];
      [|rewrite Hnone in Hb; by apply elem_of_nil in Hb].
    rewrite Hback, app_nil_r in Hperm.
    assert (callers χ' !! by_thread e = Some h') as Hh'.
    { rewrite Hcallers. apply list_lookup_insert. by eapply lookup_lt_Some. }
    assert (b ∈ h') as Hin by (rewrite Hperm; apply elem_of_app; by right).
    split; [|by exists h'].
    intros (u & k & Hk & Hbk). destruct (decide (u = by_thread e)) as [->|Hne].
    - assert (k = h) as -> by congruence.
      assert (NoDup h') as Hndh.
      { pose proof (lookup_lt_Some _ _ _ Hh'). destruct Hok' as [_ _ Hc Hcs _ _ _ _ _].
        destruct (lookup_lt_is_Some_2 (caches χ') (by_thread e) ltac:(lia)) as [c Hc'].
        pose proof (Hnd' (by_thread e)) as Hndt.
        rewrite (holds_thread cfg Hcfg _ _ c h') in Hndt by (done || lia).
        by apply NoDup_app in Hndt as (? & _). }
      rewrite Hperm in Hndh. apply NoDup_app in Hndh as (_ & Hdisj & _). by apply (Hdisj b).
    - assert (callers χ' !! u = Some k) as Hk'.
      { by rewrite Hcallers, list_lookup_insert_ne. }
      pose proof (caller_holds _ _ _ _ Hok' Hk' Hbk) as Hu%Hown'.
      pose proof (caller_holds _ _ _ _ Hok' Hh' Hin) as Ht%Hown'. congruence.
  Qed.

  Lemma cached_exec_app tr1 tr2 peak χ :
    cached_exec (tr1 ++ tr2) peak χ → ∃ peak1 χ1, cached_exec tr1 peak1 χ1.
  Proof.
    revert peak χ. induction tr2 as [|e tr2 IH] using rev_ind; intros peak χ Hexec.
    - rewrite app_nil_r in Hexec. eauto.
    - rewrite app_assoc in Hexec. inversion Hexec as [Hnil|tr p χ0 e' χ' He Hs Heq]; subst.
      + by destruct (app_cons_not_nil (tr1 ++ tr2) [] e).
      + apply app_inj_tail in Heq as [-> ->]. eauto.
  Qed.

  Lemma cached_exec_snoc tr e peak χ :
    cached_exec (tr ++ [e]) peak χ → ∃ peak0 χ0, cached_exec tr peak0 χ0 ∧ cached_step χ0 e χ.
  Proof.
    inversion 1 as [Hnil|tr' p χ0 e' χ' He Hs Heq]; subst.
    - by destruct (app_cons_not_nil tr [] e).
    - apply app_inj_tail in Heq as [-> ->]. eauto.
  Qed.

  Lemma with_a_caller_until_given_back tr1 e tr2 peak χ b :
    cached_exec (tr1 ++ e :: tr2) peak χ → b ∈ handed_out e →
    (∀ e', e' ∈ tr2 → b ∉ given_back e') → with_a_caller χ b.
  Proof.
    revert peak χ. induction tr2 as [|e' tr2 IH] using rev_ind; intros peak χ Hexec Hb Hkept.
    - apply cached_exec_snoc in Hexec as (peak0 & χ0 & Hexec & Hstep).
      destruct (S1_cached_taken_was_free _ _ _ _ _ b Hexec Hstep Hb) as [_ (h & ? & ?)].
      by exists (by_thread e), h.
    - rewrite app_comm_cons, app_assoc in Hexec.
      apply cached_exec_snoc in Hexec as (peak0 & χ0 & Hexec & Hstep).
      destruct (IH _ _ Hexec Hb) as (t & k & Hk & Hbk); [intros; apply Hkept; set_solver|].
      assert (b ∉ given_back e') as Hnot by (apply Hkept; set_solver).
      destruct (step_callers _ _ _ Hstep)
        as [(h & h' & Hh & Hperm & Hcallers)|(_ & _ & v & u & c & h & h' & l & Hh & Hl & Hne
          & Hperm & Hcallers)].
      + destruct (decide (t = by_thread e')) as [->|Hne].
        * exists (by_thread e'), h'. split.
          { rewrite Hcallers. apply list_lookup_insert. by eapply lookup_lt_Some. }
          assert (k = h) as -> by congruence.
          assert (b ∈ h' ++ given_back e') as Hin by (rewrite Hperm; set_solver). set_solver.
        * exists t, k. split; [|done]. by rewrite Hcallers, list_lookup_insert_ne.
      + pose proof (lookup_lt_Some _ _ _ Hl). pose proof (lookup_lt_Some _ _ _ Hh).
        assert (callers χ !! u = Some (c :: l) ∧ callers χ !! v = Some h') as [Hu Hv].
        { rewrite Hcallers. split; [apply list_lookup_insert; by rewrite insert_length|].
          by rewrite list_lookup_insert_ne, list_lookup_insert. }
        destruct (decide (t = v)) as [->|Hv'].
        * assert (k = h) as -> by congruence. rewrite Hperm in Hbk.
          apply elem_of_cons in Hbk as [->|Hbk]; [exists u, (c :: l)|exists v, h'];
            (split; [done|set_solver]).
        * destruct (decide (t = u)) as [->|Hu'].
          { exists u, (c :: l). split; [done|]. assert (k = l) as -> by congruence. set_solver. }
          exists t, k. split; [|done]. by rewrite Hcallers, !list_lookup_insert_ne.
  Qed.

  (** Between two hand-outs of a block to callers, through whichever caches, a caller
      gives that block back. *)
  Theorem S1_cached_exclusive_ownership tr1 e1 tr2 e2 tr3 peak χ b :
    cached_exec (tr1 ++ e1 :: tr2 ++ e2 :: tr3) peak χ →
    b ∈ handed_out e1 → b ∈ handed_out e2 →
    ∃ e, e ∈ tr2 ∧ b ∈ given_back e.
  Proof.
    intros Hexec Hb1 Hb2.
    replace (tr1 ++ e1 :: tr2 ++ e2 :: tr3)
      with (((tr1 ++ e1 :: tr2) ++ [e2]) ++ tr3) in Hexec
      by (rewrite <-!app_assoc; simpl; by rewrite <-?app_assoc).
    apply cached_exec_app in Hexec as (peak1 & χ1 & Hexec).
    apply cached_exec_snoc in Hexec as (peak0 & χ0 & Hexec & Hstep).
    destruct (decide (Exists (λ e, b ∈ given_back e) tr2)) as [Hex|Hno].
    { apply Exists_exists in Hex. naive_solver. }
    exfalso. rewrite Exists_exists in Hno.
    destruct (S1_cached_taken_was_free _ _ _ _ _ b Hexec Hstep Hb2) as [Hn _].
    apply Hn. eapply with_a_caller_until_given_back; [done..|]. naive_solver.
  Qed.

  (** ** S3 *)

  (** Segments, and with them all blocks, stay where they are. *)
  Theorem S3_cached_addresses_stable tr peak χ χ' :
    cached_exec tr peak χ → rtc (λ χ1 χ2, ∃ e, cached_step χ1 e χ2) χ χ' →
    address <$> segments (shared χ) `prefix_of` address <$> segments (shared χ').
  Proof.
    intros Hexec Hrtc. apply (cached_exec_ok cfg Hcfg) in Hexec as Hok. clear Hexec.
    induction Hrtc as [|χ1 χ2 χ3 [e Hstep] _ IH]; [done|].
    destruct (cached_step_ok cfg Hcfg _ _ _ Hok Hstep) as (Hok2 & Hrun & _).
    etrans; [|by apply IH]. destruct Hok as [Hstate _ _ _ _ _ _ _ _].
    clear -Hcfg Hrun Hstate. induction Hrun as [|σ a σ1 acts σ2 Hs _ IH]; [done|].
    destruct (step_effect _ below_ok _ _ _ Hstate Hs). etrans; [done|by apply IH].
  Qed.

  (** ** C1 *)
  Theorem C1_conservation tr peak χ :
    cached_exec tr peak χ →
    called χ + cached χ + trimming cfg χ +
    sum_list_with free_slots (segments (shared χ)) +
    sum_list_with (uncarved cap) (segments (shared χ)) = cap * length (segments (shared χ)).
  Proof.
    intros Hexec. destruct (cached_exec_refines _ _ _ Hexec) as [Hbelow Hlive].
    pose proof (S4_conservation _ below_ok _ _ _ Hbelow). lia.
  Qed.

  (** ** C2 *)

  (** A cache, with what its operation has in hand, holds two magazines at most; the
      depot holds full magazines, and no more than its shelf has places. *)
  Theorem C2_caches_bounded tr peak χ :
    cached_exec tr peak χ →
    (∀ t c, caches χ !! t = Some c → length (cache_blocks c) ≤ 2 * rounds cfg) ∧
    (∀ m, m ∈ depot χ → length m = rounds cfg) ∧ length (depot χ) ≤ shelf cfg.
  Proof.
    intros Hexec. apply (cached_exec_ok cfg Hcfg) in Hexec as [_ _ _ _ _ _ Hshapes [Hfull Hle] _].
    destruct Hcfg as (_ & _ & Hbatch). split_and!; [|by apply Forall_forall|done].
    intros t c Hc. specialize (Hshapes t c Hc). unfold shape, cache_blocks in *.
    rewrite !app_length. destruct (does c); destruct_and!;
      repeat match goal with H : _ = [] |- _ => rewrite H end; simpl; try lia.
    match goal with H : _ ∨ _ |- _ => destruct H as [->| ->] end; simpl; lia.
  Qed.

  Theorem C2_cached_bounded tr peak χ :
    cached_exec tr peak χ →
    cached χ ≤ 2 * rounds cfg * length (caches χ) + rounds cfg * shelf cfg.
  Proof.
    intros Hexec. destruct (C2_caches_bounded _ _ _ Hexec) as (Hcaches & Hfull & Hle).
    unfold cached, in_caches, in_depot. apply Nat.add_le_mono.
    - clear -Hcaches. revert Hcaches. induction (caches χ) as [|c l IH]; intros Hall; simpl; [lia|].
      pose proof (Hall 0 c eq_refl). pose proof (IH (λ t, Hall (S t))). lia.
    - etrans; [|by apply Nat.mul_le_mono_l]. clear -Hfull.
      induction (depot χ) as [|m d IH]; simpl; [lia|].
      rewrite (Hfull m) by set_solver.
      pose proof (IH ltac:(intros; apply Hfull; set_solver)). lia.
  Qed.

  (** ** C4 *)

  (** With all segments re-checked a slab with caches has exactly the segments that
      the greatest number of blocks with callers, cached and with a trim needs. *)
  Theorem C4_growth_exact tr peak χ :
    recheck (below cfg) = AllSegments → cached_exec tr peak χ →
    length (segments (shared χ)) = needed (below cfg) peak.
  Proof.
    intros Hall Hexec. apply (S6_growth_exact _ below_ok (concat (steps_below <$> tr))); [done|].
    by apply cached_exec_refines.
  Qed.

  (** A cache that waits for the slab to grow asked it for one block, whatever its
      magazines could hold. *)
  Theorem C4_refill_grows_for_one tr peak χ t c :
    cached_exec tr peak χ → caches χ !! t = Some c → is_awaiting (does c) →
    ∃ observed, phases (shared χ) !! t = Some (Growing observed 1 0).
  Proof.
    intros Hexec. apply (cached_exec_ok cfg Hcfg) in Hexec as [_ _ _ _ _ _ _ _ Hawaits].
    apply Hawaits.
  Qed.
End cached_slab.

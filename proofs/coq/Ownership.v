(** Exclusive ownership (S1) and stable addresses (S3), for any number of
    threads, any capacity, every re-check scope and any choice of segment. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant.

Section ownership.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Set Default Proof Using "All".

  (** A trace as seen from one of its middles. *)
  Lemma exec_app tr1 tr2 peak σ :
    exec (tr1 ++ tr2) peak σ → ∃ peak1 σ1, exec tr1 peak1 σ1.
  Proof.
    revert peak σ. induction tr2 as [|a tr2 IH] using rev_ind; intros peak σ Hexec.
    - rewrite app_nil_r in Hexec. eauto.
    - rewrite app_assoc in Hexec. inversion Hexec as [Hnil|tr p σ0 a' σ' He Hs Heq]; subst.
      + by destruct (app_cons_not_nil (tr1 ++ tr2) [] a).
      + apply app_inj_tail in Heq as [-> ->]. eauto.
  Qed.

  Lemma exec_snoc tr a peak σ :
    exec (tr ++ [a]) peak σ → ∃ peak0 σ0, exec tr peak0 σ0 ∧ step σ0 a σ.
  Proof.
    inversion 1 as [Hnil|tr' p σ0 a' σ' He Hs Heq]; subst.
    - by destruct (app_cons_not_nil tr [] a).
    - apply app_inj_tail in Heq as [-> ->]. eauto.
  Qed.

  (** ** S1 *)

  (** A block that is handed out was nobody's and is now its taker's alone: an
      owner map gives each block at most one owner. *)
  Theorem S1_taken_was_free tr peak σ a σ' b :
    exec tr peak σ → step σ a σ' → b ∈ taken cap a →
    owner σ b = None ∧ owner σ' b = Some (actor a).
  Proof.
    intros Hexec Hstep. apply (effect_taken _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)).
  Qed.

  (** One critical section never hands out a block twice, within a batch. *)
  Theorem S1_batch_distinct tr peak σ a σ' :
    exec tr peak σ → step σ a σ' → NoDup (taken cap a).
  Proof.
    intros Hexec Hstep. exact (effect_taken_nodup _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)).
  Qed.

  (** Only its owner gives a block back. *)
  Theorem S1_freed_by_owner tr peak σ a σ' b :
    exec tr peak σ → step σ a σ' → b ∈ freed cap a →
    owner σ b = Some (actor a) ∧ owner σ' b = None.
  Proof.
    intros Hexec Hstep. apply (effect_freed _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)).
  Qed.

  Lemma held_until_freed tr1 a tr2 peak σ b :
    exec (tr1 ++ a :: tr2) peak σ → b ∈ taken cap a →
    (∀ a', a' ∈ tr2 → b ∉ freed cap a') → is_Some (owner σ b).
  Proof.
    revert peak σ. induction tr2 as [|a' tr2 IH] using rev_ind; intros peak σ Hexec Hb Hkept.
    - apply exec_snoc in Hexec as (peak0 & σ0 & Hexec & Hstep).
      destruct (S1_taken_was_free _ _ _ _ _ b Hexec Hstep Hb) as [_ ->]. eauto.
    - rewrite app_comm_cons, app_assoc in Hexec.
      apply exec_snoc in Hexec as (peak0 & σ0 & Hexec & Hstep).
      assert (is_Some (owner σ0 b)) as Hsome.
      { eapply IH; [done..|]. intros a'' Ha''. apply Hkept. set_solver. }
      pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as [].
      assert (b ∉ taken cap a') as Hnt.
      { intros Hin. destruct (effect_taken b Hin) as [Hn _]. rewrite Hn in Hsome.
        by destruct Hsome. }
      destruct (effect_others b Hnt) as [->|(u & _ & _ & ->)];
        [apply Hkept; set_solver|done|eauto].
  Qed.

  (** The observable form, with no ghost state in it: between two hand-outs of the
      same block there is a free of that block. *)
  Theorem S1_exclusive_ownership tr1 a1 tr2 a2 tr3 peak σ b :
    exec (tr1 ++ a1 :: tr2 ++ a2 :: tr3) peak σ →
    b ∈ taken cap a1 → b ∈ taken cap a2 →
    ∃ a, a ∈ tr2 ∧ b ∈ freed cap a.
  Proof.
    intros Hexec Hb1 Hb2.
    replace (tr1 ++ a1 :: tr2 ++ a2 :: tr3)
      with (((tr1 ++ a1 :: tr2) ++ [a2]) ++ tr3) in Hexec
      by (rewrite <-!app_assoc; simpl; by rewrite <-?app_assoc).
    apply exec_app in Hexec as (peak1 & σ1 & Hexec).
    apply exec_snoc in Hexec as (peak0 & σ0 & Hexec & Hstep).
    destruct (decide (Exists (λ a, b ∈ freed cap a) tr2)) as [Hex|Hno].
    { apply Exists_exists in Hex. naive_solver. }
    exfalso. rewrite Exists_exists in Hno.
    assert (is_Some (owner σ0 b)) as [t Ht].
    { eapply held_until_freed; [done..|]. naive_solver. }
    destruct (S1_taken_was_free _ _ _ _ _ b Hexec Hstep Hb2) as [Hn _].
    by rewrite Hn in Ht.
  Qed.

  Lemma step_actor_phase σ a σ' : step σ a σ' → is_Some (phases σ !! actor a).
  Proof. destruct 1; simpl; eauto. Qed.

  (** Every owner is a thread of the system. *)
  Lemma exec_owner_thread tr peak σ b t :
    exec tr peak σ → owner σ b = Some t → is_Some (phases σ !! t).
  Proof.
    intros Hexec. induction Hexec as [|tr peak σ a σ' Hexec IH Hstep]; intros Howner.
    { unfold owner, block_owner in Howner. simpl in Howner.
      rewrite list_lookup_fmap in Howner.
      destruct (initial_addresses cfg !! b.1); simpl in *; [|done].
      by rewrite (proj2 (proj2 (empty_segment_ok cap _))) in Howner. }
    pose proof (step_actor_phase _ _ _ Hstep) as Hactor.
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as
      [_ _ Htaken _ Hfreed Hothers _ _ Hlength].
    assert (∀ u, is_Some (phases σ !! u) → is_Some (phases σ' !! u)) as Hkeep.
    { intros u. rewrite !lookup_lt_is_Some. by rewrite Hlength. }
    destruct (decide (b ∈ taken cap a)) as [Hin|Hnt].
    { destruct (Htaken b Hin) as [_ Hnew]. apply Hkeep. congruence. }
    destruct (decide (b ∈ freed cap a)) as [Hin|Hnf].
    { destruct (Hfreed b Hin) as [_ Hnone]. congruence. }
    destruct (Hothers b Hnt Hnf) as [Hsame|(u & Hgive & _ & Hu)].
    - apply Hkeep, IH. congruence.
    - assert (t = u) as -> by congruence. rewrite Hgive in Hstep.
      inversion Hstep; subst; simpl in *; eauto.
  Qed.

  (** Without a claim nobody is trimming. *)
  Lemma exec_untrimmed_phase tr peak σ t i :
    exec tr peak σ → (∀ a, a ∈ tr → ¬ is_trim a) → phases σ !! t ≠ Some (Trimming i).
  Proof.
    intros Hexec Htrim Ht. induction Hexec as [|tr peak σ a σ' Hexec IH Hstep].
    { by apply lookup_replicate in Ht as [? _]. }
    assert (¬ is_trim a) as Hnot by (apply Htrim; set_solver).
    apply IH; [intros; apply Htrim; set_solver|]. clear IH.
    destruct Hstep; simpl in *; try done;
      apply list_lookup_insert_Some in Ht as [(<- & Heq & _)|[_ Ht]]; try done;
      unfold p, phase_after in Heq; by case_match.
  Qed.

  (** ** S3 *)

  (** From any moment on, the segments keep their places and their addresses;
      installing adds at the end. *)
  Theorem S3_addresses_stable tr peak σ σ' :
    exec tr peak σ → rtc (λ σ1 σ2, ∃ a, step σ1 a σ2) σ σ' →
    address <$> segments σ `prefix_of` address <$> segments σ'.
  Proof.
    intros Hexec Hrtc. apply (exec_ok cfg Hcfg) in Hexec as Hok. clear Hexec.
    induction Hrtc as [|σ1 σ2 σ3 [a Hstep] _ IH]; [done|].
    pose proof (step_effect cfg Hcfg _ _ _ Hok Hstep) as []. etrans; [done|by apply IH].
  Qed.

  (** No two segments ever share an address. *)
  Theorem S3_addresses_distinct tr peak σ :
    exec tr peak σ → NoDup (address <$> segments σ).
  Proof. intros Hexec. by apply (exec_ok cfg Hcfg) in Hexec as [_ ?]. Qed.

  (** ** A trimmer holds its segment until it puts it back *)
  Definition trims_hold (σ : state) : Prop :=
    ∀ t i, phases σ !! t = Some (Trimming i) →
      i < length (segments σ) ∧ ∀ j, j < cap → owner σ (i, j) = Some t.

  Lemma exec_trims_hold tr peak σ : exec tr peak σ → trims_hold σ.
  Proof.
    induction 1 as [|tr peak σ a σ' Hexec IH Hstep].
    { intros t i Ht. apply lookup_replicate in Ht as [? _]. done. }
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as [_ _ Htak _ Hfre Hoth _ Hlen _].
    intros t i Ht.
    (* Either the thread was trimming before, or this step is its claim. *)
    assert (phases σ !! t = Some (Trimming i) ∧ actor a ≠ t
      ∨ a = TrimClaim t i ∧ i < length (segments σ)) as [[Hold Hactor]|[-> Hi]].
    { destruct Hstep; simpl in *;
        try (apply list_lookup_insert_Some in Ht as [(<- & Heq & _)|[Hne Ht]];
          [|by left]).
      - unfold p, phase_after in Heq. by destruct (n - length got).
      - done.
      - unfold p, phase_after in Heq. by destruct (remaining - length got - length fresh).
      - done.
      - left. split; [done|]. intros ->. unfold may_free, is_growing in *. naive_solver.
      - right. simplify_eq. split; [done|]. by eapply lookup_lt_Some.
      - done.
      - left. split; [done|]. intros ->. unfold is_trimming in *. naive_solver. }
    - destruct (IH t i Hold) as [Hi Hown]. split; [rewrite Hlen; destruct a; lia|].
      intros j Hj. specialize (Hown j Hj).
      assert ((i, j) ∉ taken cap a) as Hnt.
      { intros Hin. destruct (Htak _ Hin) as [Hn _]. by rewrite Hn in Hown. }
      assert ((i, j) ∉ freed cap a) as Hnf.
      { intros Hin. destruct (Hfre _ Hin) as [Hn _]. rewrite Hn in Hown. naive_solver. }
      destruct (Hoth _ Hnt Hnf) as [->|(u & _ & Hn & _)]; [done|].
      rewrite Hn in Hown. naive_solver.
    - split; [rewrite Hlen; lia|]. intros j Hj.
      destruct (Htak (i, j)) as [_ ?]; [|done]. simpl.
      by apply elem_of_segment_blocks.
  Qed.

  (** The premise of [step_trim_release] is a fact: a trimmer can always finish. *)
  Theorem trim_can_finish tr peak σ t i :
    exec tr peak σ → phases σ !! t = Some (Trimming i) → ∃ σ', step σ (TrimRelease t i) σ'.
  Proof.
    intros Hexec Ht. destruct (exec_trims_hold _ _ _ Hexec t i Ht) as [Hi Hown].
    destruct (lookup_lt_is_Some_2 _ _ Hi) as [s Hs].
    apply (exec_ok cfg Hcfg) in Hexec as [Hok _].
    pose proof (segments_ok_lookup cfg Hcfg _ _ _ Hok Hs) as [_ _ _ _ _ Hslots].
    destruct σ as [sg ph]; simpl in *.
    eexists. eapply step_trim_release; [done..|]. apply Forall_lookup. intros j o Ho.
    assert (j < cap) as Hj by (apply lookup_lt_Some in Ho; lia).
    specialize (Hown j Hj). unfold owner in Hown. simpl in Hown.
    rewrite (block_owner_lookup sg i s) in Hown by done. apply slot_owner_lookup in Hown.
    naive_solver.
  Qed.
End ownership.

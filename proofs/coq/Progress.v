(** No thread is ever stuck, an allocation ends after few critical sections (L2),
    and it fails only when every slot was live at its last look (L3).

    That the lock itself is always granted in the end is not stated here: the
    system takes one critical section at a time. *)
From stdpp Require Import prelude list list_numbers infinite.
From slabproof Require Import Segment System Invariant Ownership Growth Checker.

Section progress.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Set Default Proof Using "All".

  Lemma first_with_room looksb looks sg :
    (∀ i, looksb i = true ↔ looks i) →
    full_where cfg looks sg ∨
    ∃ i s, sg !! i = Some s ∧ looks i ∧ ¬ full cap s ∧
      ∀ k sk, k < i → looks k → sg !! k = Some sk → full cap sk.
  Proof.
    intros Hlooks. induction sg as [|s sg IH] using rev_ind.
    { left. intros i s _ Hi. by rewrite lookup_nil in Hi. }
    destruct IH as [Hfull|(i & s' & Hi & Hl & Hroom & Hlow)].
    - destruct (looksb (length sg) && negb (fullb cap s)) eqn:Hlast.
      + apply andb_true_iff in Hlast as [Hl Hroom]. apply Hlooks in Hl. right.
        exists (length sg), s. split_and!; [by apply list_lookup_middle|done| |].
        * intros Hf. apply (fullb_spec cfg) in Hf. by rewrite Hf in Hroom.
        * intros k sk Hk Hlk Hsk. rewrite lookup_app_l in Hsk by done. by apply (Hfull k).
      + left. intros i s' Hl Hi. apply lookup_app_Some in Hi as [Hi|[Hge Hi]]; [by apply (Hfull i)|].
        apply list_lookup_singleton_Some in Hi as [Hi <-].
        assert (i = length sg) as -> by lia. apply Hlooks in Hl. rewrite Hl in Hlast.
        simpl in Hlast. apply negb_false_iff in Hlast. by apply (fullb_spec cfg).
    - right. exists i, s'. pose proof (lookup_lt_Some _ _ _ Hi).
      rewrite lookup_app_l by done. split_and!; [done..|].
      intros k sk Hk Hlk Hsk. rewrite lookup_app_l in Hsk by lia. by apply (Hlow k).
  Qed.

  (** A thread can take [n] blocks, or all there are, lowest first. *)
  Lemma takes_exist looksb looks t sg n :
    (∀ i, looksb i = true ↔ looks i) →
    ∃ got sg', takes cfg looks t sg got sg' ∧ length got ≤ n ∧
      (length got < n → full_where cfg looks sg').
  Proof.
    intros Hlooks. revert sg. induction n as [|n IH]; intros sg.
    { exists [], sg. split_and!; [constructor|done|simpl; lia]. }
    destruct (first_with_room looksb looks sg Hlooks) as [Hfull|(i & s & Hi & Hl & Hroom & Hlow)].
    { exists [], sg. split_and!; [constructor|simpl; lia|done]. }
    destruct (take_slot_room cap t s Hroom) as (j & s' & Htake).
    destruct (IH (<[i:=s']> sg)) as (got & sg' & Htakes & Hle & Hfull).
    exists ((i, j) :: got), sg'. split_and!; [|simpl; lia|intros; apply Hfull; simpl in *; lia].
    by econstructor.
  Qed.

  Theorem start_progress σ t n :
    phases σ !! t = Some Idle → 0 < n ≤ max_batch cfg →
    ∃ got observed σ', step σ (Start t n got observed) σ'.
  Proof.
    destruct σ as [sg ph]; simpl. intros Ht Hn.
    destruct (takes_exist anywhereb anywhere t sg n anywhereb_spec) as (got & sg' & ? & ? & ?).
    do 3 eexists. by eapply step_start.
  Qed.

  Theorem refused_progress σ t len rem obt :
    phases σ !! t = Some (Growing len rem obt) → ∃ got σ', step σ (Refused t got) σ'.
  Proof.
    destruct σ as [sg ph]; simpl. intros Ht.
    destruct (takes_exist anywhereb anywhere t sg rem anywhereb_spec) as (got & sg' & ? & ? & ?).
    do 2 eexists. by eapply step_refused.
  Qed.

  (** A new segment serves as many blocks as it has slots. *)
  Lemma takes_from_new t sg a n :
    n ≤ cap →
    ∃ fresh sg', takes cfg (eq (length sg)) t (sg ++ [empty_segment cap a]) fresh sg' ∧
      length fresh = n.
  Proof.
    intros Hn.
    destruct (takes_exist (Nat.eqb (length sg)) (eq (length sg)) t (sg ++ [empty_segment cap a]) n
      ltac:(intros; apply Nat.eqb_eq)) as (fresh & sg' & Htakes & Hle & Hfull).
    exists fresh, sg'. split; [done|].
    destruct (decide (length fresh < n)) as [Hlt|]; [|lia]. exfalso.
    specialize (Hfull Hlt).
    assert (∀ k s sg1 got sg2, takes cfg (eq (length sg)) t sg1 got sg2 →
      sg1 !! length sg = Some s → freelist s = [] → carved s = k →
      ∃ s', sg2 !! length sg = Some s' ∧ freelist s' = [] ∧ carved s' = k + length got) as Hcarve.
    { intros k s sg1 got sg2 Htk. revert k s.
      induction Htk as [sg1|sg1 i s1 j s' got sg2 <- Hlow Hi Htake Htk IH]; intros k s Hs Hfl Hk.
      - exists s. split_and!; [done..|simpl; lia].
      - assert (s1 = s) as -> by congruence.
        unfold take_slot in Htake. rewrite Hfl in Htake.
        destruct (carved s <? cap); simplify_eq.
        destruct (IH (S (carved s)) (Segment (address s) [] (S (carved s))
          (<[carved s:=Some t]> (owners s)))) as (s2 & ? & ? & ?); simpl; [|done..|].
        { apply list_lookup_insert. by eapply lookup_lt_Some. }
        exists s2. split_and!; [done..|lia]. }
    destruct (Hcarve 0 (empty_segment cap a) _ _ _ Htakes) as (s' & Hs' & _ & Hc); [|done..|].
    { by apply list_lookup_middle. }
    destruct (Hfull (length sg) s' eq_refl Hs') as [_ Hf]. lia.
  Qed.

  (** A grower whose backing delivered can always finish this critical section. *)
  Theorem grow_progress σ t len rem obt :
    phases σ !! t = Some (Growing len rem obt) →
    (∃ got σ', step σ (Reuse t got) σ') ∨
    (∃ got a fresh observed σ', step σ (Install t got a fresh observed) σ').
  Proof.
    destruct σ as [sg ph]; simpl. intros Ht.
    destruct (takes_exist (in_scopeb (recheck cfg) len) (in_scope (recheck cfg) len) t sg rem
      (in_scopeb_spec _ _)) as (got & sg1 & Htakes & Hle & Hfull).
    destruct (decide (length got = rem)) as [Hrem|Hrem].
    - left. do 2 eexists. by eapply step_reuse.
    - right. set (a := infinite_fresh (address <$> sg1)).
      destruct (takes_from_new t sg1 a ((rem - length got) `min` cap) ltac:(lia))
        as (new & sg2 & Htakes2 & Hnew).
      exists got, a, new. do 2 eexists.
      eapply step_install; [done|done|lia|apply Hfull; lia|apply infinite_is_fresh|done|done].
  Qed.

  (** ** L2 *)
  Definition phase_three (t : thread) (a : action) : nat :=
    match a with
    | Reuse u _ | Install u _ _ _ _ | Refused u _ => if u =? t then 1 else 0
    | _ => 0
    end.
  Definition starts (t : thread) (a : action) : Prop :=
    match a with Start u _ _ _ => u = t | _ => False end.

  Lemma step_pending tr peak σ a σ' t p p' :
    exec tr peak σ → step σ a σ' → ¬ starts t a →
    phases σ !! t = Some p → phases σ' !! t = Some p' →
    phase_three t a + pending cap p' ≤ pending cap p.
  Proof.
    intros Hexec Hstep Hnot Hp Hp'. pose proof (capacity_pos cfg Hcfg) as Hcap.
    destruct Hstep as [sg ph u n got sg' Hu Hn Htakes Hle Hfull q
      |sg ph u len rem obt got sg' Hu Htakes Hlen
      |sg ph u len rem obt got sg1 a fresh sg2 Hu Htakes Hlt Hfull Ha Htakes2 Hfresh q
      |sg ph u len rem obt got sg' Hu Htakes Hle Hfull
      |sg ph u q blocks sg' Hu Hmay Hputs
      |sg ph u i s Hu Hi Hfree
      |sg ph u i s Hu Hi Hall
      |sg ph u q v r i s j Hu Hq Hv Hi Hown]; simpl in *; try (simplify_eq; lia).
    - rewrite list_lookup_insert_ne in Hp' by done. simplify_eq. lia.
    - destruct (Nat.eqb_spec u t) as [->|Hne];
        [|rewrite list_lookup_insert_ne in Hp' by done; simplify_eq; lia].
      rewrite list_lookup_insert in Hp' by (by eapply lookup_lt_Some). simplify_eq.
      destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hexec Hu) as [Hrem _].
      rewrite (pending_settled cap Idle) by (done || (simpl; tauto)).
      change (1 + 0 ≤ ceil_div (length got) cap). apply ceil_div_ge; simpl; lia.
    - destruct (Nat.eqb_spec u t) as [->|Hne];
        [|rewrite list_lookup_insert_ne in Hp' by done; simplify_eq; lia].
      rewrite list_lookup_insert in Hp' by (by eapply lookup_lt_Some).
      assert (pending cap q = ceil_div (rem - length got - length fresh) cap) as Hq.
      { unfold q, phase_after, pending.
        by destruct (rem - length got - length fresh). }
      assert (p' = q) as -> by congruence. assert (p = Growing len rem obt) as -> by congruence.
      rewrite Hq.
      change (pending cap (Growing len rem obt)) with (ceil_div rem cap).
      pose proof (ceil_div_after_install (rem - length got) cap Hcap ltac:(lia)) as Hceil.
      pose proof (ceil_div_mono (rem - length got) rem cap Hcap ltac:(lia)).
      rewrite <-Hfresh in Hceil. lia.
    - destruct (Nat.eqb_spec u t) as [->|Hne];
        [|rewrite list_lookup_insert_ne in Hp' by done; simplify_eq; lia].
      rewrite list_lookup_insert in Hp' by (by eapply lookup_lt_Some). simplify_eq.
      destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hexec Hu) as [Hrem _].
      rewrite (pending_settled cap Idle) by (done || (simpl; tauto)).
      change (1 + 0 ≤ ceil_div rem cap). apply ceil_div_ge; simpl; lia.
    - apply list_lookup_insert_Some in Hp' as [(<- & <- & _)|[Hne Hp']]; simplify_eq; [|lia].
      rewrite !pending_settled by (done || (simpl; tauto)). lia.
    - apply list_lookup_insert_Some in Hp' as [(<- & <- & _)|[Hne Hp']]; simplify_eq; [|lia].
      rewrite !pending_settled by (done || (simpl; tauto)). lia.
  Qed.

  (** An operation for [n] blocks is one phase 1 and at most [ceil (n / capacity)]
      phases 3, each after one segment request. *)
  Theorem L2_critical_sections tr1 t n got observed tr2 peak σ :
    exec (tr1 ++ Start t n got observed :: tr2) peak σ →
    (∀ a, a ∈ tr2 → ¬ starts t a) →
    sum_list_with (phase_three t) tr2 ≤ ceil_div n cap.
  Proof.
    intros Hexec Hone. pose proof (capacity_pos cfg Hcfg) as Hcap.
    enough (∃ p, phases σ !! t = Some p ∧
      sum_list_with (phase_three t) tr2 + pending cap p ≤ ceil_div n cap) as (p & _ & ?) by lia.
    revert peak σ Hexec Hone. induction tr2 as [|a tr2 IH] using rev_ind; intros peak σ Hexec Hone.
    - apply (exec_snoc cfg Hcfg) in Hexec as (peak0 & σ0 & Hexec & Hstep). simpl.
      inversion Hstep as [sg ph t' n' got' sg' Ht Hn Htakes Hle Hfull p| | | | | | |]; subst.
      simpl. exists p. split; [apply list_lookup_insert; by eapply lookup_lt_Some|].
      unfold p, phase_after, pending. destruct (n - length got) eqn:Hr; simpl.
      + rewrite ceil_div_0 by done. lia.
      + apply ceil_div_mono; [done|lia].
    - rewrite app_comm_cons, app_assoc in Hexec.
      apply (exec_snoc cfg Hcfg) in Hexec as (peak0 & σ0 & Hexec & Hstep).
      destruct (IH _ _ Hexec) as (p & Hp & Hle); [intros; apply Hone; set_solver|].
      assert (is_Some (phases σ !! t)) as [p' Hp'].
      { apply lookup_lt_is_Some.
        rewrite (effect_phases _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)).
        by eapply lookup_lt_Some. }
      exists p'. split; [done|]. rewrite sum_list_with_app. simpl.
      pose proof (step_pending _ _ _ _ _ t p p' Hexec Hstep ltac:(apply Hone; set_solver) Hp Hp').
      lia.
  Qed.

  (** One block, or a batch that fits one segment: at most two critical sections
      and one segment request. *)
  Theorem L2_two_critical_sections tr1 t n got observed tr2 peak σ :
    exec (tr1 ++ Start t n got observed :: tr2) peak σ →
    (∀ a, a ∈ tr2 → ¬ starts t a) → n ≤ cap →
    sum_list_with (phase_three t) tr2 ≤ 1.
  Proof.
    intros Hexec Hone Hn. pose proof (L2_critical_sections _ _ _ _ _ _ _ _ Hexec Hone).
    pose proof (ceil_div_le n cap 1 (capacity_pos cfg Hcfg) ltac:(lia)). lia.
  Qed.

  (** ** L3 *)
  Theorem L3_fails_only_when_all_live tr peak σ a σ' :
    exec tr peak σ → step σ a σ' → fails σ a →
    (∀ i j, i < length (segments σ) → j < cap → is_Some (owner σ (i, j))) ∧
    live σ = cap * length (segments σ).
  Proof.
    intros Hexec Hstep (t & len & rem & -> & Ht).
    destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hexec Ht) as [Hrem _].
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    inversion Hstep as [| | |sg ph t' len' rem' obt got' sg' Ht' Htakes Hle Hfull| | | |]; subst.
    simpl in *. simplify_eq. inversion Htakes; subst.
    assert (full_where cfg anywhere sg') as Hall by (apply Hfull; lia).
    split; [|unfold live; simpl; rewrite (sum_used_full cfg Hcfg) by done; lia].
    intros i j Hi Hj. destruct (lookup_lt_is_Some_2 _ _ Hi) as [s Hs].
    unfold owner; simpl. rewrite (block_owner_lookup _ i s) by done.
    destruct (segments_ok_lookup cfg Hcfg _ _ _ Hok Hs) as [_ _ Hpre _ _ _].
    destruct (Hall i s I Hs) as [Hfree Hcarved].
    destruct (Hpre j) as [[Hin|Hsome] _]; [lia| |done].
    rewrite Hfree in Hin. by apply elem_of_nil in Hin.
  Qed.

  (** The other way to end is with everything that was asked for: an operation
      that the backing never refused is never short. *)
  Theorem L3_served_in_full σ t n got σ' :
    step σ (Start t n got None) σ' → length got = n.
  Proof.
    inversion 1 as [sg ph t' n' got' sg' Ht Hn Htakes Hle Hfull p| | | | | | |]; subst.
    unfold p, phase_after in *. destruct (n - length got) eqn:Hr; simpl in *; [lia|done].
  Qed.

  Theorem L3_resumed_in_full σ t got σ' len rem obt :
    step σ (Reuse t got) σ' → phases σ !! t = Some (Growing len rem obt) → length got = rem.
  Proof. inversion 1; subst; simpl in *. by intros; simplify_eq. Qed.

  Theorem L3_installed_in_full σ t got a fresh σ' len rem obt :
    step σ (Install t got a fresh None) σ' → phases σ !! t = Some (Growing len rem obt) →
    length got + length fresh = rem.
  Proof.
    intros Hstep Hp.
    inversion Hstep as [| |sg ph t' len' rem' obt' got' sg1 a' fresh' sg2 Ht Htakes Hlt Hfull Ha
      Htakes2 Hfresh p| | | | |]; subst; simpl in *.
    assert (rem' = rem) as -> by congruence.
    unfold p, phase_after in *.
    destruct (rem - length got - length fresh) eqn:Hr; simpl in *; [lia|done].
  Qed.
End progress.

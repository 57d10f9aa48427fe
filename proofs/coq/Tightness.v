(** The bounds of S7 are attained, for every number of threads, every capacity
    and every size of batch: no smaller bound holds.

    The executions have one shape.  Thread 0 fills [old] segments.  The racing
    threads each see every slot live and let the lock go.  Thread 0 frees
    everything.  The racing threads finish: they look at new segments only, so
    that all they take is new although everything old is free.  If thread 0 may
    free while it grows, it races too. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth FirstFit Progress.

Definition is_allocation (a : action) : Prop :=
  match a with Start _ _ _ _ | Reuse _ _ | Install _ _ _ _ _ => True | _ => False end.

Section executions.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Context (Hscope : recheck cfg = NewSegments).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Set Default Proof Using "All".

  Lemma take_same (sg sg' : list segment) n :
    (∀ i, i < n → sg' !! i = sg !! i) → take n sg' = take n sg.
  Proof.
    intros Hsame. apply list_eq. intros i. destruct (decide (i < n)).
    - rewrite !lookup_take by done. by apply Hsame.
    - by rewrite !lookup_take_ge by lia.
  Qed.

  (** A grower left alone finishes with all it wants, from new segments only. *)
  Lemma complete tr peak σ t len rem obt n :
    exec tr peak σ → phases σ !! t = Some (Growing len rem obt) → n ≤ len →
    ∃ tr' σ', exec (tr ++ tr') (peak `max` (live σ + rem)) σ' ∧
      live σ' = live σ + rem ∧ phases σ' = <[t := Idle]> (phases σ) ∧
      (∀ a, a ∈ tr' → is_allocation a ∧ actor a = t) ∧
      take n (segments σ') = take n (segments σ) ∧
      length (segments σ') ≤ length (segments σ) + ceil_div rem cap.
  Proof.
    revert tr peak σ len obt. induction rem as [rem IH] using lt_wf_ind.
    intros tr peak σ len obt Hexec Ht Hn.
    destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hexec Ht) as [Hrem Hlen].
    pose proof (capacity_pos cfg Hcfg) as Hcap.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    destruct (grow_progress cfg Hcfg σ t len rem obt Ht)
      as [(got & σ' & Hstep)|(got & a & fresh & observed & σ' & Hstep)];
      pose proof (effect_live _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)) as Hlive;
      pose proof (exec_step _ _ _ _ _ _ Hexec Hstep) as Hexec'.
    - inversion Hstep as [|sg ph t' len' rem' obt' got' sg' Ht' Htakes Hgot| | | | | |]; subst.
      simpl in *. assert (rem = length got) as -> by congruence. assert (len' = len) as -> by congruence.
      exists [Reuse t got]. eexists. split_and!.
      + replace (live (State sg ph) + length got) with (live (State sg' (<[t:=Idle]> ph))) by lia.
        exact Hexec'.
      + lia.
      + done.
      + by intros b ->%elem_of_list_singleton.
      + simpl. apply take_same. intros i Hi.
        destruct (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as [_ _ _ _ _ _ Hframe].
        apply Hframe. rewrite Hscope. simpl. lia.
      + simpl. rewrite (taking_length _ Hcfg _ _ _ _ _ (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes)).
        lia.
    - inversion Hstep as [| |sg ph t' len' rem' obt' got' sg1 a' fresh' sg2 Ht' Htakes Hlt Hfull Ha
        Htakes2 Hfresh p| | | | |]; subst; simpl in *.
      assert (rem' = rem) as -> by congruence. assert (len' = len) as -> by congruence.
      pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as Htak.
      pose proof (taking_length _ Hcfg _ _ _ _ _ Htak) as Hlen1.
      destruct Htak as [Hok1 _ _ _ _ _ Hframe].
      destruct (takes_last cfg Hcfg _ _ _ _ _ Htakes2) as [s2 ->].
      assert (take n (sg1 ++ [s2]) = take n sg) as Htake.
      { rewrite take_app_le by lia. apply take_same. intros i Hi. apply Hframe.
        rewrite Hscope. simpl. lia. }
      rewrite app_length in Hlive.
      pose proof (ceil_div_after_install (rem - length got) cap Hcap ltac:(lia)) as Hceil.
      pose proof (ceil_div_mono (rem - length got) rem cap Hcap ltac:(lia)) as Hceil'.
      rewrite <-Hfresh in Hceil.
      destruct (rem - length got - length fresh) as [|r] eqn:Hr.
      + exists [Install t got a fresh (observed_length p)]. eexists. split_and!.
        * assert (live (State sg ph) + rem = live (State (sg1 ++ [s2]) (<[t:=p]> ph))) as -> by lia.
          exact Hexec'.
        * lia.
        * done.
        * by intros b ->%elem_of_list_singleton.
        * done.
        * simpl. rewrite app_length. simpl. lia.
      + destruct (IH (S r) ltac:(lia) _ _ _ (length (sg1 ++ [s2]))
          (obt' + length got + length fresh) Hexec')
          as (tr' & σ' & Hexec2 & Hlive2 & Hph2 & Hby & Htake2 & Hmore).
        { simpl. apply list_lookup_insert. by eapply lookup_lt_Some. }
        { rewrite app_length. lia. }
        exists (Install t got a fresh (observed_length p) :: tr'), σ'. split_and!.
        * rewrite cons_middle, app_assoc.
          match type of Hexec2 with exec _ ?q _ =>
            replace (peak `max` (live (State sg ph) + rem)) with q by lia end.
          exact Hexec2.
        * lia.
        * rewrite Hph2. simpl. by rewrite list_insert_insert.
        * intros b [->|Hb]%elem_of_cons; [done|by apply Hby].
        * by rewrite Htake2.
        * simpl in Hmore. rewrite app_length in Hmore. simpl in Hmore. lia.
  Qed.

  (** An idle thread can always allocate one block. *)
  Lemma allocate_one tr peak σ t :
    1 ≤ max_batch cfg → exec tr peak σ → phases σ !! t = Some Idle →
    ∃ tr' σ', exec (tr ++ tr') (peak `max` S (live σ)) σ' ∧ live σ' = S (live σ) ∧
      phases σ' = phases σ ∧ (∀ a, a ∈ tr' → is_allocation a ∧ actor a = t).
  Proof.
    intros Hbatch Hexec Ht.
    destruct (start_progress cfg Hcfg σ t 1 Ht ltac:(lia)) as (got & observed & σ' & Hstep).
    pose proof (effect_live _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)) as Hlive.
    pose proof (exec_step _ _ _ _ _ _ Hexec Hstep) as Hexec'.
    inversion Hstep as [sg ph t' n' got' sg' Ht' Hn Htakes Hle Hfull p| | | | | | |]; subst.
    simpl in *. destruct (length got) as [|[|?]] eqn:Hgot; [| |lia].
    - destruct (complete _ _ _ t (length sg') 1 0 0 Hexec') as (tr' & σ' & He & Hl & Hph & Hby & _ & _).
      { simpl. apply list_lookup_insert. by eapply lookup_lt_Some. }
      { lia. }
      exists (Start t 1 got (observed_length p) :: tr'), σ'. split_and!.
      + rewrite cons_middle, app_assoc.
        match type of He with exec _ ?q _ =>
          replace (peak `max` S (live (State sg ph))) with q by lia end.
        exact He.
      + lia.
      + rewrite Hph. simpl. rewrite list_insert_insert. by apply list_insert_id.
      + intros b [->|Hb]%elem_of_cons; [done|by apply Hby].
    - exists [Start t 1 got (observed_length p)]. eexists. split_and!.
      + replace (S (live (State sg ph))) with (live (State sg' (<[t:=p]> ph))) by lia.
        exact Hexec'.
      + lia.
      + simpl. by apply list_insert_id.
      + by intros b ->%elem_of_list_singleton.
  Qed.

  (** Thread 0 builds a slab of [k] live blocks, alone. *)
  Lemma build k :
    1 ≤ max_batch cfg → 0 < thread_count cfg →
    ∃ tr σ, exec tr k σ ∧ live σ = k ∧ phases σ = replicate (thread_count cfg) Idle ∧
      (∀ a, a ∈ tr → is_allocation a ∧ actor a = 0).
  Proof.
    intros Hbatch HN. induction k as [|k (tr & σ & Hexec & Hlive & Hph & Hby)].
    - exists [], (initial_state cfg). split_and!; [constructor| |done|set_solver].
      pose proof (exec_live_peak cfg Hcfg _ _ _ (exec_initial cfg)). lia.
    - destruct (allocate_one tr k σ 0 Hbatch Hexec) as (tr' & σ' & Hexec' & Hlive' & Hph' & Hby').
      { rewrite Hph. by apply lookup_replicate_2. }
      exists (tr ++ tr'), σ'. split_and!; [|lia|congruence|].
      + replace (S k) with (k `max` S (live σ)) by lia. done.
      + intros a [?|?]%elem_of_app; [by apply Hby|by apply Hby'].
  Qed.

  (** While only thread 0 takes blocks and none changes hands, it owns them all. *)
  Lemma sole_owner tr peak σ b t :
    exec tr peak σ →
    (∀ a, a ∈ tr → is_allocation a ∧ (actor a = 0 ∨ taken cap a = [])) →
    owner σ b = Some t → t = 0.
  Proof.
    intros Hexec. induction Hexec as [|tr peak σ a σ' Hexec IH Hstep]; intros Hby Howner.
    { unfold owner, block_owner in Howner. simpl in Howner.
      rewrite list_lookup_fmap in Howner. destruct (initial_addresses cfg !! b.1); simpl in *; [|done].
      by rewrite (proj2 (proj2 (empty_segment_ok cap _))) in Howner. }
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as [_ _ Htaken _ _ Hothers _ _ _].
    destruct (Hby a ltac:(set_solver)) as [Halloc Hactor].
    destruct (decide (b ∈ taken cap a)) as [Hin|Hnot].
    - destruct (Htaken b Hin) as [_ Hnew].
      destruct Hactor as [Hactor|Hnil]; [congruence|]. rewrite Hnil in Hin. by apply elem_of_nil in Hin.
    - destruct (Hothers b Hnot) as [Heq|(u & Hgive & _)];
        [|rewrite Heq in Howner|rewrite Hgive in Halloc; destruct Halloc].
      + destruct a; simpl in *; try done; apply not_elem_of_nil.
      + apply IH; [|done]. intros a' Ha'. apply Hby. set_solver.
  Qed.

  (** The racers see every slot live, one after the other. *)
  Lemma enter tr σ old first k :
    exec tr (old * cap) σ → live σ = old * cap → length (segments σ) = old →
    phases σ = replicate (thread_count cfg) Idle → 0 < max_batch cfg →
    (∀ a, a ∈ tr → is_allocation a ∧ (actor a = 0 ∨ taken cap a = [])) →
    first + k ≤ thread_count cfg →
    ∃ tr' ph, exec tr' (old * cap) (State (segments σ) ph) ∧
      length ph = thread_count cfg ∧
      (∀ t, first ≤ t < first + k → ph !! t = Some (Growing old (max_batch cfg) 0)) ∧
      (∀ t, t < thread_count cfg → ¬ (first ≤ t < first + k) → ph !! t = Some Idle) ∧
      (∀ a, a ∈ tr' → is_allocation a ∧ (actor a = 0 ∨ taken cap a = [])).
  Proof.
    intros Hexec Hlive Hlen Hph Hbatch Hby Hk.
    assert (full_where cfg anywhere (segments σ)) as Hfull.
    { intros i s _ Hi. apply (full_when_live_max cfg Hcfg σ i); [|by rewrite Hlen|done].
      by eapply (exec_ok cfg Hcfg). }
    induction k as [|k IH].
    - exists tr, (phases σ). destruct σ as [sg ph]; simpl in *. subst ph. split_and!; try done.
      + apply replicate_length.
      + intros t Ht. lia.
      + intros t Ht _. by apply lookup_replicate_2.
    - destruct IH as (tr' & ph & Hexec' & Hlength & Hgrow & Hidle & Hby'); [lia|].
      assert (ph !! (first + k) = Some Idle) as Ht by (apply Hidle; lia).
      set (p := Growing old (max_batch cfg) 0).
      exists (tr' ++ [Start (first + k) (max_batch cfg) [] (Some old)]), (<[first + k := p]> ph).
      assert (step (State (segments σ) ph) (Start (first + k) (max_batch cfg) [] (Some old))
        (State (segments σ) (<[first + k := p]> ph))) as Hstep.
      { pose proof (step_start cfg (segments σ) ph (first + k) (max_batch cfg) [] (segments σ) Ht
          ltac:(lia) ltac:(constructor) ltac:(simpl; lia) ltac:(intros; exact Hfull)) as Hs.
        simpl in Hs. rewrite Nat.sub_0_r, Hlen in Hs. unfold phase_after in Hs.
        destruct (max_batch cfg) eqn:Hm; [lia|]. simpl in Hs. exact Hs. }
      split_and!.
      + replace (old * cap) with ((old * cap) `max` live (State (segments σ) (<[first + k:=p]> ph))).
        { by econstructor. }
        unfold live in *; simpl. lia.
      + by rewrite insert_length.
      + intros t Hr. destruct (decide (t = first + k)) as [->|Hne].
        * apply list_lookup_insert. lia.
        * rewrite list_lookup_insert_ne by done. apply Hgrow. lia.
      + intros t HtN Hr. rewrite list_lookup_insert_ne by lia. apply Hidle; [done|lia].
      + intros a [Ha| ->%elem_of_list_singleton]%elem_of_app; [by apply Hby'|].
        split; [done|by right].
  Qed.

  Definition untrimmed (tr : list action) : Prop := ∀ a, a ∈ tr → ¬ is_trim a.

  (** Thread 0 gives everything back. *)
  Lemma drain tr peak sg ph p :
    exec tr peak (State sg ph) → ph !! 0 = Some p → may_free cfg p → untrimmed tr →
    (∀ b t, owner (State sg ph) b = Some t → t = 0) →
    ∃ tr' sg', exec tr' peak (State sg' ph) ∧ untrimmed tr' ∧
      length sg' = length sg ∧ sum_list_with used sg' = 0.
  Proof.
    remember (sum_list_with used sg) as k eqn:Hk. revert tr peak sg Hk.
    induction k as [|k IH]; intros tr peak sg Hk Hexec Ht Hmay Htrim Hsole; [by eauto 10|].
    destruct (sum_list_with_pos used sg ltac:(lia)) as (i & s & Hi & Hs).
    destruct (used_pos_owned s Hs) as (j & t & Hj).
    assert (owner (State sg ph) (i, j) = Some t) as Howner.
    { unfold owner; simpl. by rewrite (block_owner_lookup _ _ s). }
    assert (t = 0) as -> by (by eapply Hsole).
    set (sg' := <[i:=put_slot j s]> sg).
    assert (step (State sg ph) (Free 0 [(i, j)]) (State sg' ph)) as Hstep.
    { eapply step_free; [done..|]. econstructor; [done|done|constructor]. }
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as [_ Hlive _ _ _ Hothers _ Hlen _].
    unfold live in Hlive; simpl in Hlive, Hlen.
    assert (peak `max` live (State sg' ph) = peak) as Hpeak.
    { pose proof (exec_live_peak cfg Hcfg _ _ _ Hexec). unfold live in *; simpl in *. lia. }
    destruct (IH (tr ++ [Free 0 [(i, j)]]) peak sg') as (tr' & sg'' & ? & ? & ? & ?).
    - lia.
    - rewrite <-Hpeak. by econstructor.
    - done.
    - done.
    - intros a [?| ->%elem_of_list_singleton]%elem_of_app; [by apply Htrim|simpl; tauto].
    - intros b t Hb. destruct (decide (b = (i, j))) as [->|Hne].
      + exfalso. pose proof (effect_freed _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)
          (i, j) ltac:(simpl; set_solver)) as [_ Hnone]. by rewrite Hnone in Hb.
      + destruct (Hothers b) as [Heq|(u & ? & _)]; [simpl; set_solver|simpl; set_solver| |done].
        rewrite Heq in Hb. by eapply Hsole.
    - exists tr', sg''. split_and!; [done|done|lia|done].
  Qed.

  (** Up to here: everything old is free, and the racers do not know. *)
  Lemma race old :
    0 < thread_count cfg → 0 < max_batch cfg → initial_addresses cfg = [] →
    let first := if reentrant cfg then 0 else 1 in
    ∃ tr sg ph, exec tr (old * cap) (State sg ph) ∧ untrimmed tr ∧
      length sg = old ∧ sum_list_with used sg = 0 ∧ length ph = thread_count cfg ∧
      (∀ t, first ≤ t < thread_count cfg → ph !! t = Some (Growing old (max_batch cfg) 0)) ∧
      (∀ t, t < first → ph !! t = Some Idle).
  Proof.
    intros HN Hbatch Hinit first. pose proof (capacity_pos cfg Hcfg) as Hcap.
    destruct (build (old * cap) ltac:(lia) HN) as (tr & σ & Hexec & Hlive & Hph & Hby).
    assert (length (segments σ) = old) as Hlen.
    { rewrite (S7_allocations_only_exact cfg Hcfg tr (old * cap)); [|by rewrite Hscope|done|].
      - unfold needed, initial_segments. rewrite Hinit. simpl.
        apply Nat.le_antisymm; [apply ceil_div_le; lia|apply ceil_div_ge; lia].
      - intros a Ha. destruct (Hby a Ha) as [Halloc _]. destruct a; simpl in *; tauto. }
    assert (first ≤ thread_count cfg) as Hfirst by (unfold first; destruct (reentrant cfg); lia).
    destruct (enter tr σ old first (thread_count cfg - first) Hexec Hlive Hlen Hph Hbatch)
      as (tr' & ph & Hexec' & Hlength & Hgrow & Hidle & Hby').
    { intros a Ha. destruct (Hby a Ha). auto. }
    { lia. }
    destruct (lookup_lt_is_Some_2 ph 0 ltac:(lia)) as [p Hp].
    assert (may_free cfg p) as Hmay.
    { unfold may_free. unfold first in *. destruct (reentrant cfg) eqn:Hre.
      - rewrite Hgrow in Hp by lia. simplify_eq. by right.
      - rewrite Hidle in Hp by lia. simplify_eq. by left. }
    destruct (drain tr' (old * cap) (segments σ) ph p Hexec' Hp Hmay)
      as (tr'' & sg & Hexec'' & Htrim & Hlen' & Hused).
    { intros a Ha. destruct (Hby' a Ha) as [Halloc _]. destruct a; simpl in *; tauto. }
    { intros b t. by eapply sole_owner. }
    exists tr'', sg, ph. split_and!; [done|done|lia|done|done| |].
    - intros t Ht. apply Hgrow. lia.
    - intros t Ht. apply Hidle; lia.
  Qed.

  Lemma used_above old σ :
    state_ok cfg σ → old ≤ length (segments σ) →
    sum_list_with used (take old (segments σ)) = 0 →
    live σ ≤ (length (segments σ) - old) * cap.
  Proof.
    intros [Hok _] Hle Hzero. unfold live.
    rewrite <-(take_drop old (segments σ)) at 1. rewrite sum_list_with_app, Hzero.
    rewrite <-drop_length. simpl.
    assert (Forall (segment_ok cap) (drop old (segments σ))) as Hdrop by (by apply Forall_drop).
    induction Hdrop as [|s l Hs _ IH]; simpl; [done|]. pose proof (used_le cap s Hs). lia.
  Qed.

  (** The racers finish, one after the other. *)
  Lemma finish old k :
    0 < thread_count cfg → 0 < max_batch cfg → initial_addresses cfg = [] →
    racers cfg * max_batch cfg ≤ old → k ≤ racers cfg →
    let first := if reentrant cfg then 0 else 1 in
    ∃ tr σ, exec tr (old * cap) σ ∧ untrimmed tr ∧ live σ = k * max_batch cfg ∧
      length (phases σ) = thread_count cfg ∧
      old ≤ length (segments σ) ∧ sum_list_with used (take old (segments σ)) = 0 ∧
      (∀ t, first + k ≤ t < thread_count cfg →
        phases σ !! t = Some (Growing old (max_batch cfg) 0)) ∧
      (∀ t, t < first → phases σ !! t = Some Idle).
  Proof.
    intros HN Hbatch Hinit Hold Hk first. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction k as [|k IH].
    - destruct (race old HN Hbatch Hinit) as (tr & sg & ph & Hexec & Htrim & Hlen & Hused & Hl & Hg & Hi).
      exists tr, (State sg ph). fold first in Hg, Hi. rewrite Nat.add_0_r. split_and!; try done.
      + simpl. by rewrite Hlen.
      + simpl. by rewrite take_ge by lia.
    - destruct IH as (tr & σ & Hexec & Htrim & Hlive & Hl & Hle & Hzero & Hgrow & Hidle); [lia|].
      assert (first + k < thread_count cfg) as Hlt.
      { unfold racers, first in *. destruct (reentrant cfg); lia. }
      destruct (complete tr _ σ (first + k) old (max_batch cfg) 0 old Hexec)
        as (tr' & σ' & Hexec' & Hlive' & Hph & Hby & Htake & _); [apply Hgrow; lia|done|].
      assert (live σ + max_batch cfg ≤ old * cap) as Hpeak.
      { rewrite Hlive. pose proof (Nat.mul_le_mono_r (S k) _ (max_batch cfg) Hk). simpl in *.
        pose proof (Nat.mul_le_mono_l 1 cap old Hcap). lia. }
      rewrite Nat.max_l in Hexec' by done.
      exists (tr ++ tr'), σ'. split_and!.
      + done.
      + intros a [?|Ha]%elem_of_app; [by apply Htrim|].
        destruct (Hby a Ha) as [Halloc _]. destruct a; simpl in *; tauto.
      + rewrite Hlive', Hlive. simpl. lia.
      + by rewrite Hph, insert_length.
      + apply (f_equal length) in Htake. rewrite !take_length in Htake. lia.
      + by rewrite Htake.
      + intros t Ht. rewrite Hph, list_lookup_insert_ne by lia. apply Hgrow. lia.
      + intros t Ht. rewrite Hph, list_lookup_insert_ne by lia. by apply Hidle.
  Qed.

  (** Whatever the choice of segment: this many segments too many do occur. *)
  Lemma over_growth_reached :
    0 < thread_count cfg → 0 < max_batch cfg → initial_addresses cfg = [] →
    ∃ tr peak σ, exec tr peak σ ∧ untrimmed tr ∧
      needed cfg peak + ceil_div (racers cfg * max_batch cfg) cap ≤ length (segments σ).
  Proof.
    intros HN Hbatch Hinit. pose proof (capacity_pos cfg Hcfg) as Hcap.
    set (old := racers cfg * max_batch cfg).
    destruct (finish old (racers cfg) HN Hbatch Hinit ltac:(done) ltac:(done))
      as (tr & σ & Hexec & Htrim & Hlive & _ & Hle & Hzero & _).
    exists tr, (old * cap), σ. split_and!; [done|done|].
    assert (needed cfg (old * cap) ≤ old) as Hneed.
    { unfold needed, initial_segments. rewrite Hinit. simpl. apply ceil_div_le; lia. }
    pose proof (used_above old σ ltac:(by eapply (exec_ok cfg Hcfg)) Hle Hzero) as Habove.
    rewrite Hlive in Habove. fold old in Habove.
    pose proof (ceil_div_le old cap _ Hcap Habove). fold old. lia.
  Qed.

  (** ** Any choice of segment *)

  (** Thread 0 can fill every segment from [old] on, if it may choose. *)
  Lemma fill tr peak sg ph old :
    lowest_first cfg = false → 0 < max_batch cfg →
    exec tr peak (State sg ph) → ph !! 0 = Some Idle → old ≤ length sg →
    sum_list_with used (take old sg) = 0 → (length sg - old) * cap ≤ peak →
    ∃ tr' sg', exec tr' peak (State sg' ph) ∧ length sg' = length sg ∧
      sum_list_with used (take old sg') = 0 ∧
      sum_list_with used sg' = (length sg - old) * cap.
  Proof.
    intros Hany Hbatch. remember ((length sg - old) * cap - sum_list_with used sg) as k eqn:Hk.
    revert tr sg Hk. induction k as [|k IH]; intros tr sg Hk Hexec Ht Hle Hzero Hpeak.
    - exists tr, sg. split_and!; [done..|].
      pose proof (used_above old _ ltac:(by eapply (exec_ok cfg Hcfg)) Hle Hzero) as Habove.
      unfold live in Habove; simpl in Habove. lia.
    - pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _]; simpl in Hok.
      destruct (first_with_room cfg Hcfg (λ i, old <=? i) (λ i, old ≤ i) sg
        ltac:(intros; apply Nat.leb_le)) as [Hfull|(i & s & Hi & Hold & Hroom & _)].
      { exfalso. rewrite <-(take_drop old sg), sum_list_with_app, Hzero in Hk.
        rewrite (sum_used_full cfg Hcfg (drop old sg)) in Hk.
        - rewrite take_drop, drop_length in Hk. lia.
        - by apply Forall_drop.
        - intros i s _ Hi. rewrite lookup_drop in Hi. apply (Hfull (old + i)); [lia|done]. }
      destruct (take_slot_room cap 0 s Hroom) as (j & s' & Htake).
      set (sg' := <[i:=s']> sg).
      assert (step (State sg ph) (Start 0 1 [(i, j)] None) (State sg' ph)) as Hstep.
      { assert (takes cfg anywhere 0 sg [(i, j)] sg') as Htakes.
        { econstructor; [done|by rewrite Hany|done|done|constructor]. }
        pose proof (step_start cfg sg ph 0 1 [(i, j)] sg' Ht ltac:(lia) Htakes ltac:(simpl; lia)
          ltac:(simpl; lia)) as Hs. simpl in Hs. by rewrite list_insert_id in Hs. }
      pose proof (effect_live _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)) as Hlive.
      unfold live in Hlive; simpl in Hlive.
      assert (take old sg' = take old sg) as Hsame.
      { apply take_same. intros m Hm. unfold sg'. apply list_lookup_insert_ne. lia. }
      assert (length sg' = length sg) as Hlen by (unfold sg'; by rewrite insert_length).
      destruct (IH (tr ++ [Start 0 1 [(i, j)] None]) sg') as (tr' & sg'' & ? & ? & ? & ?).
      + rewrite Hlen. lia.
      + assert (peak `max` live (State sg' ph) = peak) as Hp.
        { unfold live; simpl. lia. }
        rewrite <-Hp. by econstructor.
      + done.
      + lia.
      + by rewrite Hsame.
      + by rewrite Hlen.
      + exists tr', sg''. rewrite <-Hlen. done.
  Qed.

  Lemma finish_any old k :
    lowest_first cfg = false → reentrant cfg = false →
    0 < thread_count cfg → 0 < max_batch cfg → initial_addresses cfg = [] →
    (thread_count cfg - 1) * ceil_div (max_batch cfg) cap = old → k ≤ thread_count cfg - 1 →
    ∃ tr sg ph, exec tr (old * cap) (State sg ph) ∧
      length sg = old + k * ceil_div (max_batch cfg) cap ∧
      sum_list_with used (take old sg) = 0 ∧
      sum_list_with used sg = (length sg - old) * cap ∧
      ph !! 0 = Some Idle ∧
      (∀ t, k < t < thread_count cfg → ph !! t = Some (Growing old (max_batch cfg) 0)).
  Proof.
    intros Hany Hre HN Hbatch Hinit Hold Hk. pose proof (capacity_pos cfg Hcfg) as Hcap.
    pose proof (ceil_div_mul (max_batch cfg) cap Hcap) as Hround.
    remember (ceil_div (max_batch cfg) cap) as c eqn:Hc.
    induction k as [|k IH].
    - destruct (race old HN Hbatch Hinit) as (tr & sg & ph & Hexec & _ & Hlen & Hused & _ & Hg & Hi).
      rewrite Hre in Hg, Hi. exists tr, sg, ph. split_and!; [done|lia| | | |].
      + by rewrite take_ge by lia.
      + rewrite Hlen, Nat.sub_diag. done.
      + apply Hi. lia.
      + intros t Ht. apply Hg. lia.
    - destruct IH as (tr & sg & ph & Hexec & Hlen & Hzero & Hused & Hidle & Hgrow); [lia|].
      destruct (complete tr _ _ (S k) old (max_batch cfg) 0 old Hexec)
        as (tr' & [sg' ph'] & Hexec' & Hlive' & Hph & _ & Htake & Hmost);
        [apply Hgrow; lia|done|].
      unfold live in Hlive', Hexec'; simpl in Hlive', Hexec', Hph, Htake, Hmost.
      rewrite <-Hc in Hmost. simpl in Hmost.
      assert (old ≤ length sg') as Hle.
      { apply (f_equal length) in Htake. rewrite !take_length in Htake. lia. }
      pose proof (exec_ok cfg Hcfg _ _ _ Hexec') as Hok'.
      pose proof (used_above old _ Hok' Hle ltac:(simpl; by rewrite Htake)) as Habove.
      unfold live in Habove; simpl in Habove.
      (* The new blocks need new segments: all others are full or old. *)
      assert (length sg' = old + S k * c) as Hlen'.
      { assert (c ≤ (length sg' - old) - (length sg - old)) as Hmore; [|simpl; lia].
        rewrite Hc. apply ceil_div_le; [done|]. rewrite Nat.mul_sub_distr_r. lia. }
      assert ((length sg' - old) * cap ≤ old * cap) as Hroom.
      { apply Nat.mul_le_mono_r. rewrite Hlen', <-Hold.
        pose proof (Nat.mul_le_mono_r (S k) _ c Hk). lia. }
      rewrite Nat.max_l in Hexec' by lia.
      destruct (fill (tr ++ tr') (old * cap) sg' ph' old Hany Hbatch) as (tr'' & sg'' & ? & ? & ? & ?).
      + exact Hexec'.
      + rewrite Hph. by rewrite list_lookup_insert_ne by done.
      + done.
      + by rewrite Htake.
      + done.
      + exists tr'', sg'', ph'. split_and!; [done|lia|done| | |].
        * by replace (length sg'') with (length sg').
        * rewrite Hph. by rewrite list_lookup_insert_ne by done.
        * intros t Ht. rewrite Hph, list_lookup_insert_ne by lia. apply Hgrow. lia.
  Qed.

  Lemma over_growth_reached_any :
    lowest_first cfg = false → reentrant cfg = false →
    0 < thread_count cfg → 0 < max_batch cfg → initial_addresses cfg = [] →
    ∃ tr peak σ, exec tr peak σ ∧
      length (segments σ) =
        needed cfg peak + (thread_count cfg - 1) * ceil_div (max_batch cfg) cap.
  Proof.
    intros Hany Hre HN Hbatch Hinit. pose proof (capacity_pos cfg Hcfg) as Hcap.
    set (old := (thread_count cfg - 1) * ceil_div (max_batch cfg) cap).
    destruct (finish_any old (thread_count cfg - 1) Hany Hre HN Hbatch Hinit eq_refl ltac:(done))
      as (tr & sg & ph & Hexec & Hlen & _).
    exists tr, (old * cap), (State sg ph). split; [done|]. simpl. rewrite Hlen. fold old.
    assert (needed cfg (old * cap) = old) as ->; [|done].
    unfold needed, initial_segments. rewrite Hinit. simpl.
    apply Nat.le_antisymm; [apply ceil_div_le|apply ceil_div_ge]; lia.
  Qed.
End executions.

(** ** The bounds are attained *)

(** The shipped choice, the lowest segment with room. *)
Theorem S7_lowest_first_attained cap threads batch :
  0 < cap → 0 < threads → 0 < batch →
  let cfg := Config cap NewSegments true false batch threads [] in
  ∃ tr peak σ, exec cfg tr peak σ ∧ untrimmed tr ∧
    length (segments σ) = needed cfg peak + ceil_div ((threads - 1) * batch) cap.
Proof.
  intros Hcap Hthreads Hbatch cfg.
  assert (config_ok cfg) as Hcfg by (split; [done|constructor]).
  destruct (over_growth_reached cfg Hcfg eq_refl Hthreads Hbatch eq_refl)
    as (tr & peak & σ & Hexec & Htrim & Hreach).
  exists tr, peak, σ. split_and!; [done|done|]. apply Nat.le_antisymm; [|done].
  by apply (S7_growth_bounded_lowest_first_batches cfg Hcfg tr).
Qed.

(** Any choice. *)
Theorem S7_any_choice_attained cap threads batch :
  0 < cap → 0 < threads → 0 < batch →
  let cfg := Config cap NewSegments false false batch threads [] in
  ∃ tr peak σ, exec cfg tr peak σ ∧
    length (segments σ) = needed cfg peak + (threads - 1) * ceil_div batch cap.
Proof.
  intros Hcap Hthreads Hbatch cfg.
  assert (config_ok cfg) as Hcfg by (split; [done|constructor]).
  by apply (over_growth_reached_any cfg Hcfg).
Qed.

(** A thread that may free inside its own growth window makes S7 false by one
    thread's share. *)
Theorem S7_reentrant_attained cap threads batch :
  0 < cap → 0 < threads → 0 < batch →
  let cfg := Config cap NewSegments true true batch threads [] in
  ∃ tr peak σ, exec cfg tr peak σ ∧ untrimmed tr ∧
    length (segments σ) = needed cfg peak + ceil_div (threads * batch) cap.
Proof.
  intros Hcap Hthreads Hbatch cfg.
  assert (config_ok cfg) as Hcfg by (split; [done|constructor]).
  destruct (over_growth_reached cfg Hcfg eq_refl Hthreads Hbatch eq_refl)
    as (tr & peak & σ & Hexec & Htrim & Hreach).
  exists tr, peak, σ. split_and!; [done|done|]. apply Nat.le_antisymm; [|done].
  by apply (S7_growth_bounded_lowest_first_reentrant cfg Hcfg tr).
Qed.

(** Single blocks and segments of one slot: with reentrant frees, one segment more
    than S7 allows. *)
Corollary S7_reentrant_exceeds threads :
  0 < threads →
  let cfg := Config 1 NewSegments true true 1 threads [] in
  ∃ tr peak σ, exec cfg tr peak σ ∧
    length (segments σ) = needed cfg peak + ceil_div (threads - 1) 1 + 1.
Proof.
  intros Hthreads cfg.
  destruct (S7_reentrant_attained 1 threads 1 ltac:(lia) Hthreads ltac:(lia))
    as (tr & peak & σ & Hexec & _ & Hlen).
  exists tr, peak, σ. split; [done|]. rewrite Hlen. unfold ceil_div. rewrite !Nat.div_1_r.
  unfold cfg. lia.
Qed.

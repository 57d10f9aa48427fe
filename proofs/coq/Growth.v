(** Growth: exact when phase 3 looks at all segments (S6), bounded when it looks
    at new ones only (S7), exact in either scope while nothing is freed.

    Everything here holds for any choice of segment; FirstFit.v sharpens S7 for
    the shipped choice, the lowest segment with room. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership.

(** ** Sums over the threads' phases *)
Definition growing (p : phase) : nat := match p with Growing _ _ _ => 1 | _ => 0 end.
Definition wanted (p : phase) : nat := match p with Growing _ rem _ => rem | _ => 0 end.
(** How many segments a thread may still install before its operation ends. *)
Definition pending (cap : nat) (p : phase) : nat := ceil_div (wanted p) cap.

Lemma pending_settled cap p : 0 < cap → ¬ is_growing p → pending cap p = 0.
Proof. intros Hcap Hp. unfold pending. destruct p; simpl in *; try done; by apply ceil_div_0. Qed.

Definition growers (ph : list phase) : nat := sum_list_with growing ph.

Lemma growers_le ph : growers ph ≤ length ph.
Proof.
  unfold growers. induction ph as [|p ph IH]; simpl; [done|]. destruct p; simpl; lia.
Qed.

Lemma growers_lt ph t p : ph !! t = Some p → ¬ is_growing p → growers ph < length ph.
Proof.
  unfold growers. revert t. induction ph as [|q ph IH]; intros [|t] Ht Hp; simplify_eq/=.
  - pose proof (growers_le ph). unfold growers in *. destruct p; simpl in *; [lia|done|lia].
  - specialize (IH _ Ht Hp). destruct q; simpl; lia.
Qed.

Lemma sum_le_growers (f : phase → nat) c ph :
  (∀ t p, ph !! t = Some p → f p ≤ growing p * c) → sum_list_with f ph ≤ growers ph * c.
Proof.
  unfold growers. induction ph as [|p ph IH]; simpl; intros Hf; [done|].
  pose proof (Hf 0 p eq_refl). specialize (IH (λ t q Ht, Hf (S t) q Ht)). lia.
Qed.

Lemma ceil_div_after_install r cap :
  0 < cap → 0 < r → S (ceil_div (r - r `min` cap) cap) ≤ ceil_div r cap.
Proof.
  intros Hcap Hr. apply ceil_div_ge; [done|]. destruct (decide (r ≤ cap)).
  - replace (r - r `min` cap) with 0 by lia. rewrite ceil_div_0 by done. lia.
  - pose proof (ceil_div_lt (r - r `min` cap) cap Hcap). lia.
Qed.

Lemma needed_mono cfg p q : 0 < capacity cfg → p ≤ q → needed cfg p ≤ needed cfg q.
Proof. intros Hcap Hle. unfold needed. pose proof (ceil_div_mono p q _ Hcap Hle). lia. Qed.

Lemma needed_full cfg p k : 0 < capacity cfg → k * capacity cfg ≤ p → k ≤ needed cfg p.
Proof.
  intros Hcap Hle. unfold needed. pose proof (ceil_div_ge p _ k Hcap ltac:(lia)). lia.
Qed.

Lemma needed_more cfg p k : 0 < capacity cfg → k * capacity cfg < p → S k ≤ needed cfg p.
Proof.
  intros Hcap Hle. unfold needed.
  pose proof (ceil_div_ge p (capacity cfg) (S k) Hcap ltac:(simpl; lia)). lia.
Qed.

Section growth.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Set Default Proof Using "All".

  Lemma exec_growing tr peak σ t len rem obt :
    exec tr peak σ → phases σ !! t = Some (Growing len rem obt) →
    0 < rem ≤ max_batch cfg ∧ len ≤ length (segments σ).
  Proof.
    intros Hexec. revert t len rem obt.
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep]; intros t0 len0 rem0 obt0 Ht0.
    { by apply lookup_replicate in Ht0 as [? _]. }
    assert (length (segments σ) ≤ length (segments σ')) as Hlen.
    { rewrite (effect_length _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)). lia. }
    assert (phases σ !! t0 = Some (Growing len0 rem0 obt0) ∨
      (0 < rem0 ≤ max_batch cfg ∧ len0 ≤ length (segments σ'))) as [Hold|Hnew]; [|
      destruct (IH _ _ _ _ Hold); lia|done].
    destruct Hstep; simpl in *; try (by left);
      apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]];
      try (by left); try done; right; unfold p, phase_after in Heq.
    - destruct (n - length got) eqn:Hr; simplify_eq. lia.
    - destruct (remaining - length got - length fresh) eqn:Hr; simplify_eq.
      destruct (IH _ _ _ _ H). lia.
  Qed.

  Lemma exec_pending tr peak σ :
    exec tr peak σ →
    sum_list_with (pending cap) (phases σ)
      ≤ growers (phases σ) * ceil_div (max_batch cfg) cap.
  Proof.
    pose proof (capacity_pos cfg Hcfg) as Hcap.
    intros Hexec. apply sum_le_growers. intros t p Ht. unfold pending.
    destruct p as [|len rem obt|i]; simpl; [by rewrite ceil_div_0| |by rewrite ceil_div_0].
    destruct (exec_growing _ _ _ _ _ _ _ Hexec Ht) as [Hrem _].
    pose proof (ceil_div_mono rem (max_batch cfg) cap Hcap ltac:(lia)). lia.
  Qed.

  (** A thread that goes on to grow has seen every slot live. *)
  Lemma start_miss_live sg t got sg' :
    segments_ok cfg sg → takes cfg anywhere t sg got sg' → full_where cfg anywhere sg' →
    sum_list_with used sg' = length sg' * cap.
  Proof.
    intros Hok Htakes Hfull. apply (sum_used_full cfg Hcfg); [|done].
    by destruct (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes).
  Qed.

  (** ** Never fewer segments than needed *)
  Theorem growth_lower tr peak σ : exec tr peak σ → needed cfg peak ≤ length (segments σ).
  Proof.
    intros Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    unfold needed. apply Nat.max_lub; [by eapply (exec_initial_le cfg Hcfg)|].
    apply ceil_div_le; [done|].
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep]; [lia|].
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as Heffect.
    pose proof (live_le cfg Hcfg σ' ltac:(by destruct Heffect)).
    rewrite (effect_length _ _ _ _ Heffect) in *. lia.
  Qed.

  (** ** S6 *)
  Lemma exact_upper tr peak σ :
    recheck cfg = AllSegments → exec tr peak σ → length (segments σ) ≤ needed cfg peak.
  Proof.
    intros Hall Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep].
    { simpl. rewrite fmap_length. unfold needed, initial_segments. lia. }
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as Heffect.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    pose proof (effect_length _ _ _ _ Heffect) as Hlen.
    pose proof (effect_live _ _ _ _ Heffect) as Hlive. clear Heffect.
    pose proof (needed_mono cfg peak (peak `max` live σ') Hcap ltac:(lia)) as Hmono.
    destruct a; try lia.
    inversion Hstep as [| |sg ph t' len rem obt got' sg1 a' fresh' sg2 Ht Htakes Hlt Hfull Ha
      Htakes2 Hfresh p| | | | |]; subst; simpl in *.
    rewrite Hall in Htakes, Hfull. simpl in *.
    pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as Htak.
    pose proof (taking_length _ Hcfg _ _ _ _ _ Htak) as Hlen1.
    destruct Htak as [Hok1 _ Hused1 _ _ _ _].
    rewrite (sum_used_full cfg Hcfg) in Hused1 by done.
    rewrite app_length in Hlive. unfold live in *; simpl in *.
    assert (S (length sg) ≤ needed cfg (peak `max` sum_list_with used sg2)); [|lia].
    apply needed_more; [done|]. rewrite <-Hlen1. lia.
  Qed.

  (** With [kAllSegments] a slab has exactly the segments it needs, always. *)
  Theorem S6_growth_exact tr peak σ :
    recheck cfg = AllSegments → exec tr peak σ → length (segments σ) = needed cfg peak.
  Proof.
    intros Hall Hexec. apply Nat.le_antisymm; [by eapply exact_upper|by eapply growth_lower].
  Qed.

  (** ** S7, allocations only *)
  Definition below_observed_full (σ : state) : Prop :=
    ∀ t len rem obt i s, phases σ !! t = Some (Growing len rem obt) → i < len →
      segments σ !! i = Some s → full cap s.

  (** A full segment stays full while blocks are only taken. *)
  Lemma takes_full looks t sg got sg' i s :
    segments_ok cfg sg → takes cfg looks t sg got sg' →
    sg !! i = Some s → full cap s → sg' !! i = Some s.
  Proof.
    intros Hok Htakes. revert i s.
    induction Htakes as [sg|sg k sk j s' got sg' Hlooks Hlow Hk Htake Htakes IH];
      intros i s Hi Hfull; [done|].
    destruct (take_slot_ok cap t sk j s') as (Hs' & _); [by eapply (segments_ok_lookup cfg Hcfg)|done|].
    apply IH; [by apply Forall_insert| |done].
    destruct (decide (i = k)) as [->|Hne]; [|by rewrite list_lookup_insert_ne].
    simplify_eq. apply (take_slot_full cap t) in Hfull. by rewrite Hfull in Htake.
  Qed.

  Lemma allocation_only_upper tr peak σ :
    recheck cfg ≠ NoSegments → exec tr peak σ →
    (∀ a, a ∈ tr → ¬ is_free a ∧ ¬ is_trim a) →
    below_observed_full σ ∧ length (segments σ) ≤ needed cfg peak.
  Proof.
    intros Hscope Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep]; intros Honly.
    { split.
      - intros t len rem obt i s Ht. by apply lookup_replicate in Ht as [? _].
      - simpl. rewrite fmap_length. unfold needed, initial_segments. lia. }
    destruct IH as [Hbelow Hupper]; [intros; apply Honly; set_solver|].
    destruct (Honly a ltac:(set_solver)) as [Hnofree Hnotrim]. clear Honly.
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as Heffect.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    pose proof (effect_length _ _ _ _ Heffect) as Hlen.
    pose proof (effect_ok _ _ _ _ Heffect) as Hok'.
    pose proof (effect_live _ _ _ _ Heffect) as Hlive. clear Heffect.
    pose proof (needed_mono cfg peak (peak `max` live σ') Hcap ltac:(lia)) as Hmono.
    pose proof (λ t len rem obt, exec_growing tr peak σ t len rem obt Hexec) as Hgrow.
    destruct Hstep as [sg ph t n got sg' Ht Hn Htakes Hle Hfull p
      |sg ph t len rem obt got sg' Ht Htakes Hlen'
      |sg ph t len rem obt got sg1 a fresh sg2 Ht Htakes Hlt Hfull Ha Htakes2 Hfresh p
      |sg ph t len rem obt got sg' Ht Htakes Hle Hfull
      |sg ph t p blocks sg' Ht Hmay Hputs
      |sg ph t i s Ht Hi Hfree
      |sg ph t i s Ht Hi Hall
      |sg ph t p u q i s j Ht Hp Hu Hi Hown]; simpl in *; try done.
    - assert (∀ k s, sg' !! k = Some s → k < length sg → ∀ s0, sg !! k = Some s0 →
        full cap s0 → full cap s) as Hkeep.
      { intros k s Hk _ s0 Hk0 Hf. rewrite (takes_full _ _ _ _ _ k s0) in Hk by done.
        by simplify_eq. }
      split; [|lia]. intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
      apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]].
      + unfold p, phase_after in Heq. destruct (n - length got) eqn:Hr; simplify_eq.
        by apply (Hfull ltac:(lia) i0 s0).
      + destruct (Hgrow _ _ _ _ Ht0) as [_ Hl]; simpl in Hl.
        destruct (lookup_lt_is_Some_2 sg i0 ltac:(lia)) as [s1 Hs1].
        eapply Hkeep; [done|lia|done|]. by eapply Hbelow.
    - split; [|lia]. intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
      apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]]; [done|].
      destruct (Hgrow _ _ _ _ Ht0) as [_ Hl]; simpl in Hl.
      destruct (lookup_lt_is_Some_2 sg i0 ltac:(lia)) as [s1 Hs1].
      assert (full cap s1) as Hf by (by eapply Hbelow).
      rewrite (takes_full _ _ _ _ _ i0 s1) in Hs0 by done. by simplify_eq.
    - pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as Htak.
      pose proof (taking_length _ Hcfg _ _ _ _ _ Htak) as Hlen1.
      destruct Htak as [Hok1 _ Hused1 _ _ _ _].
      destruct (Hgrow _ _ _ _ Ht) as [Hrem Hl]; simpl in Hl.
      assert (full_where cfg anywhere sg1) as Hfull1.
      { intros k s _ Hk. destruct (decide (k < len)) as [Hlow|Hhigh].
        - destruct (lookup_lt_is_Some_2 sg k ltac:(lia)) as [s1 Hs1].
          assert (full cap s1) as Hf by (by eapply Hbelow).
          rewrite (takes_full _ _ sg _ _ k s1) in Hk by done. by simplify_eq.
        - apply (Hfull k s); [|done]. destruct (recheck cfg) eqn:?; simpl; [done|lia|congruence]. }
      rewrite (sum_used_full cfg Hcfg sg1) in Hused1 by done.
      assert (segments_ok cfg (sg1 ++ [empty_segment cap a])) as Hok1'
        by (by apply (segments_ok_snoc cfg Hcfg)).
      pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok1' Htakes2) as Htak2.
      pose proof (taking_length _ Hcfg _ _ _ _ _ Htak2) as Hlen2.
      destruct Htak2 as [Hok2 _ Hused2 _ _ _ _].
      rewrite sum_list_with_app, (sum_used_full cfg Hcfg sg1) in Hused2 by done.
      rewrite app_length in Hlive, Hlen2. unfold live in *; simpl in *.
      rewrite (proj1 (proj2 (empty_segment_ok cap a))) in Hused2.
      split.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]].
        * unfold p, phase_after in Heq.
          destruct (rem - length got - length fresh) eqn:Hr; simplify_eq.
          apply (full_when_live_max cfg Hcfg _ i0 s0 Hok'); [|done].
          unfold live; simpl. lia.
        * destruct (Hgrow _ _ _ _ Ht0) as [_ Hl0]; simpl in Hl0.
          destruct (lookup_lt_is_Some_2 sg1 i0 ltac:(lia)) as [s1 Hs1].
          assert (full cap s1) as Hf by (by apply (Hfull1 i0 s1)).
          assert ((sg1 ++ [empty_segment cap a]) !! i0 = Some s1) as Hs1'
            by (rewrite lookup_app_l by lia; done).
          pose proof (takes_full _ _ _ _ _ _ _ Hok1' Htakes2 Hs1' Hf) as Hkeep.
          simpl in Hs0. by simplify_eq.
      + rewrite Hlen.
        assert (S (length sg) ≤ needed cfg (peak `max` sum_list_with used sg2)); [|lia].
        apply needed_more; [done|]. rewrite <-Hlen1. lia.
    - split; [|lia]. intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
      apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]]; [done|].
      destruct (Hgrow _ _ _ _ Ht0) as [_ Hl]; simpl in Hl.
      destruct (lookup_lt_is_Some_2 sg i0 ltac:(lia)) as [s1 Hs1].
      assert (full cap s1) as Hf by (by eapply Hbelow).
      rewrite (takes_full _ _ _ _ _ i0 s1) in Hs0 by done. by simplify_eq.
    - split; [|lia]. intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
      simpl in Hs0. destruct (decide (i0 = i)) as [->|Hne].
      + rewrite list_lookup_insert in Hs0 by (by eapply lookup_lt_Some). simplify_eq.
        assert (full cap s) as Hf by (by eapply Hbelow). done.
      + rewrite list_lookup_insert_ne in Hs0 by done. by eapply Hbelow.
  Qed.

  (** While nothing is freed or trimmed, growth is exact in either scope. *)
  Theorem S7_allocations_only_exact tr peak σ :
    recheck cfg ≠ NoSegments → exec tr peak σ →
    (∀ a, a ∈ tr → ¬ is_free a ∧ ¬ is_trim a) →
    length (segments σ) = needed cfg peak.
  Proof.
    intros Hscope Hexec Honly.
    apply Nat.le_antisymm; [by eapply allocation_only_upper|by eapply growth_lower].
  Qed.

  (** ** S7, any choice of segment, any scope *)

  (** The threads that were growing when every slot was last seen live may each
      install as many segments as their batch still wants; nobody else may.  If
      all threads are growing, nobody can free, so that the first to finish has
      installed only what was needed: hence [threads - 1]. *)
  Definition over_growth_bounded (peak : nat) (σ : state) : Prop :=
    length (segments σ) + sum_list_with (pending cap) (phases σ)
      ≤ needed cfg peak + (thread_count cfg - 1) * ceil_div (max_batch cfg) cap ∨
    (growers (phases σ) = thread_count cfg ∧ length (segments σ) ≤ needed cfg peak ∧
     live σ = length (segments σ) * cap).

  Lemma exec_over_growth tr peak σ :
    reentrant cfg = false → exec tr peak σ → over_growth_bounded peak σ.
  Proof.
    intros Hre Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep].
    { left. simpl. rewrite fmap_length, sum_list_with_replicate. unfold pending; simpl.
      rewrite ceil_div_0 by done. unfold needed, initial_segments. lia. }
    assert (exec (tr ++ [a]) (peak `max` live σ') σ') as Hexec' by (by econstructor).
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as Heffect.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    pose proof (live_le cfg Hcfg σ' ltac:(by destruct Heffect)) as Hcapacity.
    pose proof (effect_length _ _ _ _ Heffect) as Hlen.
    pose proof (effect_live _ _ _ _ Heffect) as Hlive. clear Heffect.
    pose proof (exec_thread_count cfg Hcfg _ _ _ Hexec) as Hthreads.
    pose proof (exec_pending _ _ _ Hexec') as Hpending'.
    pose proof (needed_mono cfg peak (peak `max` live σ') Hcap ltac:(lia)) as Hmono.
    pose proof (λ t len rem obt, exec_growing tr peak σ t len rem obt Hexec) as Hgrow.
    unfold over_growth_bounded in *.
    set (c := ceil_div (max_batch cfg) cap) in *. set (N := thread_count cfg) in *.
    clearbody c N.
    assert (∀ g, g < N → g * c ≤ (N - 1) * c) as Hmul.
    { intros g Hg. apply Nat.mul_le_mono_r. lia. }
    set (bound := (N - 1) * c) in *. clearbody bound.
    pose proof (λ t q, growers_lt (phases σ) t q) as Hglt. rewrite Hthreads in Hglt.
    destruct Hstep as [sg ph t n got sg' Ht Hn Htakes Hle Hfull p
      |sg ph t len rem obt got sg' Ht Htakes Hlen'
      |sg ph t len rem obt got sg1 a fresh sg2 Ht Htakes Hlt Hfull Ha Htakes2 Hfresh p
      |sg ph t len rem obt got sg' Ht Htakes Hle Hfull
      |sg ph t p blocks sg' Ht Hmay Hputs
      |sg ph t i s Ht Hi Hfree
      |sg ph t i s Ht Hi Hall
      |sg ph t p u q i s j Ht Hp Hu Hi Hown]; simpl in *.
    - specialize (Hglt _ _ Ht ltac:(simpl; tauto)).
      pose proof (sum_list_with_insert (pending cap) ph t _ p Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ p Ht) as Hg.
      fold (growers ph) (growers (<[t:=p]> ph)) in Hg.
      unfold p, phase_after in *. destruct (n - length got) as [|r] eqn:Hr.
      + left. rewrite !pending_settled in Hp by (done || (simpl; tauto)). lia.
      + assert (live (State sg' (<[t:=p]> ph)) = length sg' * cap) as Hlive'.
        { unfold live; simpl. eapply (start_miss_live sg); [done|done|]. apply Hfull. lia. }
        unfold live in Hlive', Hmono, Hcapacity; simpl in Hlive', Hmono, Hcapacity.
        unfold live; simpl in *.
        assert (length sg' ≤ needed cfg (peak `max` sum_list_with used sg')).
        { apply needed_full; [done|]. lia. }
        set (ph' := <[t:=Growing (length sg') (S r) (length got)]> ph) in *.
        destruct (decide (growers ph' = N)); [right; lia|].
        left. specialize (Hmul (growers ph') ltac:(lia)). lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ Idle Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ Idle Ht) as Hg.
      fold (growers ph) (growers (<[t:=Idle]> ph)) in Hg. simpl in Hg.
      rewrite (pending_settled _ Idle) in Hp by (done || (simpl; tauto)).
      left. destruct IH as [IH|(HN & IH & _)]; [lia|].
      specialize (Hmul (growers (<[t:=Idle]> ph)) ltac:(lia)). lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ p Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ p Ht) as Hg.
      fold (growers ph) (growers (<[t:=p]> ph)) in Hg. simpl in Hg.
      destruct (Hgrow _ _ _ _ Ht) as [Hrem _].
      pose proof (ceil_div_after_install (rem - length got) cap Hcap ltac:(lia)) as Hceil.
      pose proof (ceil_div_mono (rem - length got) rem cap Hcap ltac:(lia)) as Hceil'.
      rewrite app_length in Hlive.
      assert (pending cap p = ceil_div (rem - length got - length fresh) cap) as Hpp.
      { unfold p, phase_after, pending.
        destruct (rem - length got - length fresh) eqn:Hr; simpl; done. }
      rewrite Hpp in Hp. change (pending cap (Growing len rem obt)) with (ceil_div rem cap) in Hp.
      rewrite Hfresh in Hp. rewrite <-Hfresh in Hceil, Hp.
      destruct IH as [IH|(HN & IH & Hmax)].
      + left. rewrite Hfresh in Hp, Hceil. lia.
      + pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as Htak.
        pose proof (taking_length _ Hcfg _ _ _ _ _ Htak) as Hlen1.
        destruct Htak as [Hok1 _ Hused1 _ _ _ _].
        assert (sum_list_with used sg1 ≤ length sg1 * cap) as Hle1.
        { clear -Hok1 Hcfg. induction Hok1 as [|s l Hs _ IH]; simpl; [lia|].
          pose proof (used_le cap s Hs). lia. }
        unfold live in *; simpl in *. rewrite Hlen1 in Hle1.
        assert (length got = 0) as Hgot0 by lia.
        assert (S (length sg) ≤ needed cfg (peak `max` sum_list_with used sg2)) as Hneed.
        { apply needed_more; [done|]. lia. }
        unfold p, phase_after in *. destruct (rem - length got - length fresh) as [|r] eqn:Hr.
        * left. simpl in Hg. specialize (Hmul (growers (<[t:=Idle]> ph)) ltac:(lia)). lia.
        * right. simpl in Hg. split_and!; [lia|lia|]. rewrite Hlen. lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ Idle Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ Idle Ht) as Hg.
      fold (growers ph) (growers (<[t:=Idle]> ph)) in Hg. simpl in Hg.
      rewrite (pending_settled _ Idle) in Hp by (done || (simpl; tauto)).
      left. destruct IH as [IH|(HN & IH & _)]; [lia|].
      specialize (Hmul (growers (<[t:=Idle]> ph)) ltac:(lia)). lia.
    - destruct Hmay as [->|[Hr _]]; [|congruence].
      specialize (Hglt _ _ Ht ltac:(simpl; tauto)). left. lia.
    - specialize (Hglt _ _ Ht ltac:(simpl; tauto)).
      pose proof (sum_list_with_insert (pending cap) ph t _ (Trimming i) Ht) as Hp.
      rewrite !pending_settled in Hp by (done || (simpl; tauto)). left. lia.
    - specialize (Hglt _ _ Ht ltac:(simpl; tauto)).
      pose proof (sum_list_with_insert (pending cap) ph t _ Idle Ht) as Hp.
      rewrite !pending_settled in Hp by (done || (simpl; tauto)). left. lia.
    - destruct IH as [IH|IH]; [left; lia|right]. split_and!; lia.
  Qed.

  (** For batches of at most [max_batch] blocks. *)
  Theorem S7_growth_bounded_batches tr peak σ :
    reentrant cfg = false → exec tr peak σ →
    length (segments σ)
      ≤ needed cfg peak + (thread_count cfg - 1) * ceil_div (max_batch cfg) cap.
  Proof.
    intros Hre Hexec. destruct (exec_over_growth _ _ _ Hre Hexec) as [Hle|(_ & Hle & _)]; [lia|].
    etrans; [exact Hle|apply Nat.le_add_r].
  Qed.

  (** Batches that fit one segment, single blocks above all. *)
  Theorem S7_growth_bounded tr peak σ :
    reentrant cfg = false → max_batch cfg ≤ cap → exec tr peak σ →
    length (segments σ) ≤ needed cfg peak + (thread_count cfg - 1).
  Proof.
    intros Hre Hbatch Hexec. pose proof (S7_growth_bounded_batches _ _ _ Hre Hexec) as Hle.
    pose proof (ceil_div_le (max_batch cfg) cap 1 (capacity_pos cfg Hcfg) ltac:(lia)) as Hc.
    pose proof (Nat.mul_le_mono_l _ _ (thread_count cfg - 1) Hc). lia.
  Qed.

  (** If a thread may free between its own two critical sections, the bound is
      that of one thread more; Tightness.v shows that it is attained. *)
  Theorem S7_growth_bounded_reentrant tr peak σ :
    exec tr peak σ →
    length (segments σ) + sum_list_with (pending cap) (phases σ)
      ≤ needed cfg peak + thread_count cfg * ceil_div (max_batch cfg) cap.
  Proof.
    intros Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep].
    { simpl. rewrite fmap_length, sum_list_with_replicate. unfold pending; simpl.
      rewrite ceil_div_0 by done. unfold needed, initial_segments. lia. }
    assert (exec (tr ++ [a]) (peak `max` live σ') σ') as Hexec' by (by econstructor).
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as Heffect.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    pose proof (effect_length _ _ _ _ Heffect) as Hlen. clear Heffect.
    pose proof (exec_thread_count cfg Hcfg _ _ _ Hexec') as Hthreads.
    pose proof (exec_pending _ _ _ Hexec') as Hpending'.
    pose proof (growers_le (phases σ')) as Hgle. rewrite Hthreads in Hgle.
    pose proof (needed_mono cfg peak (peak `max` live σ') Hcap ltac:(lia)) as Hmono.
    pose proof (λ t len rem obt, exec_growing tr peak σ t len rem obt Hexec) as Hgrow.
    set (c := ceil_div (max_batch cfg) cap) in *. set (N := thread_count cfg) in *.
    clearbody c N.
    pose proof (Nat.mul_le_mono_r _ _ c Hgle) as Hmul. clear Hthreads Hgle.
    destruct Hstep as [sg ph t n got sg' Ht Hn Htakes Hle Hfull p
      |sg ph t len rem obt got sg' Ht Htakes Hlen'
      |sg ph t len rem obt got sg1 a fresh sg2 Ht Htakes Hlt Hfull Ha Htakes2 Hfresh p
      |sg ph t len rem obt got sg' Ht Htakes Hle Hfull
      |sg ph t p blocks sg' Ht Hmay Hputs
      |sg ph t i s Ht Hi Hfree
      |sg ph t i s Ht Hi Hall
      |sg ph t p u q i s j Ht Hp Hu Hi Hown]; simpl in *.
    - pose proof (sum_list_with_insert (pending cap) ph t _ p Ht) as Hp.
      unfold p, phase_after in *. destruct (n - length got) as [|r] eqn:Hr.
      + rewrite !pending_settled in Hp by (done || (simpl; tauto)). lia.
      + pose proof (start_miss_live sg t got sg' Hok Htakes (Hfull ltac:(lia))) as Hlive.
        assert (length sg' ≤ needed cfg (peak `max` sum_list_with used sg')).
        { apply needed_full; [done|]. lia. }
        unfold live in *; simpl in *. lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ Idle Ht) as Hp.
      rewrite (pending_settled _ Idle) in Hp by (done || (simpl; tauto)). lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ p Ht) as Hp.
      destruct (Hgrow _ _ _ _ Ht) as [Hrem _].
      pose proof (ceil_div_after_install (rem - length got) cap Hcap ltac:(lia)) as Hceil.
      pose proof (ceil_div_mono (rem - length got) rem cap Hcap ltac:(lia)) as Hceil'.
      assert (pending cap p = ceil_div (rem - length got - length fresh) cap) as Hpp.
      { unfold p, phase_after, pending.
        destruct (rem - length got - length fresh) eqn:Hr; simpl; done. }
      rewrite Hpp, Hfresh in Hp. change (pending cap (Growing len rem obt)) with (ceil_div rem cap) in Hp. lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ Idle Ht) as Hp.
      rewrite (pending_settled _ Idle) in Hp by (done || (simpl; tauto)). lia.
    - lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ (Trimming i) Ht) as Hp.
      rewrite !pending_settled in Hp by (done || (simpl; tauto)). lia.
    - pose proof (sum_list_with_insert (pending cap) ph t _ Idle Ht) as Hp.
      rewrite !pending_settled in Hp by (done || (simpl; tauto)). lia.
    - lia.
  Qed.
End growth.

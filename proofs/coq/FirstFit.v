(** S7 for the shipped choice of segment, the lowest with room, while no segment
    is being trimmed: fewer segments too many than Growth.v allows, because the
    growers of one race share the segments that they install.

    With a trim in the race the sharper bound is false (Tightness.v). *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth.

(** How many slots of the segments from [bound] on were ever handed out. *)
Definition carved_above (bound : nat) (sg : list segment) : nat :=
  sum_list_with carved (drop bound sg).

Lemma carved_above_mono b c sg : b ≤ c → carved_above c sg ≤ carved_above b sg.
Proof.
  intros Hle. unfold carved_above. replace c with (b + (c - b)) by lia.
  rewrite <-drop_drop. generalize (drop b sg), (c - b). intros l n.
  rewrite <-(take_drop n l) at 2. rewrite sum_list_with_app. lia.
Qed.

Lemma carved_above_none b sg : length sg ≤ b → carved_above b sg = 0.
Proof. intros Hle. unfold carved_above. by rewrite drop_ge. Qed.

Lemma carved_above_low b sg i s : i < b → carved_above b (<[i := s]> sg) = carved_above b sg.
Proof. intros Hi. unfold carved_above. by rewrite drop_insert_gt. Qed.

Lemma carved_above_high b sg i s s' :
  b ≤ i → sg !! i = Some s →
  carved_above b (<[i := s']> sg) + carved s = carved_above b sg + carved s'.
Proof.
  intros Hle Hi. unfold carved_above. rewrite drop_insert_le by done.
  apply sum_list_with_insert. rewrite lookup_drop. by replace (b + (i - b)) with i by lia.
Qed.

Lemma carved_above_snoc b cap sg a :
  carved_above b (sg ++ [empty_segment cap a]) ≤ carved_above b sg.
Proof.
  unfold carved_above. destruct (decide (b ≤ length sg)) as [Hle|Hgt].
  - rewrite drop_app_le by done. rewrite sum_list_with_app. simpl. lia.
  - rewrite (drop_ge (sg ++ _)) by (rewrite app_length; simpl; lia). simpl. lia.
Qed.

Lemma carved_above_same b (sg sg' : list segment) :
  carved <$> sg' = carved <$> sg → carved_above b sg' = carved_above b sg.
Proof.
  intros Heq. unfold carved_above.
  assert (∀ l : list segment, sum_list_with carved l = sum_list (carved <$> l)) as Hsum.
  { intros l. induction l as [|s l IH]; simpl; [done|]. by rewrite IH. }
  by rewrite !Hsum, !fmap_drop, Heq.
Qed.

Section first_fit.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Set Default Proof Using "All".

  (** All threads can race each other only if one of them can also free. *)
  Definition racers : nat :=
    if reentrant cfg then thread_count cfg else thread_count cfg - 1.

  Lemma takes_carved_above b looks t sg got sg' :
    segments_ok cfg sg → takes cfg looks t sg got sg' →
    carved_above b sg' ≤ carved_above b sg + length got.
  Proof.
    intros Hok Htakes.
    induction Htakes as [sg|sg i s j s' got sg' Hlooks Hlow Hi Htake Htakes IH]; simpl; [lia|].
    destruct (take_slot_ok cap t s j s') as (Hs' & _ & _ & _ & _ & _ & Hcarved);
      [by eapply (segments_ok_lookup cfg Hcfg)|done|].
    specialize (IH ltac:(by apply Forall_insert)).
    destruct (decide (i < b)); [rewrite carved_above_low in IH by done; lia|].
    pose proof (carved_above_high b sg i s s' ltac:(lia) Hi). lia.
  Qed.

  (** A segment carved to its end stays so while blocks are only taken. *)
  Lemma takes_carved_end looks t sg got sg' i s :
    segments_ok cfg sg → takes cfg looks t sg got sg' →
    sg !! i = Some s → carved s = cap → ∃ s', sg' !! i = Some s' ∧ carved s' = cap.
  Proof.
    intros Hok Htakes. revert s.
    induction Htakes as [sg|sg k sk j s' got sg' Hlooks Hlow Hk Htake Htakes IH];
      intros s Hi Hs; [eauto|].
    destruct (take_slot_ok cap t sk j s') as (Hs' & _ & _ & _ & _ & _ & Hcarved);
      [by eapply (segments_ok_lookup cfg Hcfg)|done|].
    specialize (IH ltac:(by apply Forall_insert)).
    destruct (decide (i = k)) as [->|Hne].
    - simplify_eq. apply (IH s'); [apply list_lookup_insert; by eapply lookup_lt_Some|].
      destruct Hs'. lia.
    - apply (IH s); [by rewrite list_lookup_insert_ne|done].
  Qed.

  Lemma prefix_full_used sg i :
    segments_ok cfg sg → i ≤ length sg →
    (∀ k s, k < i → sg !! k = Some s → full cap s) → i * cap ≤ sum_list_with used sg.
  Proof.
    intros Hok. revert i. induction Hok as [|s sg Hs Hok IH]; intros i Hi Hfull; simpl in *.
    - assert (i = 0) as -> by lia. done.
    - destruct i as [|i]; [lia|]. simpl.
      rewrite (full_used cap s) by (done || by apply (Hfull 0); [lia|]).
      specialize (IH i ltac:(lia)).
      assert (i * cap ≤ sum_list_with used sg); [|lia].
      apply IH. intros k sk Hk. apply (Hfull (S k)). lia.
  Qed.

  (** Lowest first, blocks come from the segments that are needed anyway. *)
  Lemma takes_low b t sg got sg' :
    lowest_first cfg = true → segments_ok cfg sg → takes cfg anywhere t sg got sg' →
    sum_list_with used sg' ≤ b * cap → carved_above b sg' = carved_above b sg.
  Proof.
    intros Hfirst Hok Htakes. induction Htakes as [sg|sg i s j s' got sg' _ Hlow Hi Htake Htakes IH];
      intros Hused; [done|].
    destruct (take_slot_ok cap t s j s') as (Hs' & _ & _ & _ & _ & Hone & _);
      [by eapply (segments_ok_lookup cfg Hcfg)|done|].
    assert (segments_ok cfg (<[i:=s']> sg)) as Hok' by (by apply Forall_insert).
    rewrite IH by done. apply carved_above_low.
    assert (i * cap ≤ sum_list_with used sg) as Hprefix.
    { apply prefix_full_used; [done|apply lookup_lt_Some in Hi; lia|].
      intros k sk Hk Hsk. by apply (Hlow Hfirst k sk). }
    pose proof (sum_used_insert sg i s s' Hi).
    destruct (takes_taking cfg Hcfg _ _ _ _ _ Hok' Htakes) as [_ _ Hused' _ _ _ _].
    assert (i * cap < b * cap) by lia. by eapply Nat.mul_lt_mono_pos_r; [apply Hcfg|].
  Qed.

  (** A new segment serves alone. *)
  Lemma takes_last t sg s fresh sg' :
    takes cfg (eq (length sg)) t (sg ++ [s]) fresh sg' → ∃ s', sg' = sg ++ [s'].
  Proof.
    intros Htakes. remember (sg ++ [s]) as sg0 eqn:Heq. revert s Heq.
    induction Htakes as [sg0|sg0 i s0 j s' got sg' <- Hlow Hi Htake Htakes IH]; intros s ->; [eauto|].
    apply (IH s'). by rewrite insert_app_r_alt, Nat.sub_diag by lia.
  Qed.

  Lemma sum_used_le_carved sg b :
    segments_ok cfg sg → (∀ i s, b ≤ i → sg !! i = Some s → carved s = cap) →
    carved_above b sg = (length sg - b) * cap.
  Proof.
    intros _ Hend. unfold carved_above. rewrite <-drop_length.
    assert (∀ s, s ∈ drop b sg → carved s = cap) as Hall.
    { intros s [i Hi]%elem_of_list_lookup. rewrite lookup_drop in Hi.
      apply (Hend (b + i)); [lia|done]. }
    induction (drop b sg) as [|s l IH]; simpl; [done|].
    rewrite (Hall s), IH; [done| |set_solver]. intros s' Hs'. apply Hall. set_solver.
  Qed.

  Record sharing (peak : nat) (σ : state) : Prop := {
    (** what a grower will not look at again and is not needed was carved to its end *)
    sharing_carved : ∀ t len rem obt i s,
      phases σ !! t = Some (Growing len rem obt) → needed cfg peak ≤ i < len →
      segments σ !! i = Some s → carved s = cap;
    (** slots carved beyond the needed segments were carved by growers *)
    sharing_budget :
      carved_above (needed cfg peak) (segments σ) + sum_list_with wanted (phases σ)
        ≤ racers * max_batch cfg ∨
      (reentrant cfg = false ∧ growers (phases σ) = thread_count cfg ∧
       length (segments σ) ≤ needed cfg peak ∧ live σ = length (segments σ) * cap);
    sharing_length :
      length (segments σ) ≤ needed cfg peak + ceil_div (racers * max_batch cfg) cap
  }.

  Lemma exec_wanted tr peak σ :
    exec tr peak σ → sum_list_with wanted (phases σ) ≤ growers (phases σ) * max_batch cfg.
  Proof.
    intros Hexec. apply sum_le_growers. intros t p Ht.
    destruct p as [|len rem obt|i]; simpl; [done| |done].
    destruct (exec_growing cfg Hcfg _ _ _ _ _ _ _ Hexec Ht). lia.
  Qed.

  Lemma exec_sharing tr peak σ :
    recheck cfg ≠ NoSegments → lowest_first cfg = true → exec tr peak σ →
    (∀ a, a ∈ tr → ¬ is_trim a) → sharing peak σ.
  Proof.
    intros Hscope Hfirst Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction Hexec as [|tr peak σ a σ' Hexec IH Hstep]; intros Honly.
    { constructor; simpl.
      - intros t len rem obt i s Ht. by apply lookup_replicate in Ht as [? _].
      - left. rewrite carved_above_none, sum_list_with_replicate by
          (rewrite fmap_length; unfold needed, initial_segments; lia). simpl. lia.
      - rewrite fmap_length. unfold needed, initial_segments. lia. }
    destruct IH as [Hend Hbudget Hlength]; [intros; apply Honly; set_solver|].
    assert (¬ is_trim a) as Hnotrim by (apply Honly; set_solver). clear Honly.
    assert (exec (tr ++ [a]) (peak `max` live σ') σ') as Hexec' by (by econstructor).
    pose proof (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep) as Heffect.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    pose proof (effect_ok _ _ _ _ Heffect) as [Hok' _].
    pose proof (effect_length _ _ _ _ Heffect) as Hlen.
    pose proof (effect_live _ _ _ _ Heffect) as Hlive. clear Heffect.
    pose proof (exec_thread_count cfg Hcfg _ _ _ Hexec) as Hthreads.
    pose proof (exec_thread_count cfg Hcfg _ _ _ Hexec') as Hthreads'.
    pose proof (exec_wanted _ _ _ Hexec') as Hwanted'.
    pose proof (growers_le (phases σ')) as Hgle. rewrite Hthreads' in Hgle.
    pose proof (needed_mono cfg peak (peak `max` live σ') Hcap ltac:(lia)) as Hmono.
    assert (live σ' ≤ needed cfg (peak `max` live σ') * cap) as Hcovered.
    { pose proof (ceil_div_mul (peak `max` live σ') cap Hcap). unfold needed.
      pose proof (Nat.mul_le_mono_r _ _ cap
        (Nat.le_max_r (initial_segments cfg) (ceil_div (peak `max` live σ') cap))). lia. }
    pose proof (λ t len rem obt, exec_growing cfg Hcfg tr peak σ t len rem obt Hexec) as Hgrow.
    pose proof (carved_above_mono _ _ (segments σ) Hmono) as Habove.
    pose proof (λ t q, growers_lt (phases σ) t q) as Hglt. rewrite Hthreads in Hglt.
    assert (∀ g, g < thread_count cfg ∨ reentrant cfg = true ∧ g ≤ thread_count cfg →
      g * max_batch cfg ≤ racers * max_batch cfg) as Hmul.
    { intros g Hg. apply Nat.mul_le_mono_r. unfold racers. destruct (reentrant cfg); naive_solver lia. }
    assert (∀ g, g < thread_count cfg → g * max_batch cfg ≤ racers * max_batch cfg) as Hmul'
      by (intros; apply Hmul; by left).
    remember (racers * max_batch cfg) as budget eqn:Hbudget_is.
    set (P := needed cfg peak) in *. set (P' := needed cfg (peak `max` live σ')) in *.
    clear Hthreads'.
    destruct Hstep as [sg ph t n got sg' Ht Hn Htakes Hle Hfull p
      |sg ph t len rem obt got sg' Ht Htakes Hlen'
      |sg ph t len rem obt got sg1 a fresh sg2 Ht Htakes Hlt Hfull Ha Htakes2 Hfresh p
      |sg ph t len rem obt got sg' Ht Htakes Hle Hfull
      |sg ph t p blocks sg' Ht Hmay Hputs
      |sg ph t i s Ht Hi Hfree
      |sg ph t i s Ht Hi Hall
      |sg ph t p u q i s j Ht Hp Hu Hi Hown]; simpl in *; try done.
    - (* phase 1 *)
      specialize (Hglt _ _ Ht ltac:(simpl; tauto)).
      pose proof (sum_list_with_insert wanted ph t _ p Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ p Ht) as Hg.
      fold (growers ph) (growers (<[t:=p]> ph)) in Hg. simpl in Hp, Hg.
      assert (carved_above P' sg' = carved_above P' sg) as Hsame
        by (by eapply takes_low).
      assert (n - length got ≠ 0 → length sg' ≤ P' ∧
        live (State sg' (<[t:=p]> ph)) = length sg' * cap) as Hmiss.
      { intros Hr. assert (live (State sg' (<[t:=p]> ph)) = length sg' * cap) as Hl.
        { unfold live; simpl. eapply (start_miss_live cfg Hcfg sg); [done|done|].
          apply Hfull. lia. }
        split; [|done]. apply needed_full; [done|]. lia. }
      constructor; simpl; fold P'; rewrite <-?Hbudget_is.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]].
        * unfold p, phase_after in Heq. destruct (n - length got) eqn:Hr; simplify_eq.
          destruct (Hmiss ltac:(lia)). lia.
        * destruct (Hgrow _ _ _ _ Ht0) as [_ Hl].
          destruct (lookup_lt_is_Some_2 sg i0 ltac:(lia)) as [s1 Hs1].
          assert (carved s1 = cap) as Hc1 by (eapply Hend; [done| |done]; lia).
          destruct (takes_carved_end _ _ _ _ _ _ _ Hok Htakes Hs1 Hc1) as (s2 & Hs2 & ?).
          by simplify_eq.
      + unfold p, phase_after in *. destruct (n - length got) as [|r] eqn:Hr.
        * left. simpl in Hp. destruct Hbudget as [?|(_ & ? & _)]; lia.
        * destruct (Hmiss ltac:(lia)) as [Hl Hfl]. simpl in Hp, Hg.
          set (ph' := <[t:=Growing (length sg') (S r) (length got)]> ph) in *.
          destruct (reentrant cfg) eqn:Hre.
          { left. rewrite carved_above_none by done. specialize (Hmul (growers ph')). lia. }
          destruct (decide (growers ph' = thread_count cfg)); [by right|].
          left. rewrite carved_above_none by done. specialize (Hmul' (growers ph') ltac:(lia)). lia.
      + lia.
    - (* phase 3, served *)
      pose proof (sum_list_with_insert wanted ph t _ Idle Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ Idle Ht) as Hg.
      fold (growers ph) (growers (<[t:=Idle]> ph)) in Hg. simpl in Hp, Hg.
      pose proof (takes_carved_above P' _ _ _ _ _ Hok Htakes) as Htaken.
      constructor; simpl; fold P'; rewrite <-?Hbudget_is.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]]; [done|].
        destruct (Hgrow _ _ _ _ Ht0) as [_ Hl].
        destruct (lookup_lt_is_Some_2 sg i0 ltac:(lia)) as [s1 Hs1].
        assert (carved s1 = cap) as Hc1 by (eapply Hend; [done| |done]; lia).
        destruct (takes_carved_end _ _ _ _ _ _ _ Hok Htakes Hs1 Hc1) as (s2 & Hs2 & ?).
        by simplify_eq.
      + left. destruct Hbudget as [?|(_ & ? & ? & _)]; [lia|].
        rewrite carved_above_none by lia. specialize (Hmul' (growers (<[t:=Idle]> ph)) ltac:(lia)).
        lia.
      + lia.
    - (* phase 3, installed *)
      pose proof (sum_list_with_insert wanted ph t _ p Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ p Ht) as Hg.
      fold (growers ph) (growers (<[t:=p]> ph)) in Hg. simpl in Hp, Hg.
      destruct (Hgrow _ _ _ _ Ht) as [Hrem Hlenle].
      pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as Htak.
      pose proof (taking_length _ Hcfg _ _ _ _ _ Htak) as Hlen1.
      destruct Htak as [Hok1 _ Hused1 _ _ _ _].
      assert (segments_ok cfg (sg1 ++ [empty_segment cap a])) as Hok1'
        by (by apply (segments_ok_snoc cfg Hcfg)).
      pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok1' Htakes2) as Htak2.
      destruct Htak2 as [_ _ Hused2 _ _ _ _].
      rewrite sum_list_with_app in Hused2. simpl in Hused2.
      rewrite (proj1 (proj2 (empty_segment_ok cap a))) in Hused2.
      rewrite app_length in Hlive. unfold live in Hlive; simpl in Hlive.
      pose proof (takes_carved_above P' _ _ _ _ _ Hok Htakes) as Htaken.
      pose proof (takes_carved_above P _ _ _ _ _ Hok Htakes) as HtakenP.
      pose proof (takes_carved_above P' _ _ _ _ _ Hok1' Htakes2) as Htaken2.
      pose proof (carved_above_snoc P' cap sg1 a) as Hsnoc.
      destruct (takes_last _ _ _ _ _ Htakes2) as [s2 ->].
      rewrite app_length in Hlen. simpl in Hlen.
      assert (wanted p = rem - length got - length fresh) as Hwp.
      { unfold p, phase_after. by destruct (rem - length got - length fresh). }
      (* At the install every segment beyond the needed ones is carved to its end. *)
      assert (∀ i s, P ≤ i → sg1 !! i = Some s → carved s = cap) as Hcarved1.
      { intros i s Hi Hs. pose proof (lookup_lt_Some _ _ _ Hs) as Hlt'.
        destruct (decide (i < len)) as [Hlow|Hhigh].
        - destruct (lookup_lt_is_Some_2 sg i ltac:(lia)) as [s1 Hs1].
          assert (carved s1 = cap) as Hc1 by (eapply Hend; [done| |done]; lia).
          destruct (takes_carved_end _ _ _ _ _ _ _ Hok Htakes Hs1 Hc1) as (s3 & Hs3 & ?).
          by simplify_eq.
        - assert (full cap s) as [_ Hf].
          { apply (Hfull i s); [|done]. destruct (recheck cfg) eqn:?; simpl; [done|lia|congruence]. }
          destruct (segments_ok_lookup cfg Hcfg _ _ _ Hok1 Hs). lia. }
      constructor; simpl; fold P'; rewrite <-?Hbudget_is.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        assert (i0 < length sg1 → carved s0 = cap) as Hold.
        { intros Hi0'. rewrite lookup_app_l in Hs0 by done. apply (Hcarved1 i0); [lia|done]. }
        apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]].
        * unfold p, phase_after in Heq.
          destruct (rem - length got - length fresh) eqn:Hr; simplify_eq.
          destruct (decide (i0 < length sg1)) as [Hlow|Hhigh]; [by apply Hold|].
          rewrite app_length in Hi0. simpl in Hi0.
          assert (i0 = length sg1) as -> by lia. rewrite list_lookup_middle in Hs0 by done.
          simplify_eq. apply Forall_app in Hok' as [_ [Hs2 _]%Forall_cons].
          rewrite sum_list_with_app in Hused2. simpl in Hused2.
          pose proof (used_le_carved cap s0 Hs2). destruct Hs2. lia.
        * destruct (Hgrow _ _ _ _ Ht0) as [_ Hl]. apply Hold. lia.
      + destruct Hbudget as [Hbudget|(Hre & HN & Hl & Hmax)]; [left; lia|].
        unfold live in Hmax; simpl in Hmax.
        assert (sum_list_with used sg1 ≤ length sg1 * cap) as Hle1.
        { clear -Hok1 Hcfg. induction Hok1 as [|s l Hs _ IH]; simpl; [lia|].
          pose proof (used_le cap s Hs). lia. }
        rewrite Hlen1 in Hle1. assert (length got = 0) as Hgot0 by lia.
        assert (S (length sg) ≤ P') as Hneed.
        { apply needed_more; [done|]. unfold live; simpl. lia. }
        rewrite carved_above_none by (rewrite app_length; simpl; lia).
        unfold p, phase_after in *. destruct (rem - length got - length fresh) as [|r] eqn:Hr.
        * left. simpl in Hg. specialize (Hmul' (growers (<[t:=Idle]> ph)) ltac:(lia)). lia.
        * right. simpl in Hg. unfold live; simpl.
          split_and!; [done|lia|rewrite app_length; simpl; lia|rewrite app_length; simpl; lia].
      + rewrite app_length. simpl.
        destruct (decide (length sg < P)) as [Hlow|Hhigh]; [lia|].
        destruct Hbudget as [Hbudget|(Hre & HN & Hl & Hmax)].
        * rewrite (sum_used_le_carved sg1 P Hok1 Hcarved1) in HtakenP. rewrite Hlen1 in HtakenP.
          assert (S (length sg - P) ≤ ceil_div budget cap); [|lia].
          apply ceil_div_ge; [done|]. simpl. lia.
        * assert (S (length sg) ≤ P'); [|lia].
          apply needed_more; [done|]. unfold live in *; simpl in *. lia.
    - (* phase 3, refused *)
      pose proof (sum_list_with_insert wanted ph t _ Idle Ht) as Hp.
      pose proof (sum_list_with_insert growing ph t _ Idle Ht) as Hg.
      fold (growers ph) (growers (<[t:=Idle]> ph)) in Hg. simpl in Hp, Hg.
      pose proof (takes_carved_above P' _ _ _ _ _ Hok Htakes) as Htaken.
      constructor; simpl; fold P'; rewrite <-?Hbudget_is.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        apply list_lookup_insert_Some in Ht0 as [(<- & Heq & _)|[Hne Ht0]]; [done|].
        destruct (Hgrow _ _ _ _ Ht0) as [_ Hl].
        destruct (lookup_lt_is_Some_2 sg i0 ltac:(lia)) as [s1 Hs1].
        assert (carved s1 = cap) as Hc1 by (eapply Hend; [done| |done]; lia).
        destruct (takes_carved_end _ _ _ _ _ _ _ Hok Htakes Hs1 Hc1) as (s2 & Hs2 & ?).
        by simplify_eq.
      + left. destruct Hbudget as [?|(_ & ? & ? & _)]; [lia|].
        rewrite carved_above_none by lia. specialize (Hmul' (growers (<[t:=Idle]> ph)) ltac:(lia)).
        lia.
      + lia.
    - (* free *)
      destruct (puts_putting cfg Hcfg _ _ _ _ Hok Hputs) as [_ _ _ _ _ _ Hcarved].
      constructor; simpl; fold P'; rewrite <-?Hbudget_is.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        assert ((carved <$> sg') !! i0 = Some (carved s0)) as Hc0
          by (by rewrite list_lookup_fmap, Hs0).
        rewrite Hcarved, list_lookup_fmap in Hc0.
        apply fmap_Some in Hc0 as (s1 & Hs1 & ->). eapply Hend; [done| |done]. lia.
      + rewrite (carved_above_same _ sg) by done. left.
        destruct Hbudget as [?|(Hre & HN & _)]; [lia|].
        destruct Hmay as [->|[Hr _]]; [|congruence].
        specialize (Hglt _ _ Ht ltac:(simpl; tauto)). lia.
      + lia.
    - (* give *)
      assert (carved <$> <[i:=give_slot u j s]> sg = carved <$> sg) as Hcarved.
      { rewrite list_fmap_insert. apply list_insert_id. by rewrite list_lookup_fmap, Hi. }
      constructor; simpl; fold P'; rewrite <-?Hbudget_is.
      + intros t0 len0 rem0 obt0 i0 s0 Ht0 Hi0 Hs0.
        assert ((carved <$> <[i:=give_slot u j s]> sg) !! i0 = Some (carved s0)) as Hc0
          by (by rewrite list_lookup_fmap, Hs0).
        rewrite Hcarved, list_lookup_fmap in Hc0.
        apply fmap_Some in Hc0 as (s1 & Hs1 & ->). eapply Hend; [done| |done]. lia.
      + rewrite (carved_above_same _ sg) by done.
        destruct Hbudget as [?|(? & ? & ? & ?)]; [left; lia|right]. split_and!; [done|lia..].
      + lia.
  Qed.

  (** For batches of at most [max_batch] blocks; no thread frees while it grows. *)
  Theorem S7_growth_bounded_lowest_first_batches tr peak σ :
    recheck cfg ≠ NoSegments → lowest_first cfg = true → reentrant cfg = false →
    exec tr peak σ → (∀ a, a ∈ tr → ¬ is_trim a) →
    length (segments σ)
      ≤ needed cfg peak + ceil_div ((thread_count cfg - 1) * max_batch cfg) cap.
  Proof.
    intros Hscope Hfirst Hre Hexec Honly.
    destruct (exec_sharing _ _ _ Hscope Hfirst Hexec Honly) as [_ _ Hle].
    unfold racers in Hle. by rewrite Hre in Hle.
  Qed.

  (** Single blocks: the bound that the property catalogue states. *)
  Theorem S7_growth_bounded_lowest_first tr peak σ :
    recheck cfg ≠ NoSegments → lowest_first cfg = true → reentrant cfg = false →
    max_batch cfg = 1 → exec tr peak σ → (∀ a, a ∈ tr → ¬ is_trim a) →
    length (segments σ) ≤ needed cfg peak + ceil_div (thread_count cfg - 1) cap.
  Proof.
    intros Hscope Hfirst Hre Hbatch Hexec Honly.
    pose proof (S7_growth_bounded_lowest_first_batches _ _ _ Hscope Hfirst Hre Hexec Honly) as Hle.
    by rewrite Hbatch, Nat.mul_1_r in Hle.
  Qed.

  (** A thread that may free while it grows counts as one more. *)
  Theorem S7_growth_bounded_lowest_first_reentrant tr peak σ :
    recheck cfg ≠ NoSegments → lowest_first cfg = true →
    exec tr peak σ → (∀ a, a ∈ tr → ¬ is_trim a) →
    length (segments σ) ≤ needed cfg peak + ceil_div (thread_count cfg * max_batch cfg) cap.
  Proof.
    intros Hscope Hfirst Hexec Honly.
    destruct (exec_sharing _ _ _ Hscope Hfirst Hexec Honly) as [_ _ Hle].
    assert (racers ≤ thread_count cfg) as Hr by (unfold racers; destruct (reentrant cfg); lia).
    pose proof (ceil_div_mono _ _ cap (capacity_pos cfg Hcfg)
      (Nat.mul_le_mono_r _ _ (max_batch cfg) Hr)). lia.
  Qed.
End first_fit.

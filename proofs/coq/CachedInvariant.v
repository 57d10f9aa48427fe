(** What every step of the caches keeps: each block has one holder, magazines are
    as full as they may be, and a thread that waits for the slab asked for one block. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth Cached Accounts.

(** What a caller gives its cache gets, and the other way round. *)
Lemma permutation_settle {A} (h h' out back c c' rest given got : list A) :
  h' ++ back ≡ₚ h ++ out → c' ++ out ++ given ≡ₚ c ++ back ++ got →
  (h' ++ c' ++ rest) ++ given ≡ₚ (h ++ c ++ rest) ++ got.
Proof.
  intros Hcaller Hcache. apply (Permutation_app_inv_r (out ++ back)).
  transitivity ((h' ++ back) ++ (c' ++ out ++ given) ++ rest); [solve_Permutation|].
  rewrite Hcaller, Hcache. solve_Permutation.
Qed.

Lemma lookup_replicate_nil {A B} (f : A → list B) n x t :
  f x = [] → from_option f [] (replicate n x !! t) = [].
Proof.
  intros Hx. destruct (replicate n x !! t) as [y|] eqn:Hy; [|done].
  by apply lookup_replicate in Hy as [-> _].
Qed.

Lemma step_phases cfg σ a σ' u :
  step cfg σ a σ' → u ≠ actor a → phases σ' !! u = phases σ !! u.
Proof. destruct 1; simpl; intros Hu; try done; by rewrite list_lookup_insert_ne. Qed.

Lemma hand_over_gives t u m : Forall is_give (hand_over t u m).
Proof. apply Forall_fmap, Forall_true. done. Qed.

Section invariant.
  Context (cfg : cached_config) (Hcfg : cached_config_ok cfg).
  Local Notation cap := (capacity (below cfg)).
  Local Notation step := (step (below cfg)).
  Local Notation run := (run cfg).
  Local Notation turn := (turn cfg).
  Local Notation holds := (holds cfg).
  Local Notation accounts := (accounts cfg).
  Local Notation cached_step := (cached_step cfg).
  Local Notation cached_exec := (cached_exec cfg).
  Local Notation owner_of_depot := (depot_thread cfg).
  Set Default Proof Using "All".

  Lemma below_ok : config_ok (below cfg).
  Proof. apply Hcfg. Qed.
  Lemma depot_thread_lt : owner_of_depot < thread_count (below cfg).
  Proof. destruct Hcfg as (_ & ? & _). unfold depot_thread. lia. Qed.

  (** ** Magazines *)
  Definition shape (c : cache) : Prop :=
    match does c with
    | Absent | Taking _ | Asking _ | Awaiting _ | Looking =>
        loaded c = [] ∧ previous c = [] ∧ hand c = []
    | Ready => length (loaded c) ≤ rounds cfg ∧
        (previous c = [] ∨ length (previous c) = rounds cfg) ∧ hand c = []
    | Served => loaded c = [] ∧ previous c = [] ∧ length (hand c) = 1
    | Returning => length (loaded c) = rounds cfg ∧ length (previous c) ≤ rounds cfg ∧ hand c = []
    | Flushing _ =>
        length (loaded c) ≤ rounds cfg ∧ length (previous c) ≤ rounds cfg ∧ hand c = []
    | Draining _ => loaded c = [] ∧ previous c = [] ∧ length (hand c) ≤ rounds cfg
    end.

  Definition shelved (d : list (list block)) : Prop :=
    Forall (λ m, length m = rounds cfg) d ∧ length d ≤ shelf cfg.

  Lemma turn_shape t c d out back acts c' d' :
    turn t c d out back acts c' d' → shape c → shelved d → shape c' ∧ shelved d'.
  Proof.
    destruct Hcfg as (_ & _ & Hbatch). unfold shelved.
    destruct 1; try destruct open; unfold shape; simpl; intros Hc [Hfull Hlen];
      destruct_and?; rewrite ?app_length in *; simpl in *; decompose_Forall_hyps;
      split_and!; try done; try lia; auto with lia;
      match goal with H : _ ∨ _ |- _ => destruct H; simplify_eq/=; lia end.
  Qed.

  (** ** Where blocks go *)
  Inductive moves (t : thread) (c : cache) (d : list (list block)) (out back : list block) :
      list action → cache → list (list block) → Prop :=
  | moves_none c' :
      cache_blocks c' ++ out ≡ₚ cache_blocks c ++ back → moves t c d out back [] c' d
  | moves_section a c' :
      actor a = t → ¬ is_give a → ¬ is_trim a →
      cache_blocks c' ++ out ++ freed cap a ≡ₚ cache_blocks c ++ back ++ taken cap a →
      moves t c d out back [a] c' d
  | moves_from_depot m c' d' :
      d = m :: d' → cache_blocks c' ++ out ≡ₚ cache_blocks c ++ back ++ m →
      moves t c d out back (hand_over owner_of_depot t m) c' d'
  | moves_to_depot m c' :
      cache_blocks c' ++ out ++ m ≡ₚ cache_blocks c ++ back →
      moves t c d out back (hand_over t owner_of_depot m) c' (m :: d).

  Lemma turn_moves t c d out back acts c' d' :
    turn t c d out back acts c' d' → moves t c d out back acts c' d'.
  Proof.
    destruct 1; try (apply moves_none; unfold cache_blocks; simpl; solve_Permutation);
      try (apply moves_section; [done|by intros []..|];
        unfold cache_blocks; simpl; rewrite ?app_nil_r; solve_Permutation);
      try (eapply moves_from_depot; [done|]; unfold cache_blocks; simpl;
        rewrite ?app_nil_r; solve_Permutation).
    - destruct H as [->|[->|[a' ->]]]; (apply moves_section; [done|by intros []..|done]).
    - apply moves_to_depot. unfold cache_blocks; simpl. rewrite ?app_nil_r. solve_Permutation.
  Qed.

  Lemma turn_awaits t c d out back acts c' d' :
    turn t c d out back acts c' d' → is_awaiting (does c') →
    ∃ observed, acts = [Start t 1 [] (Some observed)].
  Proof.
    destruct 1; unfold is_awaiting; simpl; intros [again' Hd]; try done; [by eexists|].
    by destruct open.
  Qed.

  Lemma start_awaits σ t observed σ' :
    step σ (Start t 1 [] (Some observed)) σ' → phases σ' !! t = Some (Growing observed 1 0).
  Proof.
    intros Hstep. inversion Hstep as [sg ph t' n got sg' Ht Hn Htakes Hle Hfull p| | | | | | |];
      subst. simpl in *. rewrite list_lookup_insert by (by eapply lookup_lt_Some).
    unfold p, phase_after in *. simpl in *. congruence.
  Qed.

  (** ** What a trim holds *)
  Definition trim_of (σ : state) (t : thread) : list block :=
    from_option (trimmed cfg) [] (phases σ !! t).

  Lemma step_trim_of σ a σ' :
    step σ a σ' → ¬ is_give a → ¬ is_trim a → trim_of σ' (actor a) = trim_of σ (actor a).
  Proof.
    destruct 1; unfold trim_of; simpl; intros Hgive Htrim; try (by exfalso; auto); try done;
      rewrite list_lookup_insert by (by eapply lookup_lt_Some);
      match goal with H : _ !! _ = Some _ |- _ => rewrite H end; simpl; try done;
      unfold p, phase_after; by case_match.
  Qed.

  Lemma step_trim_of_trim σ a σ' :
    step σ a σ' → is_trim a →
    trim_of σ' (actor a) ++ freed cap a = trim_of σ (actor a) ++ taken cap a.
  Proof.
    destruct 1; unfold trim_of; simpl; intros Htrim; try done;
      rewrite list_lookup_insert by (by eapply lookup_lt_Some);
      match goal with H : ?l !! ?u = Some _ |- context [?l !! ?u] => rewrite H end; simpl;
      by rewrite ?app_nil_r.
  Qed.

  (** ** The invariant *)
  Record cached_ok (χ : cached_state) : Prop := {
    ok_state : state_ok (below cfg) (shared χ);
    ok_accounts : accounts (shared χ) (holds χ);
    ok_callers : length (callers χ) = owner_of_depot;
    ok_caches : length (caches χ) = owner_of_depot;
    ok_phases : length (phases (shared χ)) = thread_count (below cfg);
    ok_depot_idle : phases (shared χ) !! owner_of_depot = Some Idle;
    ok_shapes : ∀ t c, caches χ !! t = Some c → shape c;
    ok_shelved : shelved (depot χ);
    ok_awaits : ∀ t c, caches χ !! t = Some c → is_awaiting (does c) →
      ∃ len, phases (shared χ) !! t = Some (Growing len 1 0)
  }.

  Lemma holds_thread χ t c h :
    t ≠ owner_of_depot → callers χ !! t = Some h → caches χ !! t = Some c →
    holds χ t = h ++ cache_blocks c ++ trim_of (shared χ) t.
  Proof. intros Ht Hh Hc. unfold holds. by rewrite decide_False, Hh, Hc. Qed.

  Lemma holds_depot χ :
    cached_ok χ → holds χ owner_of_depot = concat (depot χ).
  Proof.
    intros [_ _ Hcallers Hcaches _ Hidle _ _ _]. unfold holds. rewrite decide_True by done.
    rewrite (lookup_ge_None_2 (callers χ)), (lookup_ge_None_2 (caches χ)), Hidle by lia.
    simpl. by rewrite app_nil_r.
  Qed.

  Lemma holds_others χ χ' u :
    u ≠ owner_of_depot → callers χ' !! u = callers χ !! u → caches χ' !! u = caches χ !! u →
    phases (shared χ') !! u = phases (shared χ) !! u → holds χ' u = holds χ u.
  Proof. intros Hu Hh Hc Hp. unfold holds. by rewrite !decide_False, Hh, Hc, Hp. Qed.

  Lemma initial_cached_ok : cached_ok (initial_cached cfg).
  Proof.
    pose proof depot_thread_lt as Hlt.
    assert (∀ t, holds (initial_cached cfg) t = []) as Hnone.
    { intros t. unfold holds, initial_cached; simpl.
      rewrite !lookup_replicate_nil by done. by case_decide. }
    constructor; simpl.
    - apply (initial_state_ok _ below_ok).
    - constructor.
      + intros t. rewrite Hnone. constructor.
      + intros t b. rewrite Hnone, elem_of_nil. split; [done|].
        unfold owner, block_owner; simpl. rewrite list_lookup_fmap.
        destruct (initial_addresses (below cfg) !! b.1); simpl; [|done].
        by rewrite (proj2 (proj2 (empty_segment_ok cap _))).
      + pose proof (exec_live_peak _ below_ok _ _ _ (exec_initial (below cfg))) as Hlive.
        rewrite (sum_seq_ext _ (λ _, 0)) by (intros; by rewrite Hnone).
        assert (∀ m n, sum_list_with (λ _ : nat, 0) (seq m n) = 0) as ->; [|simpl; lia].
        intros m n. revert m. induction n; simpl; auto.
    - apply replicate_length.
    - apply replicate_length.
    - apply replicate_length.
    - by apply lookup_replicate_2.
    - intros t c Hc. by apply lookup_replicate in Hc as [-> _].
    - split; [constructor|simpl; lia].
    - intros t c [-> _]%lookup_replicate [again Hd]. done.
  Qed.

  (** A step of [t] in its cache. *)
  Lemma cached_turn_ok χ t c h out back acts c' d' h' σ' :
    cached_ok χ → caches χ !! t = Some c → callers χ !! t = Some h →
    (¬ is_awaiting (does c) → phases (shared χ) !! t = Some Idle) →
    turn t c (depot χ) out back acts c' d' →
    h' ++ back ≡ₚ h ++ out → run (shared χ) acts σ' →
    cached_ok (CachedState σ' (<[t := h']> (callers χ)) (<[t := c']> (caches χ)) d') ∧
    (Forall is_give acts ∨ ∃ a, acts = [a]).
  Proof.
    intros Hok Hc Hh Hidle Hturn Hcaller Hrun. set (χ' := CachedState _ _ _ _).
    pose proof (turn_moves _ _ _ _ _ _ _ _ Hturn) as Hmoves.
    destruct (turn_shape _ _ _ _ _ _ _ _ Hturn) as [Hshape Hshelved];
      [by eapply ok_shapes|by apply ok_shelved|].
    pose proof (holds_depot χ Hok) as Hdepot.
    pose proof depot_thread_lt as Hdlt.
    destruct Hok as [Hstate Hacc Hcallers Hcaches Hphases Hdidle Hshapes _ Hawaits].
    assert (t < owner_of_depot) as Ht by (rewrite <-Hcaches; by eapply lookup_lt_Some).
    assert (callers χ' !! t = Some h') as Hh' by (apply list_lookup_insert; lia).
    assert (caches χ' !! t = Some c') as Hc' by (apply list_lookup_insert; lia).
    assert (∀ u, u ≠ t → callers χ' !! u = callers χ !! u ∧ caches χ' !! u = caches χ !! u)
      as Hsame by (intros u Hu; split; by apply list_lookup_insert_ne).
    (* What is left to show is about the slab below. *)
    cut (state_ok (below cfg) σ' ∧ accounts σ' (holds χ') ∧
      length (phases σ') = thread_count (below cfg) ∧
      (∀ u, u ≠ t → phases σ' !! u = phases (shared χ) !! u) ∧
      (Forall is_give acts ∨ ∃ a, acts = [a])).
    { intros (? & ? & ? & Hothers & ?). split; [|done]. constructor; simpl.
      - done.
      - done.
      - by rewrite insert_length.
      - by rewrite insert_length.
      - done.
      - rewrite Hothers by lia. done.
      - intros u v Hv. destruct (decide (u = t)) as [->|Hu].
        + rewrite list_lookup_insert in Hv by lia. by simplify_eq.
        + rewrite list_lookup_insert_ne in Hv by done. by eapply Hshapes.
      - done.
      - intros u v Hv Hw. destruct (decide (u = t)) as [->|Hu].
        + rewrite list_lookup_insert in Hv by lia. simplify_eq.
          destruct (turn_awaits _ _ _ _ _ _ _ _ Hturn Hw) as [observed ->].
          exists observed. inversion Hrun as [|? ? ? ? ? Hstep Hrest]; subst.
          inversion Hrest; subst. by eapply start_awaits.
        + rewrite list_lookup_insert_ne in Hv by done. rewrite Hothers by done.
          by eapply Hawaits. }
    assert (∀ u, u ≠ t → u ≠ owner_of_depot → phases σ' !! u = phases (shared χ) !! u →
      holds χ' u = holds χ u) as Hholds.
    { intros u Hu Hud Hp. destruct (Hsame u Hu). by apply holds_others. }
    assert (holds χ' owner_of_depot = concat d' ++ trim_of σ' owner_of_depot) as Hdepot'.
    { unfold holds. rewrite decide_True by done. simpl.
      rewrite !lookup_ge_None_2 by (rewrite insert_length; lia). done. }
    pose proof (holds_thread χ t c h ltac:(lia) Hh Hc) as Hown.
    pose proof (holds_thread χ' t c' h' ltac:(lia) Hh' Hc') as Hown'. simpl in Hown'.
    destruct Hmoves as [c' Hp|a c' Ha Hg Htr Hp|m c' d' Hd Hp|m c' Hp].
    - inversion Hrun; subst. split_and!; [done| |done|done|left; constructor].
      eapply (accounts_permuted cfg below_ok); [|done]. intros u.
      destruct (decide (u = t)) as [->|Hu].
      { rewrite Hown, Hown'.
        pose proof (permutation_settle h h' out back (cache_blocks c) (cache_blocks c')
          (trim_of (shared χ) t) [] [] Hcaller ltac:(by rewrite !app_nil_r)) as Hs.
        by rewrite !app_nil_r in Hs. }
      destruct (decide (u = owner_of_depot)) as [->|Hud]; [|by rewrite Hholds].
      rewrite Hdepot, Hdepot'. unfold trim_of. rewrite Hdidle. simpl. by rewrite app_nil_r.
    - inversion Hrun as [|? ? σ1 ? ? Hstep Hrest]; subst. inversion Hrest; subst.
      pose proof (step_effect _ below_ok _ _ _ Hstate Hstep) as Heffect.
      assert (∀ u, u ≠ actor a → phases σ' !! u = phases (shared χ) !! u) as Hothers
        by (intros; by eapply step_phases).
      split_and!; [by apply Heffect| |rewrite <-Hphases; apply Heffect|done|by right; eexists].
      eapply (accounts_section cfg below_ok (shared χ) a σ' (holds χ)); try done; [lia| |].
      + rewrite Hown, Hown', (step_trim_of _ _ _ Hstep) by done. by apply (permutation_settle _ _ out back).
      + intros u Hu. destruct (decide (u = owner_of_depot)) as [->|Hud].
        * rewrite Hdepot, Hdepot'. unfold trim_of. rewrite Hothers, Hdidle by lia. simpl.
          by rewrite app_nil_r.
        * rewrite Hholds; auto.
    - assert (phases σ' = phases (shared χ)) as Hph by (by eapply (hand_over_phases cfg below_ok)).
      destruct (accounts_hand_over cfg below_ok (shared χ) owner_of_depot t m σ' (holds χ) (holds χ'))
        as [? ?]; try done; try lia.
      + rewrite Hdepot, Hdepot', Hd. unfold trim_of. rewrite Hph, Hdidle. simpl.
        by rewrite app_nil_r.
      + rewrite Hown, Hown'. unfold trim_of. rewrite Hph, (comm (++) m).
        pose proof (permutation_settle h h' out back (cache_blocks c) (cache_blocks c')
          (trim_of (shared χ) t) [] m Hcaller ltac:(by rewrite app_nil_r)) as Hs.
        by rewrite app_nil_r in Hs.
      + intros u Hud Hu. by rewrite Hholds by (rewrite ?Hph; done).
      + rewrite Hph. split_and!; try done. left. apply hand_over_gives.
    - assert (phases σ' = phases (shared χ)) as Hph by (by eapply (hand_over_phases cfg below_ok)).
      destruct (accounts_hand_over cfg below_ok (shared χ) t owner_of_depot m σ' (holds χ) (holds χ'))
        as [? ?]; try done; try lia.
      + rewrite Hown, Hown'. unfold trim_of. rewrite Hph, (comm (++) m).
        pose proof (permutation_settle h h' out back (cache_blocks c) (cache_blocks c')
          (trim_of (shared χ) t) m [] Hcaller ltac:(by rewrite app_nil_r)) as Hs.
        by rewrite app_nil_r in Hs.
      + rewrite Hdepot, Hdepot'. unfold trim_of. rewrite Hph, Hdidle. simpl.
        by rewrite app_nil_r.
      + intros u Hu Hud. by rewrite Hholds by (rewrite ?Hph; done).
      + rewrite Hph. split_and!; try done. left. apply hand_over_gives.
  Qed.

  #[local] Instance is_trim_dec a : Decision (is_trim a).
  Proof. destruct a; simpl; apply _. Defined.

  Lemma taken_split a :
    taken cap a = taken_by_caller cap a ++ (if decide (is_trim a) then taken cap a else []) ∧
    freed cap a = freed_by_caller cap a ++ (if decide (is_trim a) then freed cap a else []).
  Proof. destruct a; simpl; by rewrite ?app_nil_r. Qed.

  (** An operation of [t] on the slab itself. *)
  Lemma cached_direct_ok χ t c h a h' σ' :
    cached_ok χ → caches χ !! t = Some c → callers χ !! t = Some h →
    does c = Absent ∨ does c = Ready → actor a = t → ¬ is_give a →
    h' ++ freed_by_caller cap a ≡ₚ h ++ taken_by_caller cap a → step (shared χ) a σ' →
    cached_ok (CachedState σ' (<[t := h']> (callers χ)) (caches χ) (depot χ)).
  Proof.
    intros Hok Hc Hh Hdoes <- Hgive Hcaller Hstep. set (χ' := CachedState _ _ _ _).
    pose proof (holds_depot χ Hok) as Hdepot. pose proof depot_thread_lt as Hdlt.
    destruct Hok as [Hstate Hacc Hcallers Hcaches Hphases Hdidle Hshapes Hshelved Hawaits].
    assert (actor a < owner_of_depot) as Ht by (rewrite <-Hcaches; by eapply lookup_lt_Some).
    pose proof (step_effect _ below_ok _ _ _ Hstate Hstep) as Heffect.
    assert (∀ u, u ≠ actor a → phases σ' !! u = phases (shared χ) !! u) as Hothers
      by (intros; by eapply step_phases).
    constructor; simpl; try done.
    - apply Heffect.
    - eapply (accounts_section cfg below_ok (shared χ) a σ' (holds χ)); try done; [lia| |].
      + rewrite (holds_thread χ _ c h), (holds_thread χ' _ c h') by (done || lia || (by
          apply list_lookup_insert; lia)). simpl.
        destruct (taken_split a) as [Htaken Hfreed]. destruct (decide (is_trim a)) as [Htr|Htr].
        * pose proof (step_trim_of_trim _ _ _ Hstep Htr) as Htrim.
          assert (freed_by_caller cap a = [] ∧ taken_by_caller cap a = []) as [Hf Hg]
            by by destruct a.
          rewrite Hf, Hg, !app_nil_r in Hcaller. by rewrite <-!app_assoc, Htrim, Hcaller.
        * rewrite !app_nil_r in Htaken, Hfreed. rewrite (step_trim_of _ _ _ Hstep) by done.
          rewrite Htaken, Hfreed.
          transitivity ((h' ++ freed_by_caller cap a) ++ cache_blocks c ++
            trim_of (shared χ) (actor a)); [solve_Permutation|]. rewrite Hcaller.
          solve_Permutation.
      + intros u Hu. destruct (decide (u = owner_of_depot)) as [->|Hud].
        * rewrite Hdepot. unfold holds. rewrite decide_True by done. simpl.
          rewrite !lookup_ge_None_2, Hothers, Hdidle by (rewrite ?insert_length; lia). simpl.
          by rewrite app_nil_r.
        * rewrite (holds_others χ χ'); try done; [|by apply Hothers].
          by apply list_lookup_insert_ne.
    - by rewrite insert_length.
    - rewrite <-Hphases. apply Heffect.
    - by rewrite Hothers by lia.
    - intros u v Hv Hw. destruct (decide (u = actor a)) as [->|Hu].
      + assert (v = c) as -> by congruence. destruct Hw as [again Hw].
        destruct Hdoes; congruence.
      + rewrite Hothers by done. by eapply Hawaits.
  Qed.

  Lemma cached_give_ok χ t u b h h' k σ' :
    cached_ok χ → callers χ !! t = Some h → callers χ !! u = Some k → t ≠ u → h ≡ₚ b :: h' →
    step (shared χ) (Give t u b) σ' →
    cached_ok (CachedState σ' (<[u := b :: k]> (<[t := h']> (callers χ))) (caches χ) (depot χ)).
  Proof.
    intros Hok Hh Hk Hne Hperm Hstep. set (χ' := CachedState _ _ _ _).
    pose proof (holds_depot χ Hok) as Hdepot. pose proof depot_thread_lt as Hdlt.
    destruct Hok as [Hstate Hacc Hcallers Hcaches Hphases Hdidle Hshapes Hshelved Hawaits].
    pose proof (lookup_lt_Some _ _ _ Hh) as Ht. pose proof (lookup_lt_Some _ _ _ Hk) as Hu.
    pose proof (step_effect _ below_ok _ _ _ Hstate Hstep) as Heffect.
    destruct (step_give_phases cfg below_ok _ _ _ _ _ Hstep) as [Hph _].
    destruct (lookup_lt_is_Some_2 (caches χ) t ltac:(lia)) as [ct Hct].
    destruct (lookup_lt_is_Some_2 (caches χ) u ltac:(lia)) as [cu Hcu].
    assert (callers χ' !! t = Some h') as Hh'.
    { simpl. by rewrite list_lookup_insert_ne, list_lookup_insert. }
    assert (callers χ' !! u = Some (b :: k)) as Hk'.
    { simpl. by rewrite list_lookup_insert by (by rewrite insert_length). }
    constructor; simpl; try done; rewrite ?Hph; try done.
    - apply Heffect.
    - eapply (accounts_give cfg below_ok (shared χ) t u b σ' (holds χ)); try done; try lia.
      + rewrite (holds_thread χ _ ct h), (holds_thread χ' _ ct h') by (done || lia).
        unfold trim_of; simpl. rewrite Hph, Hperm. done.
      + rewrite (holds_thread χ _ cu k), (holds_thread χ' _ cu (b :: k)) by (done || lia).
        unfold trim_of; simpl. by rewrite Hph.
      + intros v Hvt Hvu. destruct (decide (v = owner_of_depot)) as [->|Hud].
        * rewrite Hdepot. unfold holds. rewrite decide_True by done. simpl.
          rewrite !lookup_ge_None_2, Hph, Hdidle by (rewrite ?insert_length; lia). simpl.
          by rewrite app_nil_r.
        * rewrite (holds_others χ χ'); try done; [|by rewrite <-Hph].
          simpl. by rewrite !list_lookup_insert_ne.
    - by rewrite !insert_length.
  Qed.

  Lemma cached_step_ok χ e χ' :
    cached_ok χ → cached_step χ e χ' →
    cached_ok χ' ∧ run (shared χ) (steps_below e) (shared χ') ∧
    (Forall is_give (steps_below e) ∨ ∃ a, steps_below e = [a]).
  Proof.
    intros Hok Hstep.
    destruct Hstep as [χ t c h out back acts c' d' h' σ' Hc Hh Hidle Hturn Hcaller Hrun| |]; simpl.
    - destruct (cached_turn_ok χ t c h out back acts c' d' h' σ' Hok Hc Hh Hidle Hturn Hcaller Hrun).
      done.
    - split_and!; [by eapply cached_direct_ok| |right; by eexists].
      econstructor; [done|constructor].
    - split_and!; [by eapply cached_give_ok| |right; by eexists].
      econstructor; [done|constructor].
  Qed.

  Lemma cached_exec_ok tr peak χ : cached_exec tr peak χ → cached_ok χ.
  Proof.
    induction 1 as [|tr peak χ e χ' _ IH Hstep]; [apply initial_cached_ok|].
    by eapply cached_step_ok.
  Qed.

  (** ** Counting *)
  Lemma outstanding_live χ : cached_ok χ → live (shared χ) = outstanding cfg χ.
  Proof.
    intros Hok. pose proof depot_thread_lt as Hdlt.
    destruct Hok as [_ [_ _ Hlive] Hcallers Hcaches Hphases _ _ _ _].
    set (n := thread_count (below cfg)) in *.
    rewrite Hlive. rewrite (sum_seq_ext _ (λ t,
      (if decide (t = owner_of_depot) then in_depot χ else 0) +
      (from_option length 0 (callers χ !! (t - 0)) +
      (from_option (λ c, length (cache_blocks c)) 0 (caches χ !! (t - 0)) +
       from_option (λ p, length (trimmed cfg p)) 0 (phases (shared χ) !! (t - 0)))))).
    2:{ intros t _. unfold holds. rewrite !app_length, Nat.sub_0_r. f_equal; [|f_equal; [|f_equal]].
      - case_decide; [apply length_concat|done].
      - by destruct (callers χ !! t).
      - by destruct (caches χ !! t).
      - by destruct (phases (shared χ) !! t). }
    rewrite !sum_list_with_add, !sum_seq_lookup by lia.
    pose proof (sum_seq_update (λ t, if decide (t = owner_of_depot) then in_depot χ else 0)
      (λ _, 0) 0 n owner_of_depot ltac:(lia)) as Hdepot.
    simpl in Hdepot. rewrite decide_True in Hdepot by done.
    specialize (Hdepot ltac:(intros u Hu; by rewrite decide_False)).
    assert (sum_list_with (λ _ : nat, 0) (seq 0 n) = 0) as Hzero.
    { clear. generalize 0 at 2. induction n; simpl; auto. }
    unfold outstanding, called, cached, in_caches, trimming. lia.
  Qed.

  (** The ghost's steps change nothing that is counted. *)
  Lemma exec_gives tr acts peak σ σ' :
    Forall is_give acts → exec (below cfg) tr peak σ → run σ acts σ' →
    exec (below cfg) (tr ++ acts) peak σ'.
  Proof.
    intros Hgives. revert tr σ. induction Hgives as [|a acts Hgive _ IH]; intros tr σ Hexec Hrun;
      inversion Hrun as [|? ? σ1 ? ? Hstep Hrest]; subst; [by rewrite app_nil_r|].
    pose proof (effect_live _ _ _ _ (exec_effect _ below_ok _ _ _ _ _ Hexec Hstep)) as Hlive.
    pose proof (exec_live_peak _ below_ok _ _ _ Hexec) as Hpeak.
    rewrite cons_middle, app_assoc. apply (IH _ σ1); [|done].
    assert (live σ1 = live σ) as Hsame by (destruct a; simpl in *; try done; lia).
    replace peak with (peak `max` live σ1) by lia. by econstructor.
  Qed.

  (** Leaving the caches out gives an execution of the slab below, with the peak of
      all that is with callers, cached or with a trim. *)
  Lemma cached_exec_below tr peak χ :
    cached_exec tr peak χ → exec (below cfg) (concat (steps_below <$> tr)) peak (shared χ).
  Proof.
    induction 1 as [|tr peak χ e χ' Hexec IH Hstep]; [constructor|].
    pose proof (cached_exec_ok _ _ _ Hexec) as Hok.
    destruct (cached_step_ok _ _ _ Hok Hstep) as (Hok' & Hrun & Hcount).
    rewrite <-(outstanding_live χ') by done.
    rewrite fmap_app, concat_app; simpl; rewrite app_nil_r.
    destruct Hcount as [Hgives|[a Ha]].
    - pose proof (exec_gives _ _ _ _ _ Hgives IH Hrun) as Hexec'.
      pose proof (exec_live_peak _ below_ok _ _ _ Hexec').
      by replace (peak `max` live (shared χ')) with peak by lia.
    - rewrite Ha in *. inversion Hrun as [|? ? σ1 ? ? Hs Hrest]; subst.
      inversion Hrest; subst. by econstructor.
  Qed.
End invariant.

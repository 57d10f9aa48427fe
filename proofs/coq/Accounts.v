(** Who holds which blocks, kept beside a run of System.v: each thread's list says
    exactly what it owns, and no block is on it twice. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Cached.

(** ** Sums over the threads *)
Lemma sum_seq_ext (f g : nat → nat) m n :
  (∀ t, m ≤ t < m + n → f t = g t) →
  sum_list_with f (seq m n) = sum_list_with g (seq m n).
Proof.
  revert m. induction n as [|n IH]; intros m Heq; simpl; [done|].
  rewrite (Heq m) by lia. rewrite (IH (S m)); [done|]. intros. apply Heq. lia.
Qed.

Lemma sum_seq_update (f g : nat → nat) m n t :
  m ≤ t < m + n → (∀ u, u ≠ t → f u = g u) →
  sum_list_with f (seq m n) + g t = sum_list_with g (seq m n) + f t.
Proof.
  revert m. induction n as [|n IH]; intros m Ht Heq; simpl; [lia|].
  destruct (decide (m = t)) as [->|Hne].
  - rewrite (sum_seq_ext f g (S t) n); [lia|]. intros u ?. apply Heq. lia.
  - rewrite (Heq m) by done. specialize (IH (S m) ltac:(lia) Heq). lia.
Qed.

Lemma sum_seq_lookup {A} (f : A → nat) (l : list A) m n :
  length l ≤ n →
  sum_list_with (λ t, from_option f 0 (l !! (t - m))) (seq m n) = sum_list_with f l.
Proof.
  revert m l. induction n as [|n IH]; intros m l Hl.
  { apply Nat.le_0_r, length_zero_iff_nil in Hl. by subst. }
  simpl. rewrite Nat.sub_diag. destruct l as [|x l]; simpl.
  - clear. generalize (S m). induction n as [|n IH]; intros k; simpl; [done|]. apply IH.
  - simpl in Hl. f_equal. rewrite <-(IH (S m) l) by lia. apply sum_seq_ext.
    intros t Ht. replace (t - m) with (S (t - S m)) by lia. done.
Qed.

Lemma sum_list_with_add {A} (f g : A → nat) l :
  sum_list_with (λ x, f x + g x) l = sum_list_with f l + sum_list_with g l.
Proof. induction l; simpl; lia. Qed.

Lemma length_concat {A} (ls : list (list A)) : length (concat ls) = sum_list_with length ls.
Proof. induction ls; simpl; [done|]. by rewrite app_length, IHls. Qed.

Section accounts.
  Context (cfg : cached_config) (Hcfg : config_ok (below cfg)).
  Local Notation cap := (capacity (below cfg)).
  Local Notation step := (step (below cfg)).
  Local Notation run := (run cfg).
  Local Notation state_ok := (state_ok (below cfg)).
  Local Notation threads := (seq 0 (thread_count (below cfg))).
  Set Default Proof Using "All".

  Record accounts (σ : state) (h : thread → list block) : Prop := {
    accounts_nodup : ∀ t, NoDup (h t);
    accounts_owner : ∀ t b, b ∈ h t ↔ owner σ b = Some t;
    accounts_live : live σ = sum_list_with (λ t, length (h t)) threads
  }.

  Lemma accounts_permuted σ h h' : (∀ t, h' t ≡ₚ h t) → accounts σ h → accounts σ h'.
  Proof.
    intros Heq [Hnd Hown Hlive]. constructor.
    - intros t. by rewrite Heq.
    - intros t b. by rewrite Heq.
    - rewrite Hlive. apply sum_seq_ext. intros t _. by rewrite Heq.
  Qed.

  (** A critical section, which only its thread gains or loses by. *)
  Lemma accounts_section σ a σ' h h' :
    state_ok σ → step σ a σ' → ¬ is_give a → actor a < thread_count (below cfg) →
    accounts σ h →
    h' (actor a) ++ freed cap a ≡ₚ h (actor a) ++ taken cap a →
    (∀ t, t ≠ actor a → h' t ≡ₚ h t) → accounts σ' h'.
  Proof.
    intros Hok Hstep Hgive Hactor [Hnd Hown Hlive] Hact Hothers.
    destruct (step_effect (below cfg) Hcfg _ _ _ Hok Hstep)
      as [_ Heffect Htaken Htnd Hfreed Hkept _ _ _].
    assert (∀ b, b ∉ taken cap a → b ∉ freed cap a → owner σ' b = owner σ b) as Hsame.
    { intros b Ht Hf. destruct (Hkept b Ht Hf) as [?|(u & Ha & _)]; [done|].
      rewrite Ha in Hgive. by destruct Hgive. }
    assert (NoDup (h (actor a) ++ taken cap a)) as Hndt.
    { apply NoDup_app. split_and!; [done| |done]. intros b Hb Ht.
      apply Hown in Hb. destruct (Htaken b Ht). congruence. }
    assert (NoDup (h' (actor a) ++ freed cap a)) as Hndf by by rewrite Hact.
    apply NoDup_app in Hndf as (Hnd' & Hdisj & _).
    constructor.
    - intros t. destruct (decide (t = actor a)) as [->|Hne]; [done|]. by rewrite Hothers.
    - intros t b. destruct (decide (t = actor a)) as [->|Hne].
      + assert (b ∈ h' (actor a) ++ freed cap a ↔ b ∈ h (actor a) ++ taken cap a) as Hiff
          by by rewrite Hact.
        rewrite !elem_of_app in Hiff. split.
        * intros Hb. assert (b ∉ freed cap a) as Hf by by apply Hdisj.
          destruct (decide (b ∈ taken cap a)) as [Ht|Ht]; [by apply Htaken|].
          rewrite Hsame by done. apply Hown. tauto.
        * intros Hb. destruct (decide (b ∈ freed cap a)) as [Hf|Hf].
          { destruct (Hfreed b Hf). congruence. }
          destruct (decide (b ∈ taken cap a)) as [Ht|Ht]; [tauto|].
          rewrite Hsame in Hb by done. apply Hown in Hb. tauto.
      + rewrite Hothers, Hown by done.
        destruct (decide (b ∈ taken cap a)) as [Ht|Ht].
        { destruct (Htaken b Ht) as [-> ->]. split; congruence. }
        destruct (decide (b ∈ freed cap a)) as [Hf|Hf].
        { destruct (Hfreed b Hf) as [-> ->]. split; congruence. }
        by rewrite Hsame.
    - pose proof (sum_seq_update (λ t, length (h' t)) (λ t, length (h t)) 0
        (thread_count (below cfg)) (actor a) ltac:(lia)) as Hsum.
      simpl in Hsum. specialize (Hsum ltac:(intros u Hu; by rewrite Hothers)).
      apply Permutation_length in Hact. rewrite !app_length in Hact. lia.
  Qed.

  (** One block changes hands. *)
  Lemma accounts_give σ t u b σ' h h' :
    state_ok σ → step σ (Give t u b) σ' → t ≠ u →
    t < thread_count (below cfg) → u < thread_count (below cfg) → accounts σ h →
    h t ≡ₚ b :: h' t → h' u ≡ₚ b :: h u →
    (∀ v, v ≠ t → v ≠ u → h' v ≡ₚ h v) → accounts σ' h'.
  Proof.
    intros Hok Hstep Hne Htn Hun [Hnd Hown Hlive] Ht Hu Hothers.
    destruct (step_effect (below cfg) Hcfg _ _ _ Hok Hstep)
      as [_ Heffect _ _ _ Hkept _ _ _]. simpl in *.
    assert (owner σ b = Some t) as Hb by (apply Hown; rewrite Ht; set_solver).
    assert (owner σ' b = Some u) as Hb'.
    { inversion Hstep as [| | | | | | |sg ph t' p u' q i s j Hp Hnt Hq Hi Hs]; subst.
      unfold owner; simpl.
      assert (segment_ok cap s) as Hsok by (eapply segments_ok_lookup; [done|apply Hok|done]).
      destruct (give_slot_ok cap t u s j Hsok Hs) as (_ & _ & Hslot).
      erewrite block_owner_update by done. by rewrite decide_True. }
    assert (∀ c, c ≠ b → owner σ' c = owner σ c) as Hsame.
    { intros c Hc. destruct (Hkept c) as [?|(v & Ha & _)]; [apply not_elem_of_nil..|done|].
      simplify_eq. }
    pose proof (Hnd t) as Hndt. rewrite Ht in Hndt. apply NoDup_cons in Hndt as [Hbt Hndt].
    assert (b ∉ h u) as Hbu by (rewrite Hown; congruence).
    constructor.
    - intros v. destruct (decide (v = t)) as [->|]; [done|].
      destruct (decide (v = u)) as [->|]; [|by rewrite Hothers].
      rewrite Hu. by apply NoDup_cons.
    - intros v c. destruct (decide (c = b)) as [->|Hc].
      + rewrite Hb'. destruct (decide (v = t)) as [->|]; [naive_solver|].
        destruct (decide (v = u)) as [->|]; [rewrite Hu; set_solver|].
        rewrite Hothers, Hown by done. rewrite Hb. naive_solver.
      + rewrite Hsame, <-Hown by done. destruct (decide (v = t)) as [->|].
        { rewrite Ht, elem_of_cons. naive_solver. }
        destruct (decide (v = u)) as [->|]; [|by rewrite Hothers].
        rewrite Hu, elem_of_cons. naive_solver.
    - set (h1 := λ v, if decide (v = u) then h u else h' v).
      pose proof (sum_seq_update (λ v, length (h1 v)) (λ v, length (h v)) 0
        (thread_count (below cfg)) t ltac:(lia)) as Hsum1.
      pose proof (sum_seq_update (λ v, length (h' v)) (λ v, length (h1 v)) 0
        (thread_count (below cfg)) u ltac:(lia)) as Hsum2.
      unfold h1 in Hsum1, Hsum2; simpl in Hsum1, Hsum2.
      rewrite decide_False in Hsum1 by done. rewrite decide_True in Hsum2 by done.
      specialize (Hsum1 ltac:(intros v Hv; case_decide; [by subst|by rewrite Hothers])).
      specialize (Hsum2 ltac:(intros v Hv; by rewrite decide_False)).
      apply Permutation_length in Ht, Hu. simpl in Ht, Hu. lia.
  Qed.

  Lemma step_give_phases σ t u b σ' :
    step σ (Give t u b) σ' →
    phases σ' = phases σ ∧ length (segments σ') = length (segments σ).
  Proof. inversion 1; subst; simpl. by rewrite insert_length. Qed.

  Lemma hand_over_phases σ t u m σ' :
    run σ (hand_over t u m) σ' → phases σ' = phases σ.
  Proof.
    revert σ. induction m as [|b m IH]; intros σ Hrun;
      inversion Hrun as [|? ? σ1 ? ? Hstep Hrest]; subst; [done|].
    rewrite (IH σ1) by done. by destruct (step_give_phases _ _ _ _ _ Hstep).
  Qed.

  (** A magazine changes hands. *)
  Lemma accounts_hand_over σ t u m σ' h h' :
    state_ok σ → run σ (hand_over t u m) σ' → t ≠ u →
    t < thread_count (below cfg) → u < thread_count (below cfg) → accounts σ h →
    h t ≡ₚ m ++ h' t → h' u ≡ₚ m ++ h u →
    (∀ v, v ≠ t → v ≠ u → h' v ≡ₚ h v) →
    accounts σ' h' ∧ state_ok σ'.
  Proof.
    intros Hok Hrun Hne Htn Hun. revert σ h Hok Hrun.
    induction m as [|b m IH]; intros σ h Hok Hrun Hacc Ht Hu Hothers;
      inversion Hrun as [|? ? σ1 ? ? Hstep Hrest]; subst.
    { split; [|done]. eapply accounts_permuted; [|done]. intros v.
      destruct (decide (v = t)) as [->|]; [by rewrite Ht|].
      destruct (decide (v = u)) as [->|]; [by rewrite Hu|]. by apply Hothers. }
    pose proof (effect_ok _ _ _ _ (step_effect _ Hcfg _ _ _ Hok Hstep)) as Hok1.
    set (h1 := λ v, if decide (v = t) then m ++ h' t else
                    if decide (v = u) then b :: h u else h v).
    apply (IH σ1 h1); [done|done|..].
    - eapply (accounts_give σ t u b σ1 h h1); try done; unfold h1.
      + by rewrite decide_True.
      + by rewrite decide_False, decide_True.
      + intros v Hvt Hvu. by rewrite !decide_False.
    - unfold h1. by rewrite decide_True.
    - unfold h1. rewrite decide_False, decide_True by done. rewrite Hu. simpl.
      by rewrite Permutation_middle.
    - intros v Hvt Hvu. unfold h1. rewrite !decide_False by done. by apply Hothers.
  Qed.

  (** The ghost's part of an exchange can always be done. *)
  Lemma hand_over_exists σ t u m p q :
    state_ok σ → phases σ !! t = Some p → ¬ is_trimming p → phases σ !! u = Some q →
    NoDup m → (∀ b, b ∈ m → owner σ b = Some t) → t ≠ u →
    ∃ σ', run σ (hand_over t u m) σ'.
  Proof.
    intros Hok Hp Hnt Hq Hnd. revert σ Hok Hp Hq.
    induction m as [|b m IH]; intros σ Hok Hp Hq Hown Hne; [eexists; constructor|].
    apply NoDup_cons in Hnd as [Hb Hnd].
    assert (∃ σ1, step σ (Give t u b) σ1) as [σ1 Hstep].
    { pose proof (Hown b ltac:(set_solver)) as Ho. unfold owner, block_owner in Ho.
      destruct b as [i j]. simpl in Ho. destruct (segments σ !! i) as [s|] eqn:Hs; [|done].
      destruct σ as [sg ph]. eexists. eapply step_give; done. }
    pose proof (step_effect _ Hcfg _ _ _ Hok Hstep) as [Hok1 _ _ _ _ Hkept _ _ _].
    destruct (step_give_phases _ _ _ _ _ Hstep) as [Hph _].
    destruct (IH Hnd σ1) as [σ' Hrun]; [done|by rewrite Hph..| |done|].
    - intros c Hc. destruct (Hkept c) as [->|(v & Ha & _)]; [apply not_elem_of_nil..| |].
      + apply Hown. set_solver.
      + by simplify_eq.
    - exists σ'. by econstructor.
  Qed.

  Lemma puts_exist sg t blocks :
    NoDup blocks → (∀ b, b ∈ blocks → block_owner sg b = Some t) → ∃ sg', puts t sg blocks sg'.
  Proof.
    intros Hnd. revert sg. induction Hnd as [|[i j] blocks Hb Hnd IH]; intros sg Hown.
    { eexists. constructor. }
    pose proof (Hown (i, j) ltac:(set_solver)) as Ho. unfold block_owner in Ho. simpl in Ho.
    destruct (sg !! i) as [s|] eqn:Hs; [|done]. simpl in Ho.
    destruct (IH (<[i:=put_slot j s]> sg)) as [sg' Hputs].
    - intros c Hc. rewrite (block_owner_insert _ _ s) by done.
      pose proof (Hown c ltac:(set_solver)) as Hoc. case_decide as Hi; [|done].
      destruct c as [k l]. simpl in *. subst k.
      rewrite (block_owner_lookup _ _ s) in Hoc by done.
      unfold put_slot, slot_owner in *; simpl.
      rewrite list_lookup_insert_ne; [done|]. intros ->. done.
    - exists sg'. by econstructor.
  Qed.
End accounts.

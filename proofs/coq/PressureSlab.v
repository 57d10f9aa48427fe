(** What waiting keeps: an execution with waits is one of the slab below; growth is exact
    for what callers hold, trims or not (S6); a call fails only when callers hold every
    slot and the growths that it saw have ended (L3).  For any number of threads, any
    capacity, batches of any size and a backing that may refuse. *)
From stdpp Require Import prelude list list_numbers.
From slabproof Require Import Segment System Invariant Ownership Growth Progress Pressure.

(** ** Counting what callers hold *)
Lemma held_from_le ph from sg : held_from ph from sg ≤ sum_list_with used sg.
Proof.
  revert from. induction sg as [|s sg IH]; intros from; simpl; [done|].
  specialize (IH (S from)). destruct (existsb _ ph); lia.
Qed.

Lemma held_le_live σ : held σ ≤ live σ.
Proof. apply held_from_le. Qed.

Lemma not_trimmed ph i : sum_list_with trimming ph = 0 → existsb (trims_segment i) ph = false.
Proof.
  induction ph as [|p ph IH]; simpl; intros Hsum; [done|].
  destruct p; simpl in *; [by apply IH|by apply IH|lia].
Qed.

Lemma held_without_trims σ : trimmers σ = 0 → held σ = live σ.
Proof.
  intros Hnone. unfold held, live. generalize 0 as from.
  induction (segments σ) as [|s sg IH]; intros from; simpl; [done|].
  by rewrite IH, not_trimmed.
Qed.

Lemma held_from_below ph i from sg :
  i < from → held_from (Trimming i :: ph) from sg = held_from ph from sg.
Proof.
  revert from. induction sg as [|s sg IH]; intros from Hlt; simpl; [done|].
  rewrite IH by lia. by destruct (Nat.eqb_spec i from); [lia|].
Qed.

Lemma held_from_trimming ph i from sg s :
  existsb (trims_segment (from + i)) ph = false → sg !! i = Some s →
  held_from (Trimming (from + i) :: ph) from sg + used s = held_from ph from sg.
Proof.
  revert from i. induction sg as [|s' sg IH]; intros from [|i] Hnot Hi; simplify_eq/=.
  - rewrite Nat.add_0_r in *. rewrite Nat.eqb_refl, Hnot, held_from_below by lia. simpl. lia.
  - replace (from + S i) with (S from + i) in * by lia.
    pose proof (IH (S from) i Hnot Hi). destruct (Nat.eqb_spec (S from + i) from); [lia|].
    simpl (false || _). lia.
Qed.

Lemma trims_segment_true i p : trims_segment i p = true ↔ p = Trimming i.
Proof. destruct p; simpl; try done. rewrite Nat.eqb_eq. naive_solver. Qed.

Lemma held_of_phases cap ph sg :
  (∀ t i, ph !! t = Some (Trimming i) → ∃ s, sg !! i = Some s ∧ used s = cap) →
  (∀ t u i, ph !! t = Some (Trimming i) → ph !! u = Some (Trimming i) → t = u) →
  held_from ph 0 sg + cap * sum_list_with trimming ph = sum_list_with used sg.
Proof.
  induction ph as [|p ph IH]; intros Hused Hone.
  { simpl. rewrite Nat.mul_0_r, Nat.add_0_r. generalize 0 as from.
    induction sg as [|s sg IH]; intros from; simpl; [done|]. by rewrite IH. }
  rewrite <-IH; [|intros t i; by apply (Hused (S t))|].
  2: { intros t u i Ht Hu. by apply Nat.succ_inj, (Hone (S t) (S u) i). }
  assert (∀ f, (∀ i, trims_segment i p = false) →
    held_from (p :: ph) f sg = held_from ph f sg) as Hsame.
  { intros f Hp. revert f. clear -Hp. induction sg as [|s sg IH]; intros f; simpl; [done|].
    by rewrite IH, Hp. }
  destruct p as [| |i]; [by rewrite Hsame|by rewrite Hsame|].
  destruct (Hused 0 i eq_refl) as (s & Hs & Hcap).
  assert (existsb (trims_segment i) ph = false) as Hnot.
  { apply not_true_iff_false. rewrite existsb_exists.
    intros (q & Hq%elem_of_list_In & ->%trims_segment_true).
    apply elem_of_list_lookup in Hq as [u Hu]. by specialize (Hone 0 (S u) i eq_refl Hu). }
  pose proof (held_from_trimming ph i 0 sg s Hnot Hs). simpl in *. lia.
Qed.

(** ** Phases *)
Definition phase_changes (a : action) (p p' : phase) : Prop :=
  match a with
  | Start _ _ _ observed => p = Idle ∧ observed_length p' = observed ∧ ¬ is_trimming p'
  | Install _ _ _ _ observed => is_growing p ∧ observed_length p' = observed ∧ ¬ is_trimming p'
  | Reuse _ _ | Refused _ _ => is_growing p ∧ p' = Idle
  | TrimClaim _ i => p = Idle ∧ p' = Trimming i
  | TrimRelease _ i => p = Trimming i ∧ p' = Idle
  | Free _ _ | Give _ _ _ => p' = p
  end.

Lemma phase_after_shape len rem obt : ¬ is_trimming (phase_after len rem obt).
Proof. unfold phase_after. destruct rem; simpl; tauto. Qed.

Section pressure_slab.
  Context (cfg : config) (Hcfg : config_ok cfg).
  Local Notation cap := (capacity cfg).
  Local Notation step := (step cfg).
  Local Notation exec := (exec cfg).
  Local Notation pressure_step := (pressure_step cfg).
  Local Notation pressure_exec := (pressure_exec cfg).
  Local Notation pressure_run := (pressure_run cfg).
  Set Default Proof Using "All".

  Lemma step_phase σ a σ' :
    step σ a σ' → ∃ p p', phases σ !! actor a = Some p ∧
      phases σ' = <[actor a := p']> (phases σ) ∧ phase_changes a p p'.
  Proof.
    destruct 1; simpl; do 2 eexists; split_and!;
      try done; try apply phase_after_shape; by rewrite ?list_insert_id.
  Qed.

  Lemma step_trimmers σ a σ' p p' :
    step σ a σ' → phases σ !! actor a = Some p → phases σ' = <[actor a := p']> (phases σ) →
    trimmers σ' + trimming p = trimmers σ + trimming p'.
  Proof.
    intros _ Hp Hp'. unfold trimmers. rewrite Hp'. by apply sum_list_with_insert.
  Qed.

  (** ** Refinement *)
  Lemma step_below tr peak χ e χ' :
    exec tr peak (shared χ) → pressure_step χ e χ' →
    ∃ peak', exec (tr ++ steps_below e) peak' (shared χ') ∧ peak ≤ peak'.
  Proof.
    intros Hexec Hstep.
    destruct Hstep as [χ t n got observed c σ' _ _ Hs|?|χ t n got c σ' _ _ _ Hs|χ t got c k σ' _ _ Hs
      |χ t got a fresh observed c k σ' _ _ Hs|χ t got c len rem obt σ' _ _ _ Hs|?
      |χ t got c s len rem obt σ1 observed σ2 _ _ _ _ _ _ Hs Hs2
      |χ t blocks c σ' _ _ Hs|χ t i c σ' _ _ Hs|χ t i c σ' _ Hs|χ t u b c σ' _ Hs];
      simpl; rewrite ?app_nil_r; try (eexists; split; [done|lia]).
    6: { rewrite cons_middle, app_assoc. eexists. split.
      - exact (exec_step _ _ _ _ _ _ (exec_step _ _ _ _ _ _ Hexec Hs) Hs2).
      - lia. }
    all: eexists; (split; [exact (exec_step _ _ _ _ _ _ Hexec Hs)|lia]).
  Qed.

  (** Leaving out the waits that take nothing, an execution is one of the slab below.
      Its peak counts what trims hold, and so is no smaller. *)
  Theorem pressure_exec_refines tr peak χ :
    pressure_exec tr peak χ →
    ∃ peak', exec (concat (steps_below <$> tr)) peak' (shared χ) ∧ peak ≤ peak'.
  Proof.
    induction 1 as [|tr peak χ e χ' _ (peak0 & Hexec & Hpeak) Hstep].
    { exists 0. split; [constructor|done]. }
    destruct (step_below _ _ _ _ _ Hexec Hstep) as (peak1 & Hexec1 & Hpeak1).
    exists peak1. rewrite fmap_app, concat_app. simpl. rewrite app_nil_r. split; [done|].
    pose proof (exec_live_peak cfg Hcfg _ _ _ Hexec1). pose proof (held_le_live (shared χ')). lia.
  Qed.

  (** What a trim holds is all that callers do not. *)
  Theorem held_apart_from_trims tr peak χ :
    pressure_exec tr peak χ →
    held (shared χ) + cap * trimmers (shared χ) = live (shared χ).
  Proof.
    intros (peak' & Hexec & _)%pressure_exec_refines. pose proof (capacity_pos cfg Hcfg) as Hcap.
    pose proof (exec_trims_hold cfg Hcfg _ _ _ Hexec) as Hhold.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    unfold held, trimmers, live. apply held_of_phases.
    - intros t i Ht. destruct (Hhold t i Ht) as [Hi Hown].
      destruct (lookup_lt_is_Some_2 _ _ Hi) as [s Hs]. exists s. split; [done|].
      destruct (segments_ok_lookup cfg Hcfg _ _ _ Hok Hs) as [_ _ _ _ _ Hslots].
      unfold used. rewrite <-(Nat.mul_1_r cap), <-Hslots.
      assert (owners s = replicate (length (owners s)) (Some t)) as ->.
      { symmetry. apply replicate_as_Forall. split; [done|]. apply Forall_lookup. intros j o Ho.
        pose proof (lookup_lt_Some _ _ _ Ho). specialize (Hown j ltac:(lia)).
        unfold owner in Hown. rewrite (block_owner_lookup _ i s) in Hown by done.
        apply slot_owner_lookup in Hown. naive_solver. }
      by rewrite sum_list_with_replicate, replicate_length.
    - intros t u i Ht Hu. destruct (Hhold t i Ht) as [_ Ho]. destruct (Hhold u i Hu) as [_ Ho'].
      specialize (Ho 0 Hcap). specialize (Ho' 0 Hcap). congruence.
  Qed.

  (** ** S6 *)
  Lemma install_fills tr peak σ t got a fresh observed σ' :
    recheck cfg = AllSegments → exec tr peak σ → step σ (Install t got a fresh observed) σ' →
    length (segments σ) * cap < live σ'.
  Proof.
    intros Hall Hexec Hstep. pose proof (capacity_pos cfg Hcfg) as Hcap.
    pose proof (exec_ok cfg Hcfg _ _ _ Hexec) as [Hok _].
    pose proof (effect_live _ _ _ _ (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep)) as Hlive.
    inversion Hstep as [| |sg ph t' len rem obt got' sg1 a' fresh' sg2 Ht Htakes Hlt Hfull Ha
      Htakes2 Hfresh p| | | | |]; subst; simpl in *.
    rewrite Hall in Htakes, Hfull. simpl in *.
    pose proof (takes_taking cfg Hcfg _ _ _ _ _ Hok Htakes) as Htak.
    pose proof (taking_length _ Hcfg _ _ _ _ _ Htak) as Hlen1.
    destruct Htak as [Hok1 _ Hused1 _ _ _ _].
    rewrite (sum_used_full cfg Hcfg) in Hused1 by done.
    rewrite app_length in Hlive. unfold live in *; simpl in *. rewrite <-Hlen1. lia.
  Qed.

  Lemma step_length tr peak σ a σ' :
    exec tr peak σ → step σ a σ' →
    length (segments σ') =
      length (segments σ) + match a with Install _ _ _ _ _ => 1 | _ => 0 end.
  Proof.
    intros Hexec Hstep. apply (effect_length cfg), (exec_effect cfg Hcfg _ _ _ _ _ Hexec Hstep).
  Qed.

  Lemma held_upper tr peak χ :
    recheck cfg = AllSegments → pressure_exec tr peak χ →
    length (segments (shared χ)) ≤ needed cfg peak.
  Proof.
    intros Hall Hexec. pose proof (capacity_pos cfg Hcfg) as Hcap.
    induction Hexec as [|tr peak χ e χ' Hexec IH Hstep].
    { simpl. rewrite fmap_length. unfold needed, initial_segments. lia. }
    destruct (pressure_exec_refines _ _ _ Hexec) as (peak' & Hbelow & _).
    pose proof (needed_mono cfg peak (peak `max` held (shared χ')) Hcap ltac:(lia)) as Hmono.
    pose proof (λ a σ, step_length _ _ _ a σ Hbelow) as Hlen.
    destruct Hstep as [χ t n got observed c σ' _ _ Hs|?|χ t n got c σ' _ _ _ Hs|χ t got c k σ' _ _ Hs
      |χ t got a fresh observed c k σ' _ _ Hs Hnone|χ t got c len rem obt σ' _ _ _ Hs|?
      |χ t got c s len rem obt σ1 observed σ2 _ _ _ _ _ _ Hs Hs2
      |χ t blocks c σ' _ _ Hs|χ t i c σ' _ _ Hs|χ t i c σ' _ Hs|χ t u b c σ' _ Hs];
      simpl in *; try lia; try (specialize (Hlen _ _ Hs); simpl in Hlen; try lia).
    - pose proof (install_fills _ _ _ _ _ _ _ _ _ Hall Hbelow Hs) as Hfills.
      rewrite Hlen, Nat.add_1_r. apply needed_more; [done|].
      rewrite held_without_trims; [lia|].
      destruct (step_phase _ _ _ Hs) as (p & p' & Hp & Hp' & Hgrows & _ & Hnot).
      pose proof (step_trimmers _ _ _ _ _ Hs Hp Hp'). destruct p, p'; simpl in *; try done; lia.
    - pose proof (step_length _ _ _ _ _ (exec_step _ _ _ _ _ _ Hbelow Hs) Hs2). simpl in *. lia.
  Qed.

  (** With [kAllSegments] a slab has exactly the segments that its callers need: trims
      add none. *)
  Theorem S6_growth_exact_beside_trims tr peak χ :
    recheck cfg = AllSegments → pressure_exec tr peak χ →
    length (segments (shared χ)) = needed cfg peak.
  Proof.
    intros Hall Hexec. apply Nat.le_antisymm; [by eapply held_upper|].
    destruct (pressure_exec_refines _ _ _ Hexec) as (peak' & Hbelow & Hpeak).
    etrans; [|by eapply (growth_lower cfg Hcfg)].
    apply needed_mono; [apply (capacity_pos cfg Hcfg)|done].
  Qed.

  (** Nobody asks the backing for a segment because of a trim: who goes on to grow has
      seen callers hold every slot. *)
  Theorem S6_grows_only_when_callers_hold_all tr peak χ t n got observed χ' :
    pressure_exec tr peak χ → pressure_step χ (Does (Start t n got (Some observed))) χ' →
    held (shared χ') = cap * length (segments (shared χ')).
  Proof.
    intros Hexec Hstep. destruct (pressure_exec_refines _ _ _ Hexec) as (peak' & Hbelow & _).
    inversion Hstep as [? ? ? ? ? c σ' _ _ Hs Hnone| | | | | | | | | | | ]; subst; simpl.
    specialize (Hnone ltac:(done)).
    destruct (step_phase _ _ _ Hs) as (p & p' & Hp & Hp' & -> & _ & Hnot).
    pose proof (step_trimmers _ _ _ _ _ Hs Hp Hp') as Htrim.
    rewrite held_without_trims by (destruct p'; simpl in *; try done; lia).
    pose proof (exec_ok cfg Hcfg _ _ _ Hbelow) as [Hok _].
    inversion Hs as [sg ph t' n' got' sg' Ht Hn Htakes Hle Hfull q Heq Hq| | | | | | |].
    subst; simpl in *. unfold q, phase_after in *. rewrite <-Heq in Hok.
    destruct (n - length got) eqn:Hr; [done|].
    unfold live; simpl. rewrite (start_miss_live cfg Hcfg _ _ _ _ Hok Htakes); [lia|].
    apply Hfull. lia.
  Qed.

  (** ** What calls are, between two critical sections *)
  Definition call_fits (last : nat) (c : call) (p : phase) : Prop :=
    match stands c with
    | Settled => c = no_call ∧ ¬ is_growing p
    | Entering n seen => p = Idle ∧ 0 < n ≤ max_batch cfg ∧ seen ≤ last
    | InFlight number => is_growing p ∧ 0 < number ≤ last
    | Waiting seen => is_growing p ∧ seen ≤ last
    end.

  Record pressure_ok (χ : pressure_state) : Prop := {
    ok_length : length (calls χ) = length (phases (shared χ));
    ok_fits : ∀ t c p, calls χ !! t = Some c → phases (shared χ) !! t = Some p →
      call_fits (begun χ) c p;
    ok_numbers : ∀ t u number, in_flight χ t number → in_flight χ u number → t = u
  }.

  (** A step changes the call and the phase of its thread alone. *)
  Record shape (χ : pressure_state) (t : thread) (c : call) (χ' : pressure_state) (c' : call)
      (p' : phase) : Prop := {
    shape_call : calls χ !! t = Some c;
    shape_calls : calls χ' = <[t := c']> (calls χ);
    shape_phases : phases (shared χ') = <[t := p']> (phases (shared χ));
    shape_begun : begun χ ≤ begun χ';
    shape_fits : call_fits (begun χ') c' p';
    shape_number : ∀ number, stands c' = InFlight number →
      stands c = InFlight number ∨ begun χ < number
  }.

  Lemma fits_mono last last' c p : last ≤ last' → call_fits last c p → call_fits last' c p.
  Proof. unfold call_fits. destruct (stands c); naive_solver lia. Qed.

  Lemma waits_as_fits χ c s h b p :
    grows c → waits_as χ c s → call_fits (begun χ) c p → is_growing p →
    call_fits (begun χ) (Call s h b) p.
  Proof.
    unfold grows, waits_as, call_fits, last_seen. simpl. intros Hg [->|[-> _]] Hfits Hp;
      destruct (stands c); simpl in *; naive_solver lia.
  Qed.

  Lemma waits_as_number χ c s number :
    waits_as χ c s → s = InFlight number → stands c = InFlight number.
  Proof. intros [->|[-> _]]; naive_solver. Qed.

  Lemma observed_growing p observed : observed_length p = Some observed → is_growing p.
  Proof. by destruct p. Qed.

  Lemma settled_phase p : observed_length p = None → ¬ is_growing p.
  Proof. destruct p; simpl; naive_solver. Qed.

  Lemma last_seen_begun χ c p : call_fits (begun χ) c p → last_seen χ c ≤ begun χ.
  Proof. unfold call_fits, last_seen. destruct (stands c); naive_solver lia. Qed.

  Lemma step_shape χ e χ' :
    pressure_ok χ → pressure_step χ e χ' → ∃ c c' p', shape χ (by_thread e) c χ' c' p'.
  Proof.
    intros [_ Hfits _] Hstep.
    destruct Hstep as [χ t n got observed c σ' Hc Hasks Hs Hnone
      |χ t n c Hc Hasks Hn Hp Hfull Htrim
      |χ t n got c σ' Hc Hasks Hn Hs Hfull Htrim
      |χ t got c k σ' Hc Hk Hs
      |χ t got a fresh observed c k σ' Hc Hk Hs Hnone
      |χ t got c len rem obt σ' Hc Hg Hp Hs Hnone Hseen
      |χ t c s len rem obt Hc Hg Hw Hp Hfull Hwhy
      |χ t got c s len rem obt σ1 observed σ2 Hc Hg Hw Hp Hgot Htrim Hs Hs2
      |χ t blocks c σ' Hc Hmay Hs|χ t i c σ' Hc Hk Hs Hnone|χ t i c σ' Hc Hs|χ t u b c σ' Hc Hs];
      try (destruct (step_phase _ _ _ Hs) as (p & p' & Hp0 & Hp' & Hch); simpl in *;
        pose proof (Hfits _ _ _ Hc Hp0) as Hfit); simpl; exists c.
    - eexists _, p'. constructor; simpl; [done..| | |].
      + destruct observed; lia.
      + destruct Hch as (_ & Ho & _). destruct observed; simpl.
        * split; [by eapply observed_growing|lia].
        * split; [done|by apply settled_phase].
      + intros number. destruct observed; simpl; [|done]. intros [= <-]. right. lia.
    - eexists _, Idle. constructor; simpl; [done|done|by rewrite list_insert_id|done| |done].
      split_and!; [done|lia..|]. eapply last_seen_begun. by eapply Hfits.
    - eexists _, p'. constructor; simpl; [done..| |done]. destruct Hch as (_ & Ho & Hnot).
      unfold call_fits; simpl. split_and!; [by destruct p'; simpl in *|lia..|].
      by eapply last_seen_begun.
    - eexists _, p'. destruct Hch as [_ ->]. constructor; simpl; [done..| |done]. split; [done|tauto].
    - eexists _, p'. constructor; simpl; [done..| | |].
      + destruct observed; lia.
      + destruct Hch as (_ & Ho & _). destruct observed; simpl.
        * split; [by eapply observed_growing|lia].
        * split; [done|by apply settled_phase].
      + intros number. destruct observed; simpl; [|done]. intros [= <-]. right. lia.
    - eexists _, p'. destruct Hch as [_ ->]. constructor; simpl; [done..| |done]. split; [done|tauto].
    - pose proof (Hfits _ _ _ Hc Hp). eexists _, _.
      constructor; simpl; [done|done|by rewrite list_insert_id|done|by eapply waits_as_fits|].
      intros number Hs. left. by eapply waits_as_number.
    - destruct (step_phase _ _ _ Hs2) as (p2 & p3 & Hp2 & Hp3 & _ & Ho & _). simpl in *.
      eexists _, p3. constructor; simpl; [done|done| |done| |].
      + by rewrite Hp3, Hp', list_insert_insert.
      + apply observed_growing in Ho. unfold call_fits in *.
        pose proof (waits_as_fits χ c s (has c + obt + length got) true p Hg Hw Hfit ltac:(tauto)).
        unfold call_fits in *; simpl in *. destruct s; naive_solver.
      + intros number Heq. left. by eapply waits_as_number.
    - eexists _, p'. constructor; simpl; [done..|by subst p'|by left].
    - eexists _, p'. destruct Hch as [-> ->]. constructor; simpl; [done..| |by left].
      unfold call_fits in *. rewrite Hk in *. simpl. naive_solver.
    - eexists _, p'. destruct Hch as [-> ->]. constructor; simpl; [done..| |by left].
      unfold call_fits in *. destruct (stands c); simpl in *; naive_solver.
    - eexists _, p'. constructor; simpl; [done..|by subst p'|by left].
  Qed.

  Lemma shape_ok χ t c χ' c' p' :
    pressure_ok χ → shape χ t c χ' c' p' → pressure_ok χ'.
  Proof.
    intros [Hlen Hfits Hnumbers] [Hc Hcalls Hphases Hbegun Hfit Hnumber].
    assert (∀ u k, in_flight χ' u k → in_flight χ u k ∨ (u = t ∧ begun χ < k)) as Hold.
    { intros u k (cu & Hu & Hk). rewrite Hcalls in Hu.
      apply list_lookup_insert_Some in Hu as [(<- & <- & _)|[Hne Hu]].
      - destruct (Hnumber k Hk) as [|]; [left; by exists c|by right].
      - left. by exists cu. }
    assert (∀ u k, in_flight χ u k → k ≤ begun χ) as Hle.
    { intros u k (cu & Hu & Hk).
      destruct (lookup_lt_is_Some_2 (phases (shared χ)) u) as [pu Hpu].
      { rewrite <-Hlen. by eapply lookup_lt_Some. }
      pose proof (Hfits _ _ _ Hu Hpu) as Hf. unfold call_fits in Hf. rewrite Hk in Hf. lia. }
    constructor.
    - by rewrite Hcalls, Hphases, !insert_length.
    - intros u cu pu Hu Hpu. rewrite Hcalls in Hu. rewrite Hphases in Hpu.
      apply list_lookup_insert_Some in Hu as [(<- & <- & _)|[Hne Hu]].
      + rewrite list_lookup_insert in Hpu; [by simplify_eq|].
        rewrite <-Hlen. by eapply lookup_lt_Some.
      + rewrite list_lookup_insert_ne in Hpu by done.
        eapply fits_mono; [exact Hbegun|by eapply Hfits].
    - intros u v k [Hu|[-> Hu]]%Hold [Hv|[-> Hv]]%Hold; [by eapply Hnumbers| | |done].
      + apply Hle in Hu. lia.
      + apply Hle in Hv. lia.
  Qed.

  Lemma pressure_exec_ok tr peak χ : pressure_exec tr peak χ → pressure_ok χ.
  Proof.
    induction 1 as [|tr peak χ e χ' _ IH Hstep].
    - constructor; simpl.
      + by rewrite !replicate_length.
      + intros t c p [-> _]%lookup_replicate [-> _]%lookup_replicate. split; [done|tauto].
      + intros t u k (c & [-> _]%lookup_replicate & Hc). done.
    - destruct (step_shape _ _ _ IH Hstep) as (c & c' & p' & Hshape). by eapply shape_ok.
  Qed.
End pressure_slab.
